package bitproof

import (
	"fmt"
	"io"
	"slices"

	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
)

// Prover seals many ballots of one shape under the same keys in about half the
// time of Prove each: all bases that a secret is multiplied by have tables,
// 40 KiB each. Its ballots are those that Prove would make of the same
// randomness, and it is as constant-time. It is immutable and may be shared.
type Prover struct {
	plan   *plan
	keys   []elgamal.Key // prepared
	tables *tables
}

// tables of the generators of a shape.
type tables struct{ g, h []*group.Table }

// NewProver prepares for ballots of this shape, one key per form in ascending
// order of slot. Refusals: ErrShape, ErrLength.
func NewProver(shape *Shape, keys []elgamal.Key) (*Prover, error) {
	p, err := (&Statement{Shape: shape, Keys: keys}).compile()
	if err != nil {
		return nil, fmt.Errorf("prepare sealing: %w", err)
	}
	out := &Prover{plan: p, keys: slices.Clone(keys), tables: &tables{}}
	for i := range out.keys {
		out.keys[i] = keys[i].Prepared()
	}
	g, h := Generators(shape.Bits)
	for i := range g {
		out.tables.g = append(out.tables.g, group.NewTable(g[i]))
		out.tables.h = append(out.tables.h, group.NewTable(h[i]))
	}
	return out, nil
}

// Prove is the function Prove for a statement of the prepared shape and keys:
// those of st may be left out, and otherwise must be the same. Refusals:
// ErrShape, ErrLength, ErrRule.
func (p *Prover) Prove(rand io.Reader, st *Statement, bits []bool) (*elgamal.Ciphertext, *Proof, error) {
	if err := p.fits(st); err != nil {
		return nil, nil, fmt.Errorf("seal ballot: %w", err)
	}
	own := *st
	own.Shape, own.Keys = p.plan.shape, p.keys
	ct, proof, _, err := seal(rand, &own, p.plan, p.tables, bits)
	return ct, proof, err
}

func (p *Prover) fits(st *Statement) error {
	if st.Shape != nil && st.Shape != p.plan.shape && !slices.Equal(st.Shape.Encode(), p.plan.encoded) {
		return fmt.Errorf("statement has another shape than was prepared: %w", ErrShape)
	}
	if st.Keys == nil {
		return nil
	}
	same := func(a, b elgamal.Key) bool { return a.Point().Equal(b.Point()) }
	if !slices.EqualFunc(st.Keys, p.keys, same) {
		return fmt.Errorf("statement has other keys than were prepared: %w", ErrLength)
	}
	return nil
}
