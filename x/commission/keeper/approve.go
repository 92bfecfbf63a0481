package keeper

import (
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	"github.com/urna-vote/urna/x/commission"
	"github.com/urna-vote/urna/x/ledger"
)

// PrecheckApprove: signer (a member), proposal_id (known, open, not yet approved
// by the signer); and the act itself if this approval reaches the quorum.
func (k *Keeper) PrecheckApprove(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
	state, err := k.open(ctx, r, tx)
	if err != nil {
		return ledger.Demands{}, err
	}
	id := [32]byte(tx.Message.(*commissionv1.Approve).ProposalId)
	claims := []string{commission.ProposalClaim(id)}
	if len(state.Approvals)+1 < int(k.Quorum(r)) {
		return ledger.Demands{Claims: claims}, nil
	}
	more, err := k.actPrecheck(ctx, r, state.Proposal)
	if err != nil {
		return ledger.Demands{}, err
	}
	return ledger.Demands{Claims: append(claims, more...)}, nil
}

// ExecuteApprove adds the approval and, at the quorum, carries out the act.
func (k *Keeper) ExecuteApprove(ctx ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
	state, err := k.open(ctx, w, tx)
	if err != nil {
		return err
	}
	id := [32]byte(tx.Message.(*commissionv1.Approve).ProposalId)
	return k.approve(ctx, w, id, state, tx.Signer)
}

// open finds the proposal if the signer may still approve it.
func (k *Keeper) open(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx) (*commissionv1.ProposalState, error) {
	id := [32]byte(tx.Message.(*commissionv1.Approve).ProposalId)
	if !k.IsMember(r, tx.Signer) {
		return nil, commission.CodeNotMember.Refuse("signer", "%x is no member of the commission", tx.Signer)
	}
	state, ok := k.Proposal(r, id)
	switch {
	case !ok:
		return nil, commission.CodeUnknownProposal.Refuse("proposal_id", "no proposal %x on this chain", id)
	case state.ExecutedHeight != 0:
		return nil, commission.CodeExecuted.Refuse("proposal_id", "%x took effect at height %d", id, state.ExecutedHeight)
	case approved(state, tx.Signer):
		return nil, commission.CodeApproved.Refuse("signer", "%x has approved %x before", tx.Signer, id)
	case ctx.TimeMS > state.Proposal.ExpiresMs:
		return nil, commission.CodeExpired.Refuse("proposal_id", "%x expired at %d, block time is %d; propose it again", id, state.Proposal.ExpiresMs, ctx.TimeMS)
	}
	return state, nil
}
