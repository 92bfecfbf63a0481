package bitproof

import (
	"sync"

	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
)

// combination is a linear combination of the equations of claims, written as
// one sum of multiples of points that must vanish. Bases that claims share —
// B, the generators and the keys — are collected, so that a claim adds only its
// own n + 5 points.
type combination struct {
	base   group.Scalar   // of B
	g, h   []group.Scalar // of G_1.., H_1..
	keyAt  map[[group.Size]byte]int
	listAt map[keyList][]int // of a list of keys, where its keys are
	keys   []*group.Point
	ofKeys []group.Scalar

	powers  []group.Factor // of the claim being added
	points  []*group.Point
	scalars []group.Scalar
}

// keyList names the list of keys of a statement by its place in memory. Claims
// of one style share it.
type keyList struct {
	first *elgamal.Key
	n     int
}

func listOf(keys []elgamal.Key) keyList { return keyList{&keys[0], len(keys)} }

// combinations keeps the memory of finished ones.
var combinations = sync.Pool{New: func() any {
	return &combination{keyAt: make(map[[group.Size]byte]int), listAt: make(map[keyList][]int)}
}}

func newCombination() *combination { return combinations.Get().(*combination) }

// release gives the memory back. Nothing of a claim stays in it.
func (s *combination) release() {
	clear(s.keyAt)
	clear(s.listAt)
	clear(s.keys)
	clear(s.points)
	*s = combination{
		keyAt: s.keyAt, listAt: s.listAt, g: s.g[:0], h: s.h[:0], keys: s.keys[:0], ofKeys: s.ofKeys[:0],
		powers: s.powers[:0], points: s.points[:0], scalars: s.scalars[:0],
	}
	combinations.Put(s)
}

// add adds weights[0]·(1) + weights[1]·(2) + weights[2]·(3), each equation
// taken as left side minus right side.
func (s *combination) add(d *digested, weights [3]group.Scalar) {
	proof, ct := d.claim.Proof, d.claim.Ciphertext
	e1, e2, e3 := weights[0].Factor(), weights[1].Factor(), weights[2].Factor()
	s.grow(len(proof.f))
	// (1) x·V + A - Σ f_i·G_i - Σ f_i(x - f_i)·H_i - z·B
	s.put(e1.Mul(d.x), &proof.v)
	s.put(weights[0], &proof.a)
	for i, f := range proof.f {
		ef := e1.Mul(f)
		s.g[i] = s.g[i].Sub(ef)
		s.h[i] = s.h[i].Sub(ef.Mul(d.x.Sub(f)))
	}
	// (2) x·R + F1 - u·B
	s.put(e2.Mul(d.x), &ct.R)
	s.put(weights[1], &proof.f1)
	// (3) x·Σ y^o·C_o + F2 - link·B - u·Σ y^o·K_o
	s.put(weights[2], &proof.f2)
	s.raise(d.y, len(ct.C))
	ex, eu := e3.Mul(d.x), e3.Mul(proof.u)
	at := s.places(d.claim.Statement.Keys)
	for o, power := range s.powers {
		s.put(power.Mul(ex), &ct.C[o])
		s.ofKeys[at[o]] = s.ofKeys[at[o]].Sub(power.Mul(eu))
	}
	link := linkOf(d.plan, s.powers, proof.f)
	right := e1.Mul(proof.z).Add(e2.Mul(proof.u)).Add(e3.Mul(link))
	s.base = s.base.Sub(right)
}

func (s *combination) put(scalar group.Scalar, point *group.Point) {
	if scalar.IsZero() {
		return
	}
	s.scalars, s.points = append(s.scalars, scalar), append(s.points, point)
}

func (s *combination) grow(bits int) {
	for len(s.g) < bits {
		s.g, s.h = append(s.g, group.Scalar{}), append(s.h, group.Scalar{})
	}
}

// raise sets the powers y, y², …, y^n.
func (s *combination) raise(y group.Scalar, n int) {
	s.powers = appendPowers(s.powers[:0], y, n)
}

// places returns where the keys of a list are collected.
func (s *combination) places(keys []elgamal.Key) []int {
	list := listOf(keys)
	if at, known := s.listAt[list]; known {
		return at
	}
	at := make([]int, len(keys))
	for o := range keys {
		at[o] = s.place(keys[o].Element())
	}
	s.listAt[list] = at
	return at
}

func (s *combination) place(p *group.Point) int {
	e := p.Encode()
	at, known := s.keyAt[e]
	if !known {
		at = len(s.keys)
		s.keyAt[e] = at
		s.keys, s.ofKeys = append(s.keys, p), append(s.ofKeys, group.Scalar{})
	}
	return at
}

// vanishes computes the sum. It may be called once.
func (s *combination) vanishes() bool {
	g, h := Generators(len(s.g))
	base := group.Basepoint()
	s.put(s.base, &base)
	for i := range s.g {
		s.put(s.g[i], &g[i])
		s.put(s.h[i], &h[i])
	}
	for i := range s.keys {
		s.put(s.ofKeys[i], s.keys[i])
	}
	return group.SumVartime(s.scalars, s.points).IsIdentity()
}
