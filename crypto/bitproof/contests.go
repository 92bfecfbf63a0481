package bitproof

import (
	"errors"
	"fmt"
)

// What a voter can do wrong. A device tells these apart.
var (
	// ErrOverVote: more marks, points or score than the contest allows.
	ErrOverVote = errors.New("over-vote")
	// ErrUnderVote: fewer marks or points than the contest asks for.
	ErrUnderVote = errors.New("under-vote")
	// ErrOptions: not one entry per option.
	ErrOptions = errors.New("wrong number of options")
)

// Choice is the shape of "mark min to max of n options": one form per option,
// its bit; padding bits take up max less the number of marks, and
// Σ options + Σ weight·padding = max. Parameters other than
// 0 ≤ min ≤ max ≤ n, 1 ≤ n give a shape that Validate refuses.
func Choice(n, min, max uint32) Shape {
	if n < 1 || n > MaxBits || min > max || max > n {
		return Shape{}
	}
	s := Shape{Bits: int(n)}
	var terms []Term
	for o := range int(n) {
		s.Forms = append(s.Forms, Form{{Bit: o, Weight: 1}})
		terms = append(terms, Term{Bit: o, Weight: 1})
	}
	s.constrain(terms, weightsTo(max-min), max)
	return s
}

// Points is the shape of "give each of n options 0 to score points", with a
// total of tmin to t points if hasTotal is set (otherwise both are 0). One form
// per option, the weighted sum of its bits. Parameters other than 1 ≤ n,
// 1 ≤ score, tmin ≤ t ≤ n·score give a shape that Validate refuses.
func Points(n, score uint32, hasTotal bool, tmin, t uint32) Shape {
	if n < 1 || n > MaxBits || score < 1 || tmin > t || uint64(t) > uint64(n)*uint64(score) || (!hasTotal && t != 0) {
		return Shape{}
	}
	weights := weightsTo(score)
	if int(n)*len(weights) > MaxBits {
		return Shape{}
	}
	var s Shape
	var terms []Term
	for range n {
		var form Form
		for _, w := range weights {
			form = append(form, Term{Bit: s.Bits, Weight: w})
			s.Bits++
		}
		s.Forms = append(s.Forms, form)
		terms = append(terms, form...)
	}
	if hasTotal {
		s.constrain(terms, weightsTo(t-tmin), t)
	}
	return s
}

// Concat puts contests one after the other on one ballot: their bits, forms
// and constraints follow each other. A refused part makes the whole refused.
func Concat(parts ...Shape) Shape {
	var out Shape
	for _, p := range parts {
		if p.Bits < 1 {
			return Shape{}
		}
		for _, f := range p.Forms {
			out.Forms = append(out.Forms, shift(f, out.Bits))
		}
		for _, c := range p.Constraints {
			out.Constraints = append(out.Constraints, Constraint{Terms: shift(c.Terms, out.Bits), Target: c.Target})
		}
		out.Bits += p.Bits
	}
	return out
}

// ChoiceBits returns the bits of a choice: marks[o] says whether option o is
// marked. Refusals: ErrOptions, ErrOverVote, ErrUnderVote.
func ChoiceBits(n, min, max uint32, marks []bool) ([]bool, error) {
	shape := Choice(n, min, max)
	if err := shape.Validate(); err != nil {
		return nil, err
	}
	if len(marks) != int(n) {
		return nil, fmt.Errorf("mark options: %d entries for %d options: %w", len(marks), n, ErrOptions)
	}
	var count uint32
	for _, m := range marks {
		if m {
			count++
		}
	}
	if count > max {
		return nil, fmt.Errorf("mark options: %d marked, at most %d allowed: %w", count, max, ErrOverVote)
	}
	if count < min {
		return nil, fmt.Errorf("mark options: %d marked, at least %d asked for: %w", count, min, ErrUnderVote)
	}
	return append(append([]bool(nil), marks...), bitsOf(max-count, weightsTo(max-min))...), nil
}

// PointsBits returns the bits of a points contest: scores[o] is given to
// option o. Refusals: ErrOptions, ErrOverVote, ErrUnderVote.
func PointsBits(n, score uint32, hasTotal bool, tmin, t uint32, scores []uint32) ([]bool, error) {
	shape := Points(n, score, hasTotal, tmin, t)
	if err := shape.Validate(); err != nil {
		return nil, err
	}
	if len(scores) != int(n) {
		return nil, fmt.Errorf("give points: %d entries for %d options: %w", len(scores), n, ErrOptions)
	}
	weights := weightsTo(score)
	var bits []bool
	var total uint64
	for o, v := range scores {
		if v > score {
			return nil, fmt.Errorf("give points: %d to option %d, at most %d allowed: %w", v, o+1, score, ErrOverVote)
		}
		total += uint64(v)
		bits = append(bits, bitsOf(v, weights)...)
	}
	if !hasTotal {
		return bits, nil
	}
	if total > uint64(t) {
		return nil, fmt.Errorf("give points: %d in all, at most %d allowed: %w", total, t, ErrOverVote)
	}
	if total < uint64(tmin) {
		return nil, fmt.Errorf("give points: %d in all, at least %d asked for: %w", total, tmin, ErrUnderVote)
	}
	return append(bits, bitsOf(t-uint32(total), weightsTo(t-tmin))...), nil
}

// constrain adds padding bits of the given weights and the constraint that
// terms and padding reach the target.
func (s *Shape) constrain(terms []Term, padding []uint32, target uint32) {
	terms = append([]Term(nil), terms...)
	for _, w := range padding {
		terms = append(terms, Term{Bit: s.Bits, Weight: w})
		s.Bits++
	}
	s.Constraints = append(s.Constraints, Constraint{Terms: terms, Target: target})
}

func shift(terms []Term, by int) []Term {
	out := make([]Term, len(terms))
	for i, t := range terms {
		out[i] = Term{Bit: t.Bit + by, Weight: t.Weight}
	}
	return out
}

// weightsTo returns 1, 2, 4, …, rest: subsets of them reach exactly 0..max.
func weightsTo(max uint32) []uint32 {
	var out []uint32
	for w := uint32(1); max > 0; w *= 2 {
		w = min(w, max)
		out = append(out, w)
		max -= w
	}
	return out
}

// bitsOf writes v, at most the sum of the weights, in the weights of
// weightsTo: the last one first if the others do not suffice, the rest binary.
func bitsOf(v uint32, weights []uint32) []bool {
	out := make([]bool, len(weights))
	if len(weights) == 0 {
		return out
	}
	last := len(weights) - 1
	others := uint32(1)<<last - 1
	if v > others {
		out[last] = true
		v -= weights[last]
	}
	for i := range last {
		out[i] = v>>i&1 == 1
	}
	return out
}
