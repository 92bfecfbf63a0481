package keeper

import (
	"fmt"

	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/ledger"
)

// PrecheckEvidence accepts evidence against a participant exactly when it
// signed the message within and the message is wrong by itself: what phase,
// window or order make wrong could be an honest trustee's.
func (k *Keeper) PrecheckEvidence(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
	c, accused, index, err := k.accused(ctx, r, tx)
	if err != nil {
		return ledger.Demands{}, err
	}
	params := c.params(ctx.ChainID)
	fact, ok := accused.Fault(params, index)
	if !ok {
		return ledger.Demands{}, ceremony.CodeInnocent.Refuse("tx", "nothing is wrong with this message by itself")
	}
	demands := ledger.Demands{
		Claims: []string{fmt.Sprintf("evidence:%s/%d", c.where(), index)},
		Checks: []ledger.Check{{Fact: accused.Signed, Code: ceremony.CodeSignature, Field: "tx.signature"}},
	}
	if fact != nil {
		demands.Checks = append(demands.Checks, ledger.Check{Fact: fact, Params: params.TrusteeListHash, Code: ceremony.CodeInnocent, Field: "tx"})
	}
	return demands, nil
}

// ExecuteEvidence puts the accused out.
func (k *Keeper) ExecuteEvidence(ctx ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
	c, _, index, err := k.accused(ctx, w, tx)
	if err != nil {
		return err
	}
	c.st.Participants[index-1].Out = ceremony.OutEvidence
	(&scene{held: c, tx: tx}).keep(w)
	return nil
}

func (k *Keeper) accused(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx) (*held, *ceremony.Accused, uint32, error) {
	a := tx.Message.(*ceremony.Accusation)
	c, err := k.running(r, a.Where, txv1.Kind_KIND_EVIDENCE)
	if err != nil {
		return nil, nil, 0, err
	}
	accused, err := a.Open(ctx.ChainID)
	if err != nil {
		return nil, nil, 0, err
	}
	if accused.Step.OtherList(c.st.TrusteeListHash) {
		return nil, nil, 0, ceremony.CodeInnocent.Refuse("tx.trustee_list_hash", "made for another list of trustees: it may be right there")
	}
	index := ceremony.Index(c.st.Participants, accused.Signer)
	if index == 0 {
		return nil, nil, 0, ceremony.CodeTrustee.Refuse("tx.signer", "did not register for this attempt")
	}
	if out := c.st.Participants[index-1].Out; out != "" {
		return nil, nil, 0, ceremony.CodeOut.Refuse("tx.signer", "trustee %d is out: %s", index, out)
	}
	return c, accused, index, nil
}
