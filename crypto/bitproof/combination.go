package bitproof

import "github.com/urna-vote/urna/crypto/group"

// combination is a linear combination of the equations of claims, written as
// one sum of multiples of points that must vanish. Bases that claims share —
// B, the generators and the keys — are collected, so that a claim adds only its
// own n + 5 points.
type combination struct {
	base    group.Scalar   // of B
	g, h    []group.Scalar // of G_1.., H_1..
	keyAt   map[[group.Size]byte]int
	keys    []group.Point
	ofKeys  []group.Scalar
	points  []group.Point
	scalars []group.Scalar
}

func newCombination() *combination {
	return &combination{keyAt: make(map[[group.Size]byte]int)}
}

// add adds weights[0]·(1) + weights[1]·(2) + weights[2]·(3), each equation
// taken as left side minus right side.
func (s *combination) add(d *digested, weights [3]group.Scalar) {
	proof, ct := d.claim.Proof, d.claim.Ciphertext
	e1, e2, e3 := weights[0], weights[1], weights[2]
	s.grow(len(proof.f))
	// (1) x·V + A - Σ f_i·G_i - Σ f_i(x - f_i)·H_i - z·B
	s.put(e1.Mul(d.x), proof.v)
	s.put(e1, proof.a)
	for i, f := range proof.f {
		ef := e1.Mul(f)
		s.g[i] = s.g[i].Sub(ef)
		s.h[i] = s.h[i].Sub(ef.Mul(d.x.Sub(f)))
	}
	// (2) x·R + F1 - u·B
	s.put(e2.Mul(d.x), ct.R)
	s.put(e2, proof.f1)
	// (3) x·Σ y^o·C_o + F2 - link·B - u·Σ y^o·K_o
	s.put(e3, proof.f2)
	ex, eu := e3.Mul(d.x), e3.Mul(proof.u)
	for o, power := range d.powers {
		s.put(ex.Mul(power), ct.C[o])
		at := s.key(d.claim.Statement.Keys[o].Point())
		s.ofKeys[at] = s.ofKeys[at].Sub(eu.Mul(power))
	}
	right := e1.Mul(proof.z).Add(e2.Mul(proof.u)).Add(e3.Mul(d.link))
	s.base = s.base.Sub(right)
}

func (s *combination) put(scalar group.Scalar, point group.Point) {
	if scalar.IsZero() {
		return
	}
	s.scalars, s.points = append(s.scalars, scalar), append(s.points, point)
}

func (s *combination) grow(bits int) {
	if more := bits - len(s.g); more > 0 {
		s.g = append(s.g, make([]group.Scalar, more)...)
		s.h = append(s.h, make([]group.Scalar, more)...)
	}
}

func (s *combination) key(p group.Point) int {
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
	s.put(s.base, group.Basepoint())
	for _, shared := range []struct {
		scalars []group.Scalar
		points  []group.Point
	}{{s.g, g}, {s.h, h}, {s.ofKeys, s.keys}} {
		for i := range shared.scalars {
			s.put(shared.scalars[i], shared.points[i])
		}
	}
	return group.MultiScalarVartime(s.scalars, s.points).IsIdentity()
}
