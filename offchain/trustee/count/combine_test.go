package count_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/trustee/count"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

// closed is a city that is counted: three ballots in the north, none of the
// south; a third contest, of the south alone, has none.
var closed = sync.OnceValue(func() *sample.City {
	def := sample.Definition()
	def.MinJoined = 3
	def.Contests = append(def.Contests, &electionv1.Contest{
		Title: sample.Text("Bridge"), Kind: electionv1.ContestKind_CONTEST_KIND_CHOICE, Max: 1, FirstSlot: 6,
		Options: []*electionv1.Option{{Title: sample.Text("Yes")}, {Title: sample.Text("No")}},
	})
	def.Classes = append(def.Classes, &electionv1.TokenClass{Name: "south"})
	def.Styles[1].TokenClass, def.Styles[1].Contests = 1, []uint32{2}
	c := sample.NewCity()
	c.Create(def)
	c.Enrol(5)
	for class := range uint32(2) {
		for member := range 2 {
			if err := c.Deliver(c.RegisterTx(class, 0, member)); err != nil {
				panic(err)
			}
		}
	}
	c.Until(sample.CeremonyOpens)
	c.NewAttempt(1)
	c.HoldCeremony()
	c.Until(sample.IssuingOpens)
	c.Issue(0, 0, 3)
	c.Until(sample.VotingOpens)
	for i := range 3 {
		v := c.NewVoter(fmt.Sprintf("voter %d", i), 0)
		if err := c.Deliver(v.Cast(1, sample.Marks(min(i, 1), 3, uint32(i)))); err != nil {
			panic(err)
		}
	}
	c.Until(sample.Closes)
	c.Block(1000)
	return c
})

func zone(t *testing.T, c *sample.City, trustees ...int) *count.Zone {
	t.Helper()
	units, _ := c.Tally.Units(c.State, c.ID, 0)
	out := &count.Zone{ChainID: sample.ChainID, Election: c.ID, Definition: c.Def, Key: c.Key(), Units: units,
		Shares: map[uint32]*tallyv1.DecryptionShare{}}
	for _, i := range trustees {
		tx := c.Trustees[i].DecryptionShare(c.Key(), units)
		j := c.Trustees[i].Index(c.Ceremonial())
		out.Shares[j] = ledger.MustDecode[tallyv1.DecryptionShare](tx.Body)
	}
	if t := int(c.Def.Threshold); len(out.Shares) >= t {
		out.Trustees = &tallyv1.CountingTrustees{Trustees: slices.Sorted(maps.Keys(out.Shares))[:t], Fixed: true}
	}
	return out
}

func TestAnyTwoOfThreeSharesGiveTheCountsTheLedgerAccepts(t *testing.T) {
	c := closed()
	want := "[[1 2 0] [9 3] [0 0]]"
	for _, pair := range [][]int{{0, 1}, {0, 2}, {1, 2}, {0, 1, 2}} {
		n := zone(t, c, pair...)
		result, err := n.Result()
		if err != nil {
			t.Fatalf("%v: %v", pair, err)
		}
		var got [][]uint64
		for _, u := range result.Units {
			got = append(got, u.Counts)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%v: %v, want %s", pair, got, want)
		}
		if len(result.Trustees) != 2 || !slices.IsSorted(result.Trustees) {
			t.Errorf("%v: trustees %v", pair, result.Trustees)
		}
	}
}

func TestTheLedgerTakesTheResult(t *testing.T) {
	c := closed()
	n := zone(t, c, 0, 1)
	for _, i := range []int{0, 1} {
		if err := c.Deliver(c.Trustees[i].DecryptionShare(c.Key(), n.Units)); err != nil {
			t.Fatal(err)
		}
	}
	result, err := n.Result()
	if err != nil {
		t.Fatal(err)
	}
	// Proofs differ from those on the ledger, counts do not.
	if err := c.Deliver(ledgertest.Message(uint32(txv1.Kind_KIND_RESULT), nil, result)); err != nil {
		t.Fatal(err)
	}
}

func TestAShareThatDoesNotCountIsNotLookedAt(t *testing.T) {
	spoilt := zone(t, closed(), 0, 1, 2)
	spoilt.Shares[3].Partials[0].Points[3] ^= 1
	if result, err := spoilt.Result(); err != nil || slices.Contains(result.Trustees, 3) {
		t.Errorf("the third share of two that count: %v", err)
	}
}

func TestAWrongOrMissingShareIsNamed(t *testing.T) {
	c := closed()
	hidden := zone(t, c, 0, 1, 2)
	delete(hidden.Shares, 2)
	if _, err := hidden.Result(); !errors.Is(err, count.ErrTooFew) || !strings.Contains(err.Error(), "trustee 2") {
		t.Errorf("a node that keeps a share back: %v", err)
	}
	for name, spoil := range map[string]func(*tallyv1.DecryptionShare){
		"point":   func(s *tallyv1.DecryptionShare) { s.Partials[1].Points[5] ^= 4 },
		"proof":   func(s *tallyv1.DecryptionShare) { s.Partials[1].Proof[70] ^= 1 },
		"swapped": func(s *tallyv1.DecryptionShare) { s.Partials[0], s.Partials[1] = s.Partials[1], s.Partials[0] },
		"missing": func(s *tallyv1.DecryptionShare) { s.Partials = s.Partials[1:] },
		"empty":   func(s *tallyv1.DecryptionShare) { s.Partials[0] = &tallyv1.PartialDecryption{} },
	} {
		n := zone(t, c, 0, 1)
		low := min(c.Trustees[0].Index(c.Ceremonial()), c.Trustees[1].Index(c.Ceremonial()))
		spoil(n.Shares[low])
		if _, err := n.Result(); !errors.Is(err, count.ErrTooFew) || !strings.Contains(err.Error(), fmt.Sprintf("trustee %d", low)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOneShareIsTooFew(t *testing.T) {
	c := closed()
	for _, n := range []*count.Zone{zone(t, c), zone(t, c, 2)} {
		if _, err := n.Result(); !errors.Is(err, count.ErrTooFew) {
			t.Errorf("%d shares: %v", len(n.Shares), err)
		}
	}
}

func TestSharesUnderAnotherChainAreRefused(t *testing.T) {
	n := zone(t, closed(), 0, 1)
	n.ChainID = "another-0011223344556677"
	if _, err := n.Result(); !errors.Is(err, count.ErrTooFew) {
		t.Error(err)
	}
}
