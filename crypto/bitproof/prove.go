package bitproof

import (
	"crypto/sha3"
	"fmt"
	"io"
	"slices"

	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/transcript"
)

// Prove encrypts the bits and proves that they keep the shape's rules. The
// randomness is fresh for each call: 64 bytes of rand hashed with statement
// and choice, so that even a rand that repeats itself never seals two
// different choices alike. Secrets are handled in constant time; only the
// shape shows. Refusals: ErrShape, ErrLength, ErrRule.
func Prove(rand io.Reader, st *Statement, bits []bool) (*elgamal.Ciphertext, *Proof, error) {
	ct, proof, _, err := ProveOpen(rand, st, bits)
	return ct, proof, err
}

// ProveOpen is Prove for a device that lets the voter challenge it: it also
// returns the randomness of the encryption, which opens the ballot to whoever
// sees it. A ballot that was opened must not be cast.
func ProveOpen(rand io.Reader, st *Statement, bits []bool) (*elgamal.Ciphertext, *Proof, Opening, error) {
	p, err := st.compile()
	if err != nil {
		return nil, nil, Opening{}, fmt.Errorf("seal ballot: %w", err)
	}
	return seal(rand, st, p, nil, bits)
}

// seal makes ballot and proof. Without tables, generators are multiplied all
// together, which is the quicker way for a single ballot.
func seal(rand io.Reader, st *Statement, p *plan, prepared *tables, bits []bool) (*elgamal.Ciphertext, *Proof, Opening, error) {
	if err := p.keeps(bits); err != nil {
		return nil, nil, Opening{}, fmt.Errorf("seal ballot: %w", err)
	}
	s, err := drawSecrets(rand, st, p, bits)
	if err != nil {
		return nil, nil, Opening{}, fmt.Errorf("seal ballot: %w", err)
	}
	ct := s.encrypt(st, p)
	return ct, s.prove(st, p, prepared, ct), Opening{r: s.r}, nil
}

// keeps says which rule the bits break, if any.
func (p *plan) keeps(bits []bool) error {
	if len(bits) != p.shape.Bits {
		return fmt.Errorf("%d bits for a shape of %d: %w", len(bits), p.shape.Bits, ErrLength)
	}
	for j, c := range p.shape.Constraints {
		if total := totalOf(c.Terms, bits); total != uint64(c.Target) {
			return fmt.Errorf("constraint %d: total %d, want %d: %w", j+1, total, c.Target, ErrRule)
		}
	}
	return nil
}

func totalOf(terms []Term, bits []bool) uint64 {
	var total uint64
	for _, t := range terms {
		total += uint64(t.Weight) * uint64(bitOf(bits[t.Bit]))
	}
	return total
}

func bitOf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// secrets of one sealing. They live as long as the call.
type secrets struct {
	bits             []bool
	r, rho, alpha, s group.Scalar
	a                []group.Scalar
}

// drawSecrets reads r, ρ, α, s and then the free a_i in order from a stream
// keyed by fresh randomness, statement and choice; each bit that a constraint
// owns takes the value that makes the constraint's masks add up to zero.
func drawSecrets(rand io.Reader, st *Statement, p *plan, bits []bool) (*secrets, error) {
	var fresh [64]byte
	if _, err := io.ReadFull(rand, fresh[:]); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	t := transcript.New(labelNonce, st.ChainID, st.Election)
	t.Append(fresh[:])
	t.Append(st.Context)
	t.Append(p.encoded)
	for _, k := range st.Keys {
		t.AppendPoint(k.Point())
	}
	choice := make([]byte, len(bits))
	for i, b := range bits {
		choice[i] = byte(bitOf(b))
	}
	t.Append(choice)
	key := t.Sum()
	stream := sha3.NewSHAKE256()
	_, _ = stream.Write(key[:])
	draw := func() group.Scalar {
		var b [64]byte
		_, _ = stream.Read(b[:]) // an extendable output never ends
		return group.ScalarFromUniform64(b)
	}
	s := &secrets{bits: bits, r: draw(), rho: draw(), alpha: draw(), s: draw(), a: make([]group.Scalar, len(bits))}
	owned := make([]bool, len(bits))
	for _, i := range p.pivots {
		owned[i] = true
	}
	for i := range s.a {
		if !owned[i] {
			s.a[i] = draw()
		}
	}
	for j, c := range p.shape.Constraints {
		// Owned bits are still zero and each is in one constraint only.
		s.a[p.pivots[j]] = evaluate(c.Terms, s.a).Neg()
	}
	return s, nil
}

func (s *secrets) encrypt(st *Statement, p *plan) *elgamal.Ciphertext {
	ct := &elgamal.Ciphertext{R: group.BaseMul(s.r), C: make([]group.Point, len(st.Keys))}
	all := []*group.Point{&ct.R}
	for o, k := range st.Keys {
		ct.C[o] = k.Mul(s.r).Add(s.message(p.shape.Forms[o]))
		all = append(all, &ct.C[o])
	}
	group.ComputeEncodings(all...)
	return ct
}

// message returns m·B for the value m of a form, in a time that depends on the
// form alone.
func (s *secrets) message(form Form) group.Point {
	if slices.ContainsFunc(form, func(t Term) bool { return t.Weight != 1 }) {
		return group.BaseMul(group.ScalarFromUint64(totalOf(form, s.bits)))
	}
	var sum group.Point
	for _, t := range form {
		sum = sum.Add(group.SelectPoint(bitOf(s.bits[t.Bit]), group.Identity(), group.Basepoint()))
	}
	return sum
}

func (s *secrets) prove(st *Statement, p *plan, prepared *tables, ct *elgamal.Ciphertext) *Proof {
	proof := &Proof{}
	proof.v, proof.a = s.commit(prepared)
	challenges := newChallenger()
	y := challenges.y(st, p, ct, &proof.v, &proof.a)
	ys := powers(y, len(st.Keys))
	keys, exponents := make([]group.Point, len(st.Keys)), make([]group.Scalar, len(st.Keys))
	for o, k := range st.Keys {
		keys[o], exponents[o] = k.Point(), ys[o].Mul(group.ScalarFromUint64(1))
	}
	proof.f1 = group.BaseMul(s.s)
	joint := group.MultiScalarVartime(exponents, keys) // public
	proof.f2 = group.BaseMul(linkOf(p, ys, s.a)).Add(joint.Mul(s.s))
	group.ComputeEncodings(&proof.f1, &proof.f2)
	x := challenges.x(st, y, &proof.f1, &proof.f2)
	proof.f = make([]group.Scalar, len(s.a))
	for i, a := range s.a {
		proof.f[i] = a.Add(x.Mul(group.ScalarFromUint64(uint64(bitOf(s.bits[i])))))
	}
	proof.z = s.alpha.Add(x.Mul(s.rho))
	proof.u = s.s.Add(x.Mul(s.r))
	return proof
}

// commit returns V and A.
func (s *secrets) commit(prepared *tables) (v, a group.Point) {
	n := len(s.a)
	g, h := Generators(n)
	one := group.ScalarFromUint64(1)
	d1, d0 := make([]group.Scalar, n), make([]group.Scalar, n)
	for i, ai := range s.a {
		d1[i] = ai.Mul(one.Sub(group.ScalarFromUint64(uint64(2 * bitOf(s.bits[i])))))
		d0[i] = ai.Mul(ai).Neg()
	}
	if prepared != nil {
		v, a = group.BaseMul(s.rho), group.BaseMul(s.alpha)
		for i := range n {
			v = v.Add(prepared.h[i].Mul(d1[i]))
			a = a.Add(prepared.g[i].Mul(s.a[i])).Add(prepared.h[i].Mul(d0[i]))
		}
	} else {
		hAndBase := append(slices.Clone(h), group.Basepoint())
		v = group.MultiScalar(append(d1, s.rho), hAndBase)
		a = group.MultiScalar(slices.Concat(s.a, d0, []group.Scalar{s.alpha}), slices.Concat(g, hAndBase))
	}
	for i, b := range s.bits {
		v = v.Add(group.SelectPoint(bitOf(b), group.Identity(), g[i]))
	}
	group.ComputeEncodings(&v, &a)
	return v, a
}
