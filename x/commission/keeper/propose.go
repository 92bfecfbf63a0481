package keeper

import (
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	"github.com/urna-vote/urna/x/commission"
	"github.com/urna-vote/urna/x/ledger"
)

// PrecheckPropose: signer (a member), expires_ms (ahead, at most 30 days), the
// proposal new; action and body (an act), which only a member's word makes worth
// the work; and the act itself if one approval is the quorum.
func (k *Keeper) PrecheckPropose(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
	p := tx.Message.(*commissionv1.Propose).Proposal
	if !k.IsMember(r, tx.Signer) {
		return ledger.Demands{}, commission.CodeNotMember.Refuse("signer", "%x is no member of the commission", tx.Signer)
	}
	if p.ExpiresMs <= ctx.TimeMS {
		return ledger.Demands{}, commission.CodeExpired.Refuse("proposal.expires_ms", "%d is not after block time %d", p.ExpiresMs, ctx.TimeMS)
	}
	if p.ExpiresMs-ctx.TimeMS > commission.MaxExpiryMS {
		return ledger.Demands{}, commission.CodeExpiry.Refuse("proposal.expires_ms", "%d is more than 30 days after block time %d", p.ExpiresMs, ctx.TimeMS)
	}
	id := commission.ProposalID(ctx.ChainID, p)
	if r.Get(proposalKey(id)) != nil {
		return ledger.Demands{}, commission.CodeProposed.Refuse("proposal", "%x is on the ledger; approve it, or propose again with a new nonce", id)
	}
	if _, _, err := k.act(ctx, p); err != nil {
		return ledger.Demands{}, err
	}
	claims := []string{commission.ProposalClaim(id)}
	if k.Quorum(r) > 1 {
		return ledger.Demands{Claims: claims}, nil
	}
	more, err := k.actPrecheck(ctx, r, p)
	if err != nil {
		return ledger.Demands{}, err
	}
	return ledger.Demands{Claims: append(claims, more...)}, nil
}

// ExecutePropose stores the proposal with its proposer's approval.
func (k *Keeper) ExecutePropose(ctx ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
	p := tx.Message.(*commissionv1.Propose).Proposal
	id := commission.ProposalID(ctx.ChainID, p)
	if w.Get(proposalKey(id)) != nil {
		return commission.CodeProposed.Refuse("proposal", "%x is on the ledger", id)
	}
	return k.approve(ctx, w, id, &commissionv1.ProposalState{Proposal: p, ProposedHeight: ctx.Height}, tx.Signer)
}
