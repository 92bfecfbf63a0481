package bitproof

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/group"
)

// Proof is the public proof of one ballot, made by Prove or read by DecodeProof.
type Proof struct {
	v, a, f1, f2 group.Point
	f            []group.Scalar
	z, u         group.Scalar
}

// ProofSize is the length in bytes of the encoded proof for a shape of so many bits.
func ProofSize(bits int) int { return group.Size * (bits + 6) }

// Encode returns V ‖ A ‖ F1 ‖ F2 ‖ f_1 ‖ … ‖ f_N ‖ z ‖ u.
func (p *Proof) Encode() []byte {
	out := make([]byte, 0, ProofSize(len(p.f)))
	for _, pt := range []*group.Point{&p.v, &p.a, &p.f1, &p.f2} {
		e := pt.Encode()
		out = append(out, e[:]...)
	}
	for i := range p.f {
		e := p.f[i].Encode()
		out = append(out, e[:]...)
	}
	z, u := p.z.Encode(), p.u.Encode()
	return append(append(out, z[:]...), u[:]...)
}

// DecodeProof reads exactly what Encode writes for a shape of so many bits.
// Refusals: ErrLength, group.ErrNotCanonical.
func DecodeProof(bits int, b []byte) (*Proof, error) {
	if bits < 1 || bits > MaxBits || len(b) != ProofSize(bits) {
		return nil, fmt.Errorf("decode proof of %d bits: %d bytes: %w", bits, len(b), ErrLength)
	}
	next := func() []byte {
		head := b[:group.Size]
		b = b[group.Size:]
		return head
	}
	p := &Proof{f: make([]group.Scalar, bits)}
	var err error
	for _, field := range []struct {
		name string
		into *group.Point
	}{{"V", &p.v}, {"A", &p.a}, {"F1", &p.f1}, {"F2", &p.f2}} {
		if *field.into, err = group.DecodePoint(next()); err != nil {
			return nil, fmt.Errorf("decode proof: %s: %w", field.name, err)
		}
	}
	for i := range p.f {
		if p.f[i], err = group.DecodeScalar(next()); err != nil {
			return nil, fmt.Errorf("decode proof: f_%d: %w", i+1, err)
		}
	}
	if p.z, err = group.DecodeScalar(next()); err != nil {
		return nil, fmt.Errorf("decode proof: z: %w", err)
	}
	if p.u, err = group.DecodeScalar(next()); err != nil {
		return nil, fmt.Errorf("decode proof: u: %w", err)
	}
	return p, nil
}
