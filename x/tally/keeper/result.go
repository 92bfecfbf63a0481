package keeper

import (
	"fmt"
	"slices"

	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

// PrecheckResult checks a result against the state before the block. Anybody can
// send one, so what costs least is asked first, and what the shares open the sums
// to is computed once.
func (k *Keeper) PrecheckResult(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
	c := tx.Message.(*tally.Counts)
	m := c.Message
	def, err := k.counting(r, c.Election, m.Zone)
	if err != nil {
		return ledger.Demands{}, err
	}
	if _, exists := k.Result(r, c.Election, m.Zone); exists {
		return ledger.Demands{}, tally.CodeHasResult.Refuse("zone", "zone %d has its result", m.Zone)
	}
	counting := k.Trustees(r, c.Election, m.Zone)
	if !counting.Fixed {
		return ledger.Demands{}, tally.CodeNoShare.Refuse("trustees", "zone %d has %d shares, the key needs %d", m.Zone, len(counting.Trustees), def.Threshold)
	}
	if !slices.Equal(m.Trustees, counting.Trustees) {
		return ledger.Demands{}, tally.CodeTrustees.Refuse("trustees", "%v, the shares of %v count", m.Trustees, counting.Trustees)
	}
	units, _ := k.Units(r, c.Election, m.Zone)
	if len(m.Units) != len(units.Units) {
		return ledger.Demands{}, tally.CodeUnits.Refuse("units", "%d counts, zone %d has %d units", len(m.Units), m.Zone, len(units.Units))
	}
	for i, u := range units.Units {
		if err := tally.CheckBounds(def.Contests[u.Contest], u, m.Units[i].Counts); err != nil {
			return ledger.Demands{}, tally.CodeBounds.Refuse(fmt.Sprintf("units[%d]", i), "%v", err)
		}
	}
	opening := k.opening(r, c.Election, m.Zone, units, counting)
	return ledger.Demands{
		Claims: []string{fmt.Sprintf("result:%x/%d", c.Election, m.Zone)},
		Checks: []ledger.Check{{Fact: tally.NewResultFact(ctx.ChainID, m, opening), Params: opening.Hash, Code: tally.CodeResult, Field: "units"}},
	}, nil
}

// opening of a zone's sums by the shares that count. The hash in state names all
// that it follows from, so it is found without reading the shares again.
func (k *Keeper) opening(r ledger.Reader, id [32]byte, zone uint32, units *tallyv1.Units, counting *tallyv1.CountingTrustees) *tally.Opening {
	hash := [32]byte(counting.Opening)
	k.mu.Lock()
	defer k.mu.Unlock()
	if o, ok := k.openings[hash]; ok {
		return o
	}
	o := tally.NewOpening(hash, units, counting.Trustees, k.sharesOf(r, id, zone, counting.Trustees))
	if k.slots += o.Slots; k.slots > maxSlots {
		clear(k.openings)
		k.slots = o.Slots
	}
	k.openings[hash] = o
	return o
}

// sharesOf are the shares of trustees that have given theirs, in their order.
func (k *Keeper) sharesOf(r ledger.Reader, id [32]byte, zone uint32, trustees []uint32) []*tallyv1.DecryptionShare {
	out := make([]*tallyv1.DecryptionShare, len(trustees))
	for i, j := range trustees {
		share, ok := k.Share(r, id, zone, j)
		if !ok {
			panic(fmt.Sprintf("tally: trustee %d counts without a share", j))
		}
		out[i] = share
	}
	return out
}

// ExecuteResult stores the result.
func (k *Keeper) ExecuteResult(_ ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
	c := tx.Message.(*tally.Counts)
	if _, exists := k.Result(w, c.Election, c.Message.Zone); exists {
		return tally.CodeHasResult.Refuse("zone", "zone %d has its result", c.Message.Zone)
	}
	w.Set(tally.ResultKey(c.Election, c.Message.Zone), ledger.MustEncode(c.Message))
	w.Touch(c.Election)
	return nil
}
