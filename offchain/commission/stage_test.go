package commission_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/commission"
	"github.com/urna-vote/urna/proto/api"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
	"github.com/urna-vote/urna/x/roll"
)

// named are the entries of a style with numbers from..to.
func named(style uint32, from, to int) [][32]byte {
	var out [][32]byte
	for i := from; i < to; i++ {
		out = append(out, [32]byte(sample.Entry(fmt.Sprintf("%d/%d", style, i))))
	}
	return out
}

// inForce reads the roll of a town.
func inForce(t *testing.T, town *sample.Town) [][][32]byte {
	t.Helper()
	out := make([][][32]byte, len(town.Def.Styles))
	for style := range uint32(len(out)) {
		for _, e := range town.Roll.Entries(town.State, town.ID, style, 0, 100_000) {
			out[style] = append(out[style], [32]byte(e))
		}
	}
	return out
}

// carryOut stages and approves a plan.
func carryOut(t *testing.T, town *sample.Town, p *commission.Plan) {
	t.Helper()
	for _, parts := range p.Stages {
		for _, m := range parts {
			if err := town.Deliver(ledgertest.Message(uint32(txv1.Kind_KIND_STAGE_ROLL), sample.Public("chair"), m)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := town.Decide(commissionv1.Action_ACTION_APPROVE_ROLL, p.Act); err != nil {
		t.Fatal(err)
	}
}

func TestARollIsMadeAndGrowsByWhatItLacks(t *testing.T) {
	town := sample.NewTown()
	town.Create(sample.Definition())
	author := sample.Public("chair")
	// More entries than one message holds.
	first, err := commission.PlanRoll(town.ID, author, make([][][32]byte, 2), commission.RollList{0: named(0, 0, 5000), 1: named(1, 0, 3)})
	if err != nil || first.Skipped != 0 || len(first.Stages[0]) < 2 {
		t.Fatalf("%+v, %v", first, err)
	}
	carryOut(t, town, first)
	// The whole list once more, with some in the middle that are new; a style
	// may get none.
	list := slices.Concat(named(0, 4000, 5000), named(0, 5000, 5002), named(0, 0, 4000), named(0, 5002, 7500))
	second, err := commission.PlanRoll(town.ID, author, inForce(t, town), commission.RollList{0: list})
	if err != nil || second.Skipped != 5000 || second.Stages[0][0].From != 5000 || len(second.Stages[1]) != 0 {
		t.Fatalf("%+v, %v", second, err)
	}
	carryOut(t, town, second)
	got := inForce(t, town)
	if !slices.Equal(got[0], named(0, 0, 7500)) || !slices.Equal(got[1], named(1, 0, 3)) {
		t.Fatalf("the roll has %d and %d entries", len(got[0]), len(got[1]))
	}
	if _, err := commission.PlanRoll(town.ID, author, got, commission.RollList{0: named(0, 0, 10)}); !errors.Is(err, commission.ErrNothingNew) {
		t.Fatalf("nothing new is staged: %v", err)
	}
	if _, err := commission.PlanRoll(town.ID, author, got, commission.RollList{1: named(0, 0, 1)}); err == nil {
		t.Fatal("an entry comes into two styles")
	}
}

// lister gives entries by pages of its own size, and may lie.
type lister struct {
	entries [][32]byte
	page    int
	lie     func(*api.Roll)
}

func (l lister) Roll(_ context.Context, _ [32]byte, style uint32, from uint64, limit int) (*api.Roll, error) {
	out := &api.Roll{Style: style, From: from, Size: uint64(len(l.entries))}
	for _, e := range l.entries[from:min(int(from)+min(limit, l.page), len(l.entries))] {
		out.Entries = append(out.Entries, e[:])
	}
	if l.lie != nil {
		l.lie(out)
	}
	return out, nil
}

func TestEntriesOfAnotherRollAreRefused(t *testing.T) {
	entries := named(0, 0, 10)
	var all []byte
	for _, e := range entries[:8] {
		all = append(all, e[:]...)
	}
	root := roll.Root(all)
	tree := &rollv1.StyleRoll{Size_: 8, Root: root[:]}
	// The roll has grown since its tree was proven.
	got, err := commission.FetchEntries(t.Context(), lister{entries: entries, page: 3}, [32]byte{}, tree)
	if err != nil || !slices.Equal(got, entries[:8]) {
		t.Fatal(got, err)
	}
	for name, lie := range map[string]func(*api.Roll){
		"another entry": func(r *api.Roll) { r.Entries[0] = make(api.Hex, 32) },
		"short entry":   func(r *api.Roll) { r.Entries[0] = make(api.Hex, 31) },
		"no entries":    func(r *api.Roll) { r.Entries = nil },
		"other order":   func(r *api.Roll) { slices.Reverse(r.Entries) },
	} {
		if _, err := commission.FetchEntries(t.Context(), lister{entries, 3, lie}, [32]byte{}, tree); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
