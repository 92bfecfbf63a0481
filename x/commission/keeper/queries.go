package keeper

import (
	"bytes"
	"cmp"
	"slices"

	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	"github.com/urna-vote/urna/x/commission"
	"github.com/urna-vote/urna/x/ledger"
)

// Stored is a proposal with its id.
type Stored struct {
	ID    [32]byte
	State *commissionv1.ProposalState
}

// IsMember reports whether a key is a member's.
func (k *Keeper) IsMember(r ledger.Reader, key []byte) bool {
	return slices.ContainsFunc(record(r).Members, func(m *commissionv1.Member) bool { return bytes.Equal(m.Key, key) })
}

// Quorum is the number of approvals with which an act takes effect.
func (k *Keeper) Quorum(r ledger.Reader) uint32 { return record(r).Quorum }

// Members lists the members in the order of the genesis.
func (k *Keeper) Members(r ledger.Reader) []commission.Member {
	var out []commission.Member
	for _, m := range record(r).Members {
		out = append(out, commission.Member{Name: m.Name, Role: m.Role, Key: m.Key})
	}
	return out
}

// Proposal finds a proposal by its id.
func (k *Keeper) Proposal(r ledger.Reader, id [32]byte) (*commissionv1.ProposalState, bool) {
	b := r.Get(proposalKey(id))
	if b == nil {
		return nil, false
	}
	return ledger.MustDecode[commissionv1.ProposalState](b), true
}

// Proposals lists all proposals in the order in which they were made; those of
// one block by id.
func (k *Keeper) Proposals(r ledger.Reader) []Stored {
	var out []Stored
	r.Iterate(commission.KeyProposal.Key(), func(key, value []byte) bool {
		out = append(out, Stored{ID: [32]byte(key[1:]), State: ledger.MustDecode[commissionv1.ProposalState](value)})
		return true
	})
	slices.SortStableFunc(out, func(a, b Stored) int { return cmp.Compare(a.State.ProposedHeight, b.State.ProposedHeight) })
	return out
}

// ActName names an act by its number, for people.
func (k *Keeper) ActName(action uint32) string { return k.acts[action].Name }

// record is the stored commission; a chain without one has no members.
func record(r ledger.Reader) *commissionv1.Commission {
	return ledger.MustDecode[commissionv1.Commission](r.Get(commission.KeyCommission.Key()))
}
