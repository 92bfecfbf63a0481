package bitproof

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Limits of a shape.
const (
	MaxBits   = 4096
	MaxForms  = 4096
	MaxWeight = 1 << 31
)

// ErrShape: a shape breaks a rule of Validate.
var ErrShape = errors.New("shape is not allowed")

// Term is a weighted bit. Bits count from 0.
type Term struct {
	Bit    int
	Weight uint32
}

// Form is a linear form of bits: the message of one ciphertext.
type Form []Term

// Constraint says that its terms add up to Target.
type Constraint struct {
	Terms  []Term
	Target uint32
}

// Shape is what a ballot's bits mean and which rules they keep. Forms stand in
// ascending order of ciphertext slot.
type Shape struct {
	Bits        int
	Forms       []Form
	Constraints []Constraint
}

// Validate checks the rules under which the proof is sound and hides:
//
//   - 1..MaxBits bits, 1..MaxForms forms, every bit in some form or constraint;
//   - the terms of a form or constraint are not empty and ascend strictly by
//     bit, weights are 1..2^31 and add up to less than 2^32, so that no total
//     wraps around the group order;
//   - each constraint has a bit of weight 1 that occurs in no other constraint:
//     solving for these bits makes the masks uniform;
//   - each target is reachable: sorted by weight, no weight exceeds one more
//     than the sum of those before it, and the target is at most the sum of
//     all. (Sums of weights that skip totals are not needed by any contest, and
//     deciding them in general is hard.)
func (s *Shape) Validate() error {
	_, err := compile(s)
	return err
}

// Encode returns the canonical encoding, which the challenges hash.
func (s *Shape) Encode() []byte {
	size := 12
	for _, f := range s.Forms {
		size += 4 + 8*len(f)
	}
	for _, c := range s.Constraints {
		size += 8 + 8*len(c.Terms)
	}
	out := make([]byte, 0, size)
	out = binary.BigEndian.AppendUint32(out, uint32(s.Bits))
	out = binary.BigEndian.AppendUint32(out, uint32(len(s.Forms)))
	for _, f := range s.Forms {
		out = appendTerms(out, f)
	}
	out = binary.BigEndian.AppendUint32(out, uint32(len(s.Constraints)))
	for _, c := range s.Constraints {
		out = appendTerms(out, c.Terms)
		out = binary.BigEndian.AppendUint32(out, c.Target)
	}
	return out
}

func appendTerms(out []byte, terms []Term) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(terms)))
	for _, t := range terms {
		out = binary.BigEndian.AppendUint32(out, uint32(t.Bit))
		out = binary.BigEndian.AppendUint32(out, t.Weight)
	}
	return out
}

// plan is a validated shape with what prover and verifier need of it.
type plan struct {
	shape   *Shape
	encoded []byte
	pivots  []int // per constraint: its first bit of weight 1 that is in no other
}

func compile(s *Shape) (*plan, error) {
	if s == nil || s.Bits < 1 || s.Bits > MaxBits {
		return nil, fmt.Errorf("validate shape: needs 1 to %d bits: %w", MaxBits, ErrShape)
	}
	if len(s.Forms) < 1 || len(s.Forms) > MaxForms {
		return nil, fmt.Errorf("validate shape: %d forms, needs 1 to %d: %w", len(s.Forms), MaxForms, ErrShape)
	}
	used := make([]bool, s.Bits)
	inConstraints := make([]int, s.Bits)
	for o, f := range s.Forms {
		if err := checkTerms(f, s.Bits); err != nil {
			return nil, fmt.Errorf("validate shape: form %d: %w", o+1, err)
		}
		for _, t := range f {
			used[t.Bit] = true
		}
	}
	for j, c := range s.Constraints {
		if err := checkTerms(c.Terms, s.Bits); err != nil {
			return nil, fmt.Errorf("validate shape: constraint %d: %w", j+1, err)
		}
		if err := checkReachable(c); err != nil {
			return nil, fmt.Errorf("validate shape: constraint %d: %w", j+1, err)
		}
		for _, t := range c.Terms {
			used[t.Bit] = true
			inConstraints[t.Bit]++
		}
	}
	if i := slices.Index(used, false); i >= 0 {
		return nil, fmt.Errorf("validate shape: bit %d is in no form and no constraint: %w", i, ErrShape)
	}
	p := &plan{shape: s, pivots: make([]int, len(s.Constraints))}
	for j, c := range s.Constraints {
		k := slices.IndexFunc(c.Terms, func(t Term) bool { return t.Weight == 1 && inConstraints[t.Bit] == 1 })
		if k < 0 {
			return nil, fmt.Errorf("validate shape: constraint %d has no bit of weight 1 of its own: %w", j+1, ErrShape)
		}
		p.pivots[j] = c.Terms[k].Bit
	}
	p.encoded = s.Encode()
	return p, nil
}

func checkTerms(terms []Term, bits int) error {
	if len(terms) == 0 {
		return fmt.Errorf("no terms: %w", ErrShape)
	}
	sum, last := uint64(0), -1
	for _, t := range terms {
		if t.Bit <= last || t.Bit >= bits {
			return fmt.Errorf("bit %d after bit %d of %d: %w", t.Bit, last, bits, ErrShape)
		}
		if t.Weight < 1 || t.Weight > MaxWeight {
			return fmt.Errorf("weight %d of bit %d is outside 1..2^31: %w", t.Weight, t.Bit, ErrShape)
		}
		last, sum = t.Bit, sum+uint64(t.Weight)
	}
	if sum > math.MaxUint32 {
		return fmt.Errorf("weights add up to %d, not below 2^32: %w", sum, ErrShape)
	}
	return nil
}

func checkReachable(c Constraint) error {
	weights := make([]uint32, len(c.Terms))
	for i, t := range c.Terms {
		weights[i] = t.Weight
	}
	slices.Sort(weights)
	sum := uint64(0)
	for _, w := range weights {
		if uint64(w) > sum+1 {
			return fmt.Errorf("no terms add up to %d: %w", sum+1, ErrShape)
		}
		sum += uint64(w)
	}
	if uint64(c.Target) > sum {
		return fmt.Errorf("target %d is above the sum %d of the weights: %w", c.Target, sum, ErrShape)
	}
	return nil
}
