package threshold_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"testing"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/threshold"
)

var update = flag.Bool("update", false, "write the vectors again (boxes are random)")

const vectorFile = "testdata/vectors.json"

// vectors are one ceremony: trustee j has the seed j, 0, 0, … and the Ed25519 key
// j, 0, 0, …; all trustees deal and qualify.
type vectors struct {
	ChainID      string         `json:"chain_id"`
	Election     string         `json:"election"`
	Zone         uint32         `json:"zone"`
	Attempt      uint32         `json:"attempt"`
	N            int            `json:"n"`
	T            int            `json:"t"`
	Slots        int            `json:"slots"`
	ListHash     string         `json:"trustee_list_hash"`
	HPKEKeys     []string       `json:"hpke_keys"`
	Deals        []vectorDeal   `json:"deals"`
	Key          string         `json:"slot_keys"`
	Verification []string       `json:"verification_keys"`
	KeyShares    []string       `json:"key_shares"`
	DrillR       string         `json:"drill_r"`
	DrillC       string         `json:"drill_c"`
	Partials     []string       `json:"drill_partials"`
	Lagrange     []string       `json:"lagrange_1_3"`
	MustFail     []mustFailDeal `json:"must_fail_deals"`
}

type vectorDeal struct {
	Commitments string   `json:"commitments"`
	Proofs      string   `json:"proofs"`
	Sealed      []string `json:"sealed"`
	Hash        string   `json:"hash"`
	Shares      []string `json:"shares"`
}

// mustFailDeal is the first deal with bytes written over, checked as the given
// dealer's.
type mustFailDeal struct {
	Name   string `json:"name"`
	Dealer int    `json:"dealer"`
	Part   string `json:"part"` // commitments, proofs, or empty
	Offset int    `json:"offset"`
	Bytes  string `json:"bytes"`
	Class  string `json:"class"`
}

var classes = map[string]error{
	"identity":      group.ErrIdentity,
	"not canonical": group.ErrNotCanonical,
	"duplicate":     threshold.ErrDuplicate,
	"possession":    threshold.ErrPossession,
}

func vectorParams() threshold.Params {
	return threshold.Params{ChainID: "vote-0123456789abcdef", Election: [32]byte{0xe1, 0xec}, Zone: 3, Attempt: 2, N: 3, T: 2, Slots: 2}
}

func ceremonyVectors(t *testing.T, c *ceremony) vectors {
	t.Helper()
	p := c.params
	v := vectors{ChainID: p.ChainID, Election: hex.EncodeToString(p.Election[:]), Zone: p.Zone, Attempt: p.Attempt,
		N: p.N, T: p.T, Slots: p.Slots, ListHash: hex.EncodeToString(p.TrusteeListHash[:])}
	for d := 1; d <= p.N; d++ {
		v.HPKEKeys = append(v.HPKEKeys, hex.EncodeToString(c.public[d-1].Encode()))
		hash := threshold.CommitHash(p, d, c.deals[d-1])
		deal := vectorDeal{Commitments: hex.EncodeToString(c.deals[d-1].Commitments), Proofs: hex.EncodeToString(c.deals[d-1].Proofs), Hash: hex.EncodeToString(hash[:])}
		for j := 1; j <= p.N; j++ {
			shares, err := c.dealings[d-1].Publish(j)
			if err != nil {
				t.Fatal(err)
			}
			deal.Shares = append(deal.Shares, hex.EncodeToString(shares))
			deal.Sealed = append(deal.Sealed, hex.EncodeToString(c.deals[d-1].Sealed[j-1]))
		}
		v.Deals = append(v.Deals, deal)
	}
	key := c.combine()
	v.Key = hex.EncodeToString(key.EncodeSlots())
	r, sealed := threshold.Drill(p.ChainID, p.Election, p.Zone, key.Slots)
	v.DrillR, v.DrillC = r.String(), join(sealed)
	for j := 1; j <= p.N; j++ {
		share := c.share(j, key)
		v.Verification = append(v.Verification, hex.EncodeToString(key.EncodeVerification(j)))
		v.KeyShares = append(v.KeyShares, hex.EncodeToString(share.Reveal()))
		partial, err := share.Decrypt(r, upTo(p.Slots))
		if err != nil {
			t.Fatal(err)
		}
		v.Partials = append(v.Partials, join(partial.Points))
	}
	lambda, err := threshold.Lagrange([]int{1, 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lambda {
		e := l.Encode()
		v.Lagrange = append(v.Lagrange, hex.EncodeToString(e[:]))
	}
	return v
}

func join(ps []group.Point) (s string) {
	for _, p := range ps {
		s += p.String()
	}
	return s
}

func mustFail(first vectorDeal) []mustFailDeal {
	ff := hex.EncodeToString(bytes.Repeat([]byte{0xff}, 32))
	zero := hex.EncodeToString(make([]byte, 32))
	return []mustFailDeal{
		{"as the deal of trustee 2", 2, "", 0, "", "possession"},
		{"slot key is the identity", 1, "commitments", 64, zero, "identity"},
		{"slot key not canonical", 1, "commitments", 0, ff, "not canonical"},
		{"higher coefficient not canonical", 1, "commitments", 96, ff, "not canonical"},
		{"higher coefficient is the identity, proofs of another polynomial", 1, "commitments", 96, zero, "possession"},
		{"both slots have one key", 1, "commitments", 64, first.Commitments[:64], "duplicate"},
		{"T not canonical", 1, "proofs", 64, ff, "not canonical"},
		{"s not canonical", 1, "proofs", 32, ff, "not canonical"},
		{"T is the identity", 1, "proofs", 0, zero, "possession"},
		{"s is zero", 1, "proofs", 96, zero, "possession"},
		{"the proof of slot 1 for slot 2", 1, "proofs", 64, first.Proofs[:128], "possession"},
	}
}

func TestPublishedVectors(t *testing.T) {
	c := deal(t, vectorParams())
	if *update {
		v := ceremonyVectors(t, c)
		v.MustFail = mustFail(v.Deals[0])
		raw, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(vectorFile, append(raw, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := readVectors(t)
	// Boxes are random: the stored ones must open, not come out again.
	for d := range c.deals {
		for j := range c.deals[d].Sealed {
			c.deals[d].Sealed[j] = unhex(t, want.Deals[d].Sealed[j])
		}
	}
	got := ceremonyVectors(t, c)
	got.MustFail = want.MustFail
	a, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Fatalf("the ceremony comes out differently:\n%s\nwant\n%s", a, b)
	}
}

func TestPublishedMustFailVectors(t *testing.T) {
	v := readVectors(t)
	if len(v.MustFail) < 10 {
		t.Fatal("vectors are missing")
	}
	p := vectorParams()
	p.TrusteeListHash = [32]byte(unhex(t, v.ListHash))
	for _, m := range v.MustFail {
		d := &threshold.Deal{Commitments: unhex(t, v.Deals[0].Commitments), Proofs: unhex(t, v.Deals[0].Proofs)}
		for _, box := range v.Deals[0].Sealed {
			d.Sealed = append(d.Sealed, unhex(t, box))
		}
		switch m.Part {
		case "commitments":
			copy(d.Commitments[m.Offset:], unhex(t, m.Bytes))
		case "proofs":
			copy(d.Proofs[m.Offset:], unhex(t, m.Bytes))
		}
		want, ok := classes[m.Class]
		if err := threshold.VerifyDeal(p, m.Dealer, d); !ok || !errors.Is(err, want) {
			t.Errorf("%s: %v, want %s", m.Name, err, m.Class)
		}
	}
}

func readVectors(t testing.TB) (v vectors) {
	t.Helper()
	raw, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
