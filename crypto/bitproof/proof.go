package bitproof

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/elgamal"
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
	var points [4]group.Point
	const ofPoints = len(points) * group.Size
	if at, err := group.DecodePoints(points[:], b[:ofPoints]); err != nil {
		return nil, fmt.Errorf("decode proof: %s: %w", pointNames[at], err)
	}
	p, err := decodeResponses(bits, b[ofPoints:])
	if err != nil {
		return nil, fmt.Errorf("decode proof: %w", err)
	}
	p.setPoints(points[:])
	return p, nil
}

var pointNames = [4]string{"V", "A", "F1", "F2"}

func (p *Proof) setPoints(points []group.Point) {
	p.v, p.a, p.f1, p.f2 = points[0], points[1], points[2], points[3]
}

// decodeResponses reads f_1 ‖ … ‖ f_N ‖ z ‖ u, whose length is right.
func decodeResponses(bits int, b []byte) (*Proof, error) {
	next := func() []byte {
		head := b[:group.Size]
		b = b[group.Size:]
		return head
	}
	p := &Proof{f: make([]group.Scalar, bits)}
	var err error
	for i := range p.f {
		if p.f[i], err = group.DecodeScalar(next()); err != nil {
			return nil, fmt.Errorf("f_%d: %w", i+1, err)
		}
	}
	if p.z, err = group.DecodeScalar(next()); err != nil {
		return nil, fmt.Errorf("z: %w", err)
	}
	if p.u, err = group.DecodeScalar(next()); err != nil {
		return nil, fmt.Errorf("u: %w", err)
	}
	return p, nil
}

// DecodeBallot reads the parts of a sealed ballot as it is cast, for a shape of
// so many bits: it is elgamal.DecodeParts and DecodeProof in about two thirds of
// their time, since it decodes the elements of both together. Refusals are theirs.
func DecodeBallot(bits, n int, r, c, proof []byte) (*elgamal.Ciphertext, *Proof, error) {
	if bits < 1 || bits > MaxBits || len(proof) != ProofSize(bits) || n < 1 || n > MaxForms || len(r) != group.Size || len(c) != n*group.Size {
		return decodeApart(bits, n, r, c, proof)
	}
	const ofPoints = len(pointNames) * group.Size
	joined := make([]byte, 0, len(r)+len(c)+ofPoints)
	joined = append(append(append(joined, r...), c...), proof[:ofPoints]...)
	points := make([]group.Point, n+1+len(pointNames))
	if _, err := group.DecodePoints(points, joined); err != nil {
		return decodeApart(bits, n, r, c, proof)
	}
	for i := range points[:n+1] {
		if points[i].IsIdentity() {
			return decodeApart(bits, n, r, c, proof)
		}
	}
	p, err := decodeResponses(bits, proof[ofPoints:])
	if err != nil {
		return nil, nil, fmt.Errorf("decode proof: %w", err)
	}
	p.setPoints(points[n+1:])
	return &elgamal.Ciphertext{R: points[0], C: points[1 : n+1 : n+1]}, p, nil
}

// decodeApart says what is wrong with a ballot.
func decodeApart(bits, n int, r, c, proof []byte) (*elgamal.Ciphertext, *Proof, error) {
	ct, err := elgamal.DecodeParts(n, r, c)
	if err != nil {
		return nil, nil, err
	}
	p, err := DecodeProof(bits, proof)
	if err != nil {
		return nil, nil, err
	}
	return ct, p, nil
}
