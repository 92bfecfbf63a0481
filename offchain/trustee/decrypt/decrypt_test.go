package decrypt_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/audit/verify"
	"github.com/urna-vote/urna/offchain/trustee/count"
	"github.com/urna-vote/urna/offchain/trustee/decrypt"
	"github.com/urna-vote/urna/offchain/trustee/keystore"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

var genesis = sha256.Sum256([]byte("the genesis file that is trusted"))

// closed is a city whose zone 0 is being counted: seven ballots in two groups.
var closed = sync.OnceValue(func() *sample.City {
	def := sample.Definition()
	def.MinJoined = 3
	c := sample.OpenVoting(def, 10)
	for style, n := range []int{4, 3} {
		c.Issue(uint32(style), 0, n)
	}
	c.Until(sample.VotingOpens)
	for i := range 7 {
		style, choice := uint32(i/4), i%3
		v := c.NewVoter(fmt.Sprintf("voter %d", i), style)
		if err := c.Deliver(v.Cast(1, sample.Marks(choice, uint32(i%3), 1))); err != nil {
			panic(err)
		}
	}
	c.Until(sample.Closes)
	c.Block(1000)
	if c.Phase(0) != electionv1.Phase_PHASE_COUNTING {
		panic(fmt.Sprintf("phase %v", c.Phase(0)))
	}
	return c
})

// medium is a trustee's, with its share of the city's key.
func medium(t *testing.T, c *sample.City, trustee int) *keystore.Home {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "medium")
	if _, err := keystore.Init(dir, rand.Reader); err != nil {
		t.Fatal(err)
	}
	name := c.Trustees[trustee].Name
	seed := sha256.Sum256([]byte("sample key of " + name))
	text, err := json.Marshal(map[string]string{"type": "urna/ed25519", "public": hex.EncodeToString(sample.Public(name)), "seed": hex.EncodeToString(seed[:])})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "signing-key.json"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	h, err := keystore.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := ballot.KeyVectorHash(sample.ChainID, c.ID, c.Key())
	if err != nil {
		t.Fatal(err)
	}
	s := keystore.NewShare(c.Trustees[trustee].Share)
	s.ChainID, s.Election, s.Attempt, s.KeyHash = sample.ChainID, c.ID, 1, hash
	if err := h.SaveShare(s); err != nil {
		t.Fatal(err)
	}
	return h
}

func units(t *testing.T, c *sample.City) *tallyv1.Units {
	t.Helper()
	u, waiting := c.Tally.Units(c.State, c.ID, 0)
	if u == nil || waiting {
		t.Fatal("no units")
	}
	return u
}

// report is what a verifier says of the city's record.
func report(t *testing.T, c *sample.City) *verify.Report {
	t.Helper()
	r := &verify.Report{ChainID: sample.ChainID, Genesis: genesis[:], First: 1, Last: c.Context.Height}
	for _, name := range []string{"headers", "commits", "ballot log", "proven objects"} {
		r.Checks = append(r.Checks, verify.Check{Name: name, Made: 7})
	}
	r.Elections = []verify.Election{{ID: c.ID[:], Definition: c.Def, Zones: []verify.Zone{{
		State: c.Zone(0), Ceremony: c.Ceremonial(), Key: c.Key(), Units: units(t, c),
	}}}}
	return r
}

func request(t *testing.T, c *sample.City, h *keystore.Home) decrypt.Request {
	t.Helper()
	return decrypt.Request{Home: h, ChainID: sample.ChainID, Genesis: genesis, Election: c.ID, Report: report(t, c), Random: rand.Reader}
}

func noFile(t *testing.T, h *keystore.Home, pattern string) {
	t.Helper()
	if found, _ := filepath.Glob(filepath.Join(h.Dir(), pattern)); len(found) != 0 {
		t.Errorf("the medium has %v", found)
	}
}

func TestTwoTrusteesDecryptAndAnyoneCounts(t *testing.T) {
	c := closed()
	shares := map[uint32]*tallyv1.DecryptionShare{}
	for i := range 2 {
		plan, err := decrypt.Examine(request(t, c, medium(t, c, i)))
		if err != nil {
			t.Fatal(err)
		}
		if err := plan.Compare(c.Object(c.ID, "units/0")); err != nil {
			t.Error(err)
		}
		done := int64(0)
		raw, err := plan.Transaction(func(n, total int64) { done = n })
		if err != nil {
			t.Fatal(err)
		}
		if done != int64(len(plan.Units.Units)) {
			t.Errorf("progress ended at %d", done)
		}
		tx, err := envelope.Decode(raw, sample.ChainID)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(ledgertest.Tx{Kind: tx.Kind, Signer: tx.Signer, Body: tx.Body, Raw: raw}); err != nil {
			t.Fatalf("the ledger refuses the share: %v", err)
		}
		share, err := ledger.DecodeStrict[tallyv1.DecryptionShare](tx.Body, len(tx.Body))
		if err != nil {
			t.Fatal(err)
		}
		shares[plan.Trustee] = share
	}
	zone := count.Zone{ChainID: sample.ChainID, Election: c.ID, Definition: c.Def, Key: c.Key(), Units: units(t, c), Shares: shares,
		Trustees: &tallyv1.CountingTrustees{Trustees: slices.Sorted(maps.Keys(shares)), Fixed: true}}
	result, err := zone.Result()
	if err != nil {
		t.Fatal(err)
	}
	// Voters 0..3 are in the north, 4..6 in the south; choices i mod 3, points
	// (i mod 3, 1).
	want := [][]uint64{{2, 1, 1}, {1, 1, 1}, {3, 4}, {3, 3}}
	for u, counts := range result.Units {
		if fmt.Sprint(counts.Counts) != fmt.Sprint(want[u]) {
			t.Errorf("unit %d: %v, want %v", u, counts.Counts, want[u])
		}
	}
	if len(result.Units) != len(want) {
		t.Errorf("%d units", len(result.Units))
	}
}

func TestTheSameIsGivenAgainByteForByte(t *testing.T) {
	c := closed()
	h := medium(t, c, 0)
	var first []byte
	for range 2 {
		plan, err := decrypt.Examine(request(t, c, h))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := plan.Transaction(nil)
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(first, raw) {
			t.Error("asked again it gave another share")
		}
		first = raw
	}
}

func TestOtherSumsAreNotDecryptedAfterTheFirst(t *testing.T) {
	c := closed()
	h := medium(t, c, 0)
	plan, err := decrypt.Examine(request(t, c, h))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Transaction(nil); err != nil {
		t.Fatal(err)
	}
	q := request(t, c, h)
	u := q.Report.Elections[0].Zones[0].Units.Units
	u[0].R, u[1].R = u[1].R, u[0].R
	if _, err := decrypt.Examine(q); !errors.Is(err, decrypt.ErrOther) {
		t.Errorf("swapped sums: %v", err)
	}
	q = request(t, c, h)
	q.Report.Elections[0].Zones[0].Units.Units[0].Ballots--
	if _, err := decrypt.Examine(q); !errors.Is(err, decrypt.ErrOther) {
		t.Errorf("fewer ballots: %v", err)
	}
	// Also when the memory was written by another run in between.
	late := medium(t, c, 1)
	plan, err = decrypt.Examine(request(t, c, late))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := late.KeepFirst(fmt.Sprintf("decrypted-%x-0.json", c.ID[:4]), []byte("something else")); err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Transaction(nil); !errors.Is(err, decrypt.ErrOther) {
		t.Errorf("memory of other sums: %v", err)
	}
	noFile(t, late, "decryption-share-*")
}

func TestACrashAfterRememberingResumes(t *testing.T) {
	c := closed()
	h := medium(t, c, 0)
	q := request(t, c, h)
	q.Random = bytes.NewReader(nil) // fails at the first proof
	plan, err := decrypt.Examine(q)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Transaction(nil); err == nil {
		t.Fatal("decrypted without randomness")
	}
	noFile(t, h, "decryption-share-*")
	if plan, err = decrypt.Examine(request(t, c, h)); err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Transaction(nil); err != nil {
		t.Error(err)
	}
}

func TestADamagedShareOnTheMediumIsNotSent(t *testing.T) {
	c := closed()
	h := medium(t, c, 0)
	plan, err := decrypt.Examine(request(t, c, h))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := plan.Transaction(nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(h.Dir(), fmt.Sprintf("decryption-share-%x-0.bin", c.ID[:4]))
	other, err := envelope.Encode(sample.ChainID, uint32(txv1.Kind_KIND_DECRYPTION_SHARE),
		ledger.MustEncode(&tallyv1.DecryptionShare{ElectionId: c.ID[:]}), h.Key())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"truncated": raw[:len(raw)-1], "flipped": append(raw[:len(raw)-1:len(raw)-1], raw[len(raw)-1]^1), "other": other} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := plan.Transaction(nil); err == nil {
			t.Errorf("%s: sent", name)
		}
	}
}

func TestARecordThatDoesNotVerifyIsNotDecrypted(t *testing.T) {
	c := closed()
	h := medium(t, c, 0)
	for name, spoil := range map[string]func(*verify.Report){
		"forged sums": func(r *verify.Report) {
			r.Findings = []verify.Finding{{Code: "record/object", Height: 9, Tx: -1, What: "units/0", Why: "not what the ballots make"}}
		},
		"more findings":  func(r *verify.Report) { r.More = 1 },
		"no commits":     func(r *verify.Report) { r.Checks[1].Made = 0 },
		"nothing at all": func(r *verify.Report) { r.Checks = nil },
	} {
		q := request(t, c, h)
		spoil(q.Report)
		if _, err := decrypt.Examine(q); !errors.Is(err, decrypt.ErrRecord) {
			t.Errorf("%s: %v", name, err)
		}
	}
	noFile(t, h, "decrypted-*")
}

func TestAForeignRecordIsNotDecrypted(t *testing.T) {
	c := closed()
	h := medium(t, c, 0)
	other := sample.Definition()
	other.Nonce[0] = 1
	for name, spoil := range map[string]func(*decrypt.Request){
		"chain":            func(q *decrypt.Request) { q.Report.ChainID = "another-0011223344556677" },
		"genesis":          func(q *decrypt.Request) { q.Report.Genesis = make([]byte, 32) },
		"no such election": func(q *decrypt.Request) { q.Election[0] ^= 1 },
		"no such zone":     func(q *decrypt.Request) { q.Zone = 1 },
		"definition":       func(q *decrypt.Request) { q.Report.Elections[0].Definition = other },
	} {
		q := request(t, c, h)
		spoil(&q)
		if _, err := decrypt.Examine(q); !errors.Is(err, decrypt.ErrForeign) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingIsDecryptedBeforeTheZoneIsCounted(t *testing.T) {
	c := closed()
	h := medium(t, c, 0)
	for name, spoil := range map[string]func(*verify.Zone){
		"voting":    func(z *verify.Zone) { z.State.Phase, z.Units = electionv1.Phase_PHASE_VOTING, nil },
		"with sums": func(z *verify.Zone) { z.State.Phase = electionv1.Phase_PHASE_VOTING },
		"closed":    func(z *verify.Zone) { z.State.Phase, z.Units = electionv1.Phase_PHASE_CLOSED, nil },
		"consent":   func(z *verify.Zone) { z.State.Phase, z.Units.WaitingConsent = electionv1.Phase_PHASE_CLOSED, true },
		"suspended": func(z *verify.Zone) { z.State.Suspended = true },
		"not ended": func(z *verify.Zone) { z.State.ClosedMs = 0 },
		"final":     func(z *verify.Zone) { z.State.Phase = electionv1.Phase_PHASE_FINAL },
	} {
		q := request(t, c, h)
		spoil(&q.Report.Elections[0].Zones[0])
		if _, err := decrypt.Examine(q); !errors.Is(err, decrypt.ErrEarly) {
			t.Errorf("%s: %v", name, err)
		}
	}
	noFile(t, h, "decrypted-*")
}

func TestAShareOfAnotherKeyIsNotUsed(t *testing.T) {
	c := closed()
	q := request(t, c, medium(t, c, 0))
	q.Report.Elections[0].Zones[0].Key = ledger.MustDecode[ceremonyv1.ElectionKey](ledger.MustEncode(c.Key()))
	key := q.Report.Elections[0].Zones[0].Key
	key.Slots = append(bytes.Clone(key.Slots[32:64]), append(bytes.Clone(key.Slots[:32]), key.Slots[64:]...)...)
	if _, err := decrypt.Examine(q); !errors.Is(err, decrypt.ErrKey) {
		t.Errorf("other key: %v", err)
	}
	q = request(t, c, medium(t, c, 0))
	key = ledger.MustDecode[ceremonyv1.ElectionKey](ledger.MustEncode(c.Key()))
	for i := range key.Verification {
		key.Verification[i] = []byte{}
	}
	q.Report.Elections[0].Zones[0].Key = key
	if _, err := decrypt.Examine(q); !errors.Is(err, decrypt.ErrKey) {
		t.Errorf("out of the ceremony: %v", err)
	}
	empty, err := keystore.Init(filepath.Join(t.TempDir(), "empty"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decrypt.Examine(request(t, c, empty)); !errors.Is(err, decrypt.ErrKey) {
		t.Errorf("medium without a share: %v", err)
	}
}

func TestSumsThatTheLedgerShowsAndTheBallotsDoNotMakeAreFound(t *testing.T) {
	c := closed()
	plan, err := decrypt.Examine(request(t, c, medium(t, c, 0)))
	if err != nil {
		t.Fatal(err)
	}
	forged := units(t, c)
	forged.Units[0].C, forged.Units[0].R = forged.Units[1].C, forged.Units[1].R
	if err := plan.Compare(ledger.MustEncode(forged)); !errors.Is(err, decrypt.ErrSums) {
		t.Errorf("forged sums: %v", err)
	}
	if err := plan.Compare(nil); !errors.Is(err, decrypt.ErrSums) {
		t.Errorf("no sums: %v", err)
	}
}
