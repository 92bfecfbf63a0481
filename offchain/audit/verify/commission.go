package verify

import (
	"bytes"
	"slices"

	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/commission"
	"github.com/urna-vote/urna/x/ledger"
)

// actRule is what the ledger demands of one act of the commission.
type actRule struct {
	name     string
	decode   func(body []byte) (any, error)
	validate func(act any) error
	// precheck is asked in the state before the block in which the quorum is
	// reached; it gives what the act claims.
	precheck func(v *verifier, ctx ledger.Context, act any) ([]string, error)
	execute  func(v *verifier, ctx ledger.Context, act any) error
}

// acts by number; each module's file adds its own.
var acts = map[uint32]*actRule{}

func init() {
	rules[uint32(txv1.Kind_KIND_PROPOSE)] = &rule{
		name: "propose", signed: true, maxBytes: commission.MaxProposeBytes, check: checkCommission,
		decode:   func(b []byte) (any, error) { return commission.DecodePropose(b) },
		validate: validatePropose,
		precheck: precheckPropose,
		execute:  executePropose,
	}
	rules[uint32(txv1.Kind_KIND_APPROVE)] = &rule{
		name: "approve", signed: true, maxBytes: commission.MaxApproveBytes, check: checkCommission,
		decode: func(b []byte) (any, error) { return commission.DecodeApprove(b) },
		validate: func(tx *ledger.Tx) error {
			return commission.ValidateApprove(tx.Message.(*commissionv1.Approve))
		},
		precheck: precheckApprove,
		execute:  executeApprove,
	}
}

// actOf decodes the act of a proposal and checks what it alone shows.
func actOf(p *commissionv1.Proposal) (*actRule, any, error) {
	r, ok := acts[p.Action]
	if !ok {
		return nil, nil, breaks("commission/unknown-action", "proposal.action", "%d is no act", p.Action)
	}
	act, err := r.decode(p.Body)
	if err != nil {
		return nil, nil, refusedAs("commission/bad-act", "proposal.body", err)
	}
	if err := r.validate(act); err != nil {
		return nil, nil, refusedAs("commission/bad-act", "proposal.body", err)
	}
	return r, act, nil
}

func validatePropose(tx *ledger.Tx) error {
	m := tx.Message.(*commissionv1.Propose)
	if err := commission.ValidatePropose(m); err != nil {
		return refused(err)
	}
	_, _, err := actOf(m.Proposal)
	return err
}

// precheckPropose: a member proposes something new that expires in time.
func precheckPropose(v *verifier, c *chance, tx *ledger.Tx) error {
	p := tx.Message.(*commissionv1.Propose).Proposal
	if !v.members[string(tx.Signer)] {
		return breaks("commission/not-a-member", "signer", "%x is no member", tx.Signer)
	}
	if p.ExpiresMs <= c.ctx.TimeMS || p.ExpiresMs-c.ctx.TimeMS > commission.MaxExpiryMS {
		return breaks("commission/expiry", "proposal.expires_ms", "%d is not within 30 days after %d", p.ExpiresMs, c.ctx.TimeMS)
	}
	id := commission.ProposalID(c.ctx.ChainID, p)
	if v.proposals[id] != nil {
		return breaks("commission/proposed", "proposal", "%x is on the ledger", id)
	}
	c.claim(commission.ProposalClaim(id))
	if v.quorum > 1 {
		return nil
	}
	return v.precheckAct(c, p)
}

func (v *verifier) precheckAct(c *chance, p *commissionv1.Proposal) error {
	r, act, err := actOf(p)
	if err != nil {
		return err
	}
	claims, err := r.precheck(v, c.ctx, act)
	if err != nil {
		return err
	}
	c.claim(claims...)
	return nil
}

func executePropose(v *verifier, ctx ledger.Context, tx *ledger.Tx) error {
	p := tx.Message.(*commissionv1.Propose).Proposal
	id := commission.ProposalID(ctx.ChainID, p)
	state := &commissionv1.ProposalState{Proposal: p, ProposedHeight: ctx.Height}
	v.proposals[id] = state
	return v.approve(ctx, state, tx.Signer)
}

// precheckApprove: a member approves, once, something open.
func precheckApprove(v *verifier, c *chance, tx *ledger.Tx) error {
	state, id, err := v.openProposal(c.ctx, tx)
	if err != nil {
		return err
	}
	c.claim(commission.ProposalClaim(id))
	if len(state.Approvals)+1 < v.quorum {
		return nil
	}
	return v.precheckAct(c, state.Proposal)
}

func executeApprove(v *verifier, ctx ledger.Context, tx *ledger.Tx) error {
	state, _, err := v.openProposal(ctx, tx)
	if err != nil {
		return err
	}
	return v.approve(ctx, state, tx.Signer)
}

func (v *verifier) openProposal(ctx ledger.Context, tx *ledger.Tx) (*commissionv1.ProposalState, [32]byte, error) {
	id := [32]byte(tx.Message.(*commissionv1.Approve).ProposalId)
	state := v.proposals[id]
	switch {
	case !v.members[string(tx.Signer)]:
		return nil, id, breaks("commission/not-a-member", "signer", "%x is no member", tx.Signer)
	case state == nil:
		return nil, id, breaks("commission/unknown-proposal", "proposal_id", "no proposal %x", id)
	case state.ExecutedHeight != 0:
		return nil, id, breaks("commission/executed", "proposal_id", "%x took effect at height %d", id, state.ExecutedHeight)
	case slices.ContainsFunc(state.Approvals, func(k []byte) bool { return bytes.Equal(k, tx.Signer) }):
		return nil, id, breaks("commission/approved", "signer", "%x has approved %x before", tx.Signer, id)
	case ctx.TimeMS > state.Proposal.ExpiresMs:
		return nil, id, breaks("commission/expired", "proposal_id", "%x expired at %d, block time is %d", id, state.Proposal.ExpiresMs, ctx.TimeMS)
	}
	return state, id, nil
}

// approve adds an approval and carries the act out when the quorum is reached.
func (v *verifier) approve(ctx ledger.Context, state *commissionv1.ProposalState, member []byte) error {
	state.Approvals = append(state.Approvals, member)
	if len(state.Approvals) < v.quorum {
		return nil
	}
	state.ExecutedHeight = ctx.Height
	r, act, err := actOf(state.Proposal)
	if err != nil {
		return err
	}
	// Another transaction of the block may have changed what the act meets.
	if _, err := r.precheck(v, ctx, act); err != nil {
		return err
	}
	return r.execute(v, ctx, act)
}
