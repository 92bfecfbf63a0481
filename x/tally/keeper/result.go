package keeper

import (
	"fmt"

	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

// PrecheckResult checks a result against the state before the block.
func (k *Keeper) PrecheckResult(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
	c := tx.Message.(*tally.Counts)
	m := c.Message
	def, units, err := k.counting(r, c.Election, m.Zone)
	if err != nil {
		return ledger.Demands{}, err
	}
	if _, exists := k.Result(r, c.Election, m.Zone); exists {
		return ledger.Demands{}, tally.CodeHasResult.Refuse("zone", "zone %d has its result", m.Zone)
	}
	if len(m.Trustees) != int(def.Threshold) {
		return ledger.Demands{}, tally.CodeTrustees.Refuse("trustees", "%d trustees, the key needs exactly %d", len(m.Trustees), def.Threshold)
	}
	var shares []*tallyv1.DecryptionShare
	for i, j := range m.Trustees {
		s, ok := k.Share(r, c.Election, m.Zone, j)
		if !ok {
			return ledger.Demands{}, tally.CodeNoShare.Refuse(fmt.Sprintf("trustees[%d]", i), "trustee %d has given no share of zone %d", j, m.Zone)
		}
		shares = append(shares, s)
	}
	if len(m.Units) != len(units.Units) {
		return ledger.Demands{}, tally.CodeUnits.Refuse("units", "%d counts, zone %d has %d units", len(m.Units), m.Zone, len(units.Units))
	}
	for i, u := range units.Units {
		if err := tally.CheckBounds(def.Contests[u.Contest], u, m.Units[i].Counts); err != nil {
			return ledger.Demands{}, tally.CodeBounds.Refuse(fmt.Sprintf("units[%d]", i), "%v", err)
		}
	}
	fact := tally.NewResultFact(ctx.ChainID, m, units, shares)
	return ledger.Demands{
		Claims: []string{fmt.Sprintf("result:%x/%d", c.Election, m.Zone)},
		Checks: []ledger.Check{{Fact: fact, Params: fact.Params(), Code: tally.CodeResult, Field: "units"}},
	}, nil
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
