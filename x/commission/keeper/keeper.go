package keeper

import (
	"bytes"
	"fmt"
	"slices"

	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/commission"
	"github.com/urna-vote/urna/x/ledger"
)

// Keeper is the module's state.
type Keeper struct {
	acts map[uint32]ledger.Act
}

// New makes the keeper over the acts of all modules. Two acts of one number are
// a mistake of the program.
func New(acts []ledger.Act) *Keeper {
	k := &Keeper{acts: map[uint32]ledger.Act{}}
	for _, a := range acts {
		if other, taken := k.acts[a.Number]; taken || a.Number == 0 {
			panic(fmt.Sprintf("commission: act %d %q registered twice or zero (%q)", a.Number, a.Name, other.Name))
		}
		k.acts[a.Number] = a
	}
	return k
}

// Module is what the application runs.
func (k *Keeper) Module() ledger.Module {
	return ledger.Module{
		Name: commission.Module,
		Handlers: []ledger.Handler{
			{
				Kind: uint32(txv1.Kind_KIND_PROPOSE), Name: "propose", Signed: true, SignedFirst: true, MaxBytes: commission.MaxProposeBytes,
				Decode: func(body []byte) (any, error) { return commission.DecodePropose(body) },
				Validate: func(_ ledger.Context, tx *ledger.Tx) error {
					return commission.ValidatePropose(tx.Message.(*commissionv1.Propose))
				},
				Precheck: k.PrecheckPropose,
				Execute:  k.ExecutePropose,
			},
			{
				Kind: uint32(txv1.Kind_KIND_APPROVE), Name: "approve", Signed: true, SignedFirst: true, MaxBytes: commission.MaxApproveBytes,
				Decode: func(body []byte) (any, error) { return commission.DecodeApprove(body) },
				Validate: func(_ ledger.Context, tx *ledger.Tx) error {
					return commission.ValidateApprove(tx.Message.(*commissionv1.Approve))
				},
				Precheck: k.PrecheckApprove,
				Execute:  k.ExecuteApprove,
			},
		},
	}
}

// InitGenesis stores the commission of the genesis.
func (k *Keeper) InitGenesis(w ledger.Writer, g commission.Genesis) error {
	if err := g.Validate(); err != nil {
		return fmt.Errorf("store genesis: %w", err)
	}
	record := &commissionv1.Commission{Quorum: g.Quorum}
	for _, m := range g.Members {
		record.Members = append(record.Members, &commissionv1.Member{Name: m.Name, Role: m.Role, Key: bytes.Clone(m.Key)})
	}
	w.Set(commission.KeyCommission.Key(), ledger.MustEncode(record))
	return nil
}

// act decodes and validates the act of a proposal.
func (k *Keeper) act(ctx ledger.Context, p *commissionv1.Proposal) (ledger.Act, any, error) {
	a, ok := k.acts[p.Action]
	if !ok {
		return a, nil, commission.CodeUnknownAction.Refuse("proposal.action", "%d is no act", p.Action)
	}
	m, err := a.Decode(p.Body)
	if err != nil {
		return a, nil, commission.CodeBadAct.Refuse("proposal.body", "decode %s: %v", a.Name, err)
	}
	return a, m, a.Validate(ctx, m)
}

// actPrecheck asks the act whether it may take effect in this block.
func (k *Keeper) actPrecheck(ctx ledger.Context, r ledger.Reader, p *commissionv1.Proposal) ([]string, error) {
	a, m, err := k.act(ctx, p)
	if err != nil {
		return nil, err
	}
	return a.Precheck(ctx, r, m)
}

// approve adds an approval and, at the quorum, carries out the act.
func (k *Keeper) approve(ctx ledger.Context, w ledger.Writer, id [32]byte, state *commissionv1.ProposalState, member []byte) error {
	state.Approvals = append(state.Approvals, bytes.Clone(member))
	if len(state.Approvals) < int(k.Quorum(w)) {
		w.Set(proposalKey(id), ledger.MustEncode(state))
		return nil
	}
	state.ExecutedHeight = ctx.Height
	w.Set(proposalKey(id), ledger.MustEncode(state))
	a, m, err := k.act(ctx, state.Proposal)
	if err != nil {
		return err
	}
	if err := a.Execute(ctx, w, m); err != nil {
		return fmt.Errorf("carry out %s of proposal %x: %w", a.Name, id, err)
	}
	return nil
}

func approved(state *commissionv1.ProposalState, member []byte) bool {
	return slices.ContainsFunc(state.Approvals, func(key []byte) bool { return bytes.Equal(key, member) })
}

func proposalKey(id [32]byte) []byte { return commission.KeyProposal.Key(id[:]) }
