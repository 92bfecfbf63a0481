package issue_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/slip"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
)

const chainID = sample.ChainID

var electionID = [32]byte{7}

// ring of issuer-0, made once: it sits in both panels.
var ring = sync.OnceValue(func() *keyring.Ring {
	slots := []keyring.Slot{{Election: electionID}, {Election: electionID, Panel: 1}}
	r, err := keyring.Make(context.Background(), slots, blindtoken.DefaultBits, 2, nil)
	if err != nil {
		panic(err)
	}
	return r
})

// shown is the ledger as a test wants it to be.
type shown struct {
	standing issue.Standing
	tokens   map[[32]byte]*issuancev1.IssueToken
	fault    error
}

func (s *shown) Definition(_ context.Context, id [32]byte) (*electionv1.Definition, error) {
	if id != electionID {
		return nil, issue.ErrUnknownElection
	}
	return sample.Definition(), nil
}

func (s *shown) Standing(context.Context, [32]byte, uint32, [32]byte) (issue.Standing, error) {
	return s.standing, s.fault
}

func (s *shown) Token(_ context.Context, hash [32]byte) (*issuancev1.IssueToken, error) {
	t, ok := s.tokens[hash]
	if !ok {
		return nil, issue.ErrNotOnRecord
	}
	return t, nil
}

type desk struct {
	t       *testing.T
	path    string
	key     auth.Key
	store   *register.Store
	ledger  *shown
	gateway *issue.Gateway
	request issue.EndorseRequest
}

func modulus(panel uint32) []byte {
	k, _ := ring().Key(keyring.Slot{Election: electionID, Panel: panel})
	return k.Public().Encode()
}

// eachDesk runs a test at a desk on every database.
func eachDesk(t *testing.T, run func(*testing.T, *desk)) {
	databasetest.Places(t, func(t *testing.T, where string) { run(t, newDesk(t, where)) })
}

func newDesk(t *testing.T, where string) *desk {
	t.Helper()
	d := &desk{t: t, path: where, ledger: &shown{tokens: map[[32]byte]*issuancev1.IssueToken{}}}
	d.ledger.standing = issue.Standing{Open: true, Moduli: [][]byte{modulus(0), {1}}, InRoll: true}
	var err error
	if d.key, err = auth.NewKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	d.open()
	code, err := slip.NewCode(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d.request = issue.EndorseRequest{
		Claim:        auth.Claim{Election: electionID, Entry: [32]byte{2}, Style: 1, Pass: [32]byte{3}, Code: code.Reveal()},
		ClaimKeyHash: [32]byte{4},
	}
	d.blind(&d.request)
	list := []register.Access{d.key.Access(electionID, d.request.Claim.Entry, 1, [16]byte{9}, d.request.Claim.Pass, code)}
	if _, err := d.store.Import(list); err != nil {
		t.Fatal(err)
	}
	return d
}

// blind draws new blinded messages for a request.
func (d *desk) blind(r *issue.EndorseRequest) {
	r.Blinded = make([]byte, 256)
	if _, err := rand.Read(r.Blinded[1:]); err != nil {
		d.t.Fatal(err)
	}
	r.BlindedHashes = [][32]byte{blindtoken.BlindedHash(r.Blinded), {5}}
}

func (d *desk) open() {
	d.t.Helper()
	store := register.New(databasetest.Open(d.t, d.path))
	d.store = store
	d.gateway = issue.New(issue.Config{
		ChainID: chainID, Operator: sample.Key("issuer-0"), Keys: ring(), Store: store,
		Auth: auth.NewCodes(d.key, store, time.Now), Ledger: d.ledger,
	})
}

func (d *desk) endorse(r issue.EndorseRequest) ([sign.SignatureSize]byte, error) {
	return d.gateway.Endorse(context.Background(), r)
}

// record is the issuance that the request's endorsement belongs to.
func record(r *issue.EndorseRequest, endorsement [64]byte) *issuancev1.IssueToken {
	t := &issuancev1.IssueToken{ElectionId: r.Claim.Election[:], Style: r.Claim.Style, Panel: r.Panel, Entry: r.Claim.Entry[:],
		ClaimKeyHash: r.ClaimKeyHash[:], Endorsements: [][]byte{endorsement[:], make([]byte, 64)}}
	for i := range r.BlindedHashes {
		t.BlindedHashes = append(t.BlindedHashes, r.BlindedHashes[i][:])
	}
	return t
}

func TestEndorsementIsOverTheWholeRecordAndTheSameAfterARestart(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		first, err := d.endorse(d.request)
		if err != nil {
			t.Fatal(err)
		}
		item := issuance.Endorsement(chainID, record(&d.request, first), sample.Public("issuer-0"), first[:])
		if err := sign.Verify(item); err != nil {
			t.Fatal(err)
		}
		if err := d.store.Database().Close(); err != nil {
			t.Fatal(err)
		}
		d.open()
		d.ledger.standing.Issued = true // the record is on the ledger by now
		again, err := d.endorse(d.request)
		if err != nil || again != first {
			t.Fatalf("the retry gives another answer (%v)", err)
		}
	})
}

func TestASecondRecordIsRefusedForEver(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		if _, err := d.endorse(d.request); err != nil {
			t.Fatal(err)
		}
		other := d.request
		d.blind(&other)
		claim := d.request
		claim.ClaimKeyHash = [32]byte{8}
		for range 2 {
			for _, r := range []issue.EndorseRequest{other, claim} {
				if _, err := d.endorse(r); !errors.Is(err, issue.ErrOtherRecord) {
					t.Fatalf("got %v", err)
				}
			}
			if err := d.store.Database().Close(); err != nil {
				t.Fatal(err)
			}
			d.open()
		}
		// Another panel is another record, as soon as the ledger opens it.
		other.Panel = 1
		other.BlindedHashes = [][32]byte{{5}, blindtoken.BlindedHash(other.Blinded)}
		d.ledger.standing.Panel, d.ledger.standing.Moduli = 1, [][]byte{{1}, modulus(1)}
		if _, err := d.endorse(other); err != nil {
			t.Fatal(err)
		}
	})
}

func TestEveryBadRequestIsRefusedWithItsClass(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*issue.EndorseRequest, *shown)
		want   error
	}{
		"code":             {func(r *issue.EndorseRequest, _ *shown) { r.Claim.Code = "0000-0000-0000-0000" }, auth.ErrCredential},
		"pass":             {func(r *issue.EndorseRequest, _ *shown) { r.Claim.Pass[0]++ }, auth.ErrCredential},
		"style":            {func(r *issue.EndorseRequest, _ *shown) { r.Claim.Style = 0 }, auth.ErrCredential},
		"entry":            {func(r *issue.EndorseRequest, _ *shown) { r.Claim.Entry[0]++ }, auth.ErrCredential},
		"panel unknown":    {func(r *issue.EndorseRequest, _ *shown) { r.Panel = 9 }, issue.ErrRequest},
		"panel not open":   {func(_ *issue.EndorseRequest, s *shown) { s.standing.Panel = 1 }, issue.ErrNotOpen},
		"zone not open":    {func(_ *issue.EndorseRequest, s *shown) { s.standing.Open = false }, issue.ErrNotOpen},
		"other key":        {func(_ *issue.EndorseRequest, s *shown) { s.standing.Moduli[0] = modulus(1) }, issue.ErrNotOpen},
		"not registered":   {func(_ *issue.EndorseRequest, s *shown) { s.standing.Moduli[0] = nil }, issue.ErrNotOpen},
		"not in the roll":  {func(_ *issue.EndorseRequest, s *shown) { s.standing.InRoll = false }, issue.ErrEntry},
		"removed":          {func(_ *issue.EndorseRequest, s *shown) { s.standing.Removed = true }, issue.ErrEntry},
		"issued otherwise": {func(_ *issue.EndorseRequest, s *shown) { s.standing.Issued = true }, issue.ErrEntry},
		"node down":        {func(_ *issue.EndorseRequest, s *shown) { s.fault = issue.ErrNode }, issue.ErrNode},
		"hash missing":     {func(r *issue.EndorseRequest, _ *shown) { r.BlindedHashes = r.BlindedHashes[:1] }, issue.ErrRequest},
		"hash swapped": {func(r *issue.EndorseRequest, _ *shown) {
			r.BlindedHashes[0], r.BlindedHashes[1] = r.BlindedHashes[1], r.BlindedHashes[0]
		}, issue.ErrRequest},
		"blinded short": {func(r *issue.EndorseRequest, _ *shown) { r.Blinded = r.Blinded[1:] }, issue.ErrRequest},
		"blinded zero": {func(r *issue.EndorseRequest, _ *shown) {
			r.Blinded = make([]byte, 256)
			r.BlindedHashes[0] = blindtoken.BlindedHash(r.Blinded)
		}, issue.ErrRequest},
		"blinded above the modulus": {func(r *issue.EndorseRequest, _ *shown) {
			r.Blinded = bytes.Repeat([]byte{255}, 256)
			r.BlindedHashes[0] = blindtoken.BlindedHash(r.Blinded)
		}, issue.ErrRequest},
	} {
		d := newDesk(t, databasetest.SQLite(t))
		r := d.request
		c.change(&r, d.ledger)
		if _, err := d.endorse(r); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if n, err := d.store.Records(context.Background(), electionID); n != 0 || err != nil {
			t.Errorf("%s: something was bound (%d, %v)", name, n, err)
		}
	}
}

func TestWrongCodesWaitWhateverElseIsRight(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		wrong := d.request
		wrong.Claim.Code = "0000-0000-0000-0000"
		for range auth.FreeTries {
			if _, err := d.endorse(wrong); !errors.Is(err, auth.ErrCredential) {
				t.Fatal(err)
			}
		}
		var wait *auth.WaitError
		if _, err := d.endorse(d.request); !errors.As(err, &wait) {
			t.Fatalf("right code during the wait: %v", err)
		}
	})
}

// onLedger puts the request's record on the ledger and returns what asks for
// its signature.
func (d *desk) onLedger(endorsement [64]byte) issue.SignRequest {
	hash := [32]byte{byte(len(d.ledger.tokens) + 1)}
	d.ledger.tokens[hash] = record(&d.request, endorsement)
	return issue.SignRequest{Election: electionID, Entry: d.request.Claim.Entry, Transaction: hash, Blinded: d.request.Blinded}
}

func TestSigningIsDeterministicAndOnlyOfWhatIsOnRecord(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		endorsement, err := d.endorse(d.request)
		if err != nil {
			t.Fatal(err)
		}
		early := issue.SignRequest{Election: electionID, Entry: d.request.Claim.Entry, Transaction: [32]byte{1}, Blinded: d.request.Blinded}
		if _, err := d.gateway.Sign(context.Background(), early); !errors.Is(err, issue.ErrNotOnRecord) {
			t.Fatalf("endorsed, but not on the ledger: %v", err)
		}
		r := d.onLedger(endorsement)
		first, err := d.gateway.Sign(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		key, _ := ring().Key(keyring.Slot{Election: electionID})
		if err := key.Public().CheckAnswer(d.request.Blinded, first); err != nil {
			t.Fatal(err)
		}
		d.open() // a replica
		again, err := d.gateway.Sign(context.Background(), r)
		if err != nil || !bytes.Equal(first, again) {
			t.Fatalf("a replica answers otherwise (%v)", err)
		}
		for name, change := range map[string]func(*issue.SignRequest){
			"other message":  func(r *issue.SignRequest) { r.Blinded = bytes.Repeat([]byte{1}, 256) },
			"other entry":    func(r *issue.SignRequest) { r.Entry[0]++ },
			"other election": func(r *issue.SignRequest) { r.Election[0]++ },
			"other record":   func(r *issue.SignRequest) { r.Transaction[0]++ },
		} {
			bad := r
			change(&bad)
			if _, err := d.gateway.Sign(context.Background(), bad); !errors.Is(err, issue.ErrNotOnRecord) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
}

// Even a forged ledger gets no signature of what this gateway did not endorse.
func TestARecordWithoutOwnEndorsementIsNotSigned(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		if _, err := d.gateway.Sign(context.Background(), d.onLedger([64]byte{1})); !errors.Is(err, issue.ErrNotOnRecord) {
			t.Fatalf("got %v", err)
		}
		endorsement, err := d.endorse(d.request)
		if err != nil {
			t.Fatal(err)
		}
		d.blind(&d.request) // the endorsement is of another record
		if _, err := d.gateway.Sign(context.Background(), d.onLedger(endorsement)); !errors.Is(err, issue.ErrNotOnRecord) {
			t.Fatalf("got %v", err)
		}
	})
}
