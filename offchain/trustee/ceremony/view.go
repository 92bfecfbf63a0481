package ceremony

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/urna-vote/urna/crypto/threshold"
	"github.com/urna-vote/urna/proto/api"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// errBehind: the node does not show yet what is proven; ask again.
var errBehind = errors.New("the node is behind the proven state")

// ErrDiffers: what a node shows does not lead to what the ledger proves.
var ErrDiffers = errors.New("the node's transactions do not lead to the proven state")

// view is the ceremony at one proven height.
type view struct {
	height int64
	def    *electionv1.Definition
	zone   *electionv1.ZoneState
	// state is nil before the ceremony begins.
	state *ceremonyv1.State
	where ceremony.Where
	rules ceremony.Rules
	// index of this trustee, 0 before registration closes or if it is none.
	index uint32
	// params once registration closed.
	params threshold.Params
	// key once it stands.
	key *ceremonyv1.ElectionKey
	// steps of the attempt, as many as the proven state counts; fetched when
	// they are needed.
	steps []step
}

// seen are the transactions of an attempt as they were last fetched.
type seen struct {
	where ceremony.Where
	count uint32
	steps []step
}

// step is a trustee's transaction of the attempt.
type step struct {
	kind    uint32
	hash    [32]byte
	sender  []byte
	message ceremony.Message
}

// observe asks for the proven state, and for the transactions that led to it.
func (p *Program) observe(ctx context.Context) (*view, error) {
	zone, state, key := fmt.Sprintf("zone/%d", p.Zone), fmt.Sprintf("ceremony/%d", p.Zone), fmt.Sprintf("key/%d", p.Zone)
	if err := p.definition(ctx); err != nil {
		return nil, err
	}
	proven, err := p.Ledger.Proven(ctx, p.Election, zone, state, key)
	if err != nil {
		return nil, err
	}
	v := &view{height: proven.Height, def: p.def, rules: ceremony.RulesOf(p.def)}
	v.where = ceremony.Where{Election: p.Election, Zone: p.Zone}
	if v.zone, err = object[electionv1.ZoneState](proven, zone); err != nil {
		return nil, err
	}
	if v.zone == nil {
		return nil, fmt.Errorf("election %x has no zone %d", p.Election, p.Zone)
	}
	if v.state, err = object[ceremonyv1.State](proven, state); err != nil {
		return nil, err
	}
	if v.key, err = object[ceremonyv1.ElectionKey](proven, key); err != nil {
		return nil, err
	}
	if v.state == nil {
		return v, nil
	}
	v.where.Attempt = v.state.Attempt
	if len(v.state.TrusteeListHash) != 0 {
		v.params = ceremony.Params(p.ChainID, v.def, v.where, v.state.Participants)
		public := p.Home.Public()
		v.index = ceremony.Index(v.state.Participants, public[:])
	}
	return v, nil
}

// definition fetches the election once; its bytes must hash to its id.
func (p *Program) definition(ctx context.Context) error {
	if p.def != nil {
		return nil
	}
	proven, err := p.Ledger.Proven(ctx, p.Election, "definition")
	if err != nil {
		return err
	}
	b, ok := proven.Objects["definition"]
	if !ok {
		return fmt.Errorf("no election %x on chain %s", p.Election, p.ChainID)
	}
	if id := election.ID(p.ChainID, b); id != p.Election {
		return fmt.Errorf("the definition on the ledger is of election %x, not of %x", id, p.Election)
	}
	def, err := ledger.DecodeStrict[electionv1.Definition](b, len(b))
	if err != nil {
		return fmt.Errorf("read definition: %w", err)
	}
	if int64(p.Zone) >= int64(len(def.Zones)) {
		return fmt.Errorf("election %x has %d zones, counted from 0: there is no zone %d", p.Election, len(def.Zones), p.Zone)
	}
	public := p.Home.Public()
	if !slices.ContainsFunc(def.Trustees, func(t *electionv1.Trustee) bool { return bytes.Equal(t.Key, public[:]) }) {
		return fmt.Errorf("key %x of this medium is no trustee of election %x", public, p.Election)
	}
	p.def = def
	return nil
}

// object decodes a proven object, nil if it does not exist.
func object[T any, M interface {
	*T
	ledger.Wire
}](p *Proven, name string) (M, error) {
	b, ok := p.Objects[name]
	if !ok {
		return nil, nil
	}
	m, err := ledger.DecodeStrict[T, M](b, len(b))
	if err != nil {
		return nil, fmt.Errorf("read %s at height %d: %w", name, p.Height, err)
	}
	return m, nil
}

// transactions takes from a node as many as the proven state counts. They are
// only ever added to within an attempt, so the same number is the same list.
func (p *Program) transactions(ctx context.Context, v *view) error {
	if p.seen.where == v.where && p.seen.count == v.state.Transactions {
		v.steps = p.seen.steps
		return nil
	}
	shown, err := p.Ledger.Ceremony(ctx, p.Election, p.Zone)
	if err != nil {
		return err
	}
	if len(shown.Transactions) < int(v.state.Transactions) {
		return fmt.Errorf("%w: %d transactions of %d", errBehind, len(shown.Transactions), v.state.Transactions)
	}
	if v.steps, err = p.read(v.where, shown.Transactions[:v.state.Transactions]); err != nil {
		return err
	}
	p.seen = seen{where: v.where, count: v.state.Transactions, steps: v.steps}
	return nil
}

// read decodes transactions and checks that each was signed by whom it names
// and belongs to the attempt.
func (p *Program) read(where ceremony.Where, raws []api.Hex) ([]step, error) {
	out := make([]step, 0, len(raws))
	for i, raw := range raws {
		tx, err := envelope.Decode(raw, p.ChainID)
		if err != nil {
			return nil, fmt.Errorf("transaction %d of the ceremony: %w: %w", i, ErrDiffers, err)
		}
		if tx.Kind == uint32(txv1.Kind_KIND_EVIDENCE) {
			continue // the proven state says whom it put out
		}
		kind, ok := ceremony.FindKind(tx.Kind)
		if !ok || len(tx.Signer) == 0 {
			return nil, fmt.Errorf("transaction %d of the ceremony: %w: kind %d is none of a trustee", i, ErrDiffers, tx.Kind)
		}
		message, err := kind.Decode(tx.Body)
		if err != nil {
			return nil, fmt.Errorf("transaction %d of the ceremony: %w: %w", i, ErrDiffers, err)
		}
		s := message.(*ceremony.Step)
		if s.Where != where {
			// The node is in another attempt than the proven state.
			return nil, fmt.Errorf("%w: transaction %d is of attempt %d, not %d", errBehind, i, s.Where.Attempt, where.Attempt)
		}
		if err := s.Refusal(); err != nil {
			return nil, fmt.Errorf("transaction %d of the ceremony: %w: %w", i, ErrDiffers, err)
		}
		hash := envelope.Hash(raw)
		if !p.verified[hash] {
			if err := envelope.NewSignatureFact(tx).Verify(); err != nil {
				return nil, fmt.Errorf("transaction %d of the ceremony: %w: %w", i, ErrDiffers, err)
			}
			p.verified[hash] = true
		}
		out = append(out, step{kind: tx.Kind, hash: hash, sender: tx.Signer, message: s.Message})
	}
	return out, nil
}

// me is this trustee's line in the state.
func (v *view) me() *ceremonyv1.Participant { return v.state.Participants[v.index-1] }

// name of a participant, for people.
func (v *view) name(index uint32) string {
	return v.rules.Names[v.state.Participants[index-1].Trustee]
}

// from finds the message of a kind that a participant sent, nil if none.
func from[M ceremony.Message](v *view, kind txv1.Kind, index uint32) M {
	var none M
	for _, s := range v.steps {
		if s.kind == uint32(kind) && bytes.Equal(s.sender, v.state.Participants[index-1].Key) {
			if m, ok := s.message.(M); ok {
				return m
			}
		}
	}
	return none
}

// deal finds a dealer's deal, which must have the hash it committed to.
func (v *view) deal(dealer uint32) (*threshold.Deal, error) {
	m := from[*ceremonyv1.Deal](v, txv1.Kind_KIND_DEAL, dealer)
	if m == nil {
		return nil, fmt.Errorf("%w: the deal of %s is missing", ErrDiffers, v.name(dealer))
	}
	d := ceremony.Deal(m)
	if hash := threshold.CommitHash(v.params, int(dealer), d); !bytes.Equal(hash[:], v.state.Participants[dealer-1].DealHash) {
		return nil, fmt.Errorf("%w: the deal of %s is not the one it committed to", ErrDiffers, v.name(dealer))
	}
	return d, nil
}

// dealers lists those who dealt and are in, without this trustee.
func (v *view) dealers() []uint32 {
	var out []uint32
	for i, p := range v.state.Participants {
		if index := uint32(i + 1); p.Dealt && p.Out == "" && index != v.index {
			out = append(out, index)
		}
	}
	return out
}
