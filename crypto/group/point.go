package group

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// Size is the length of the encoding of a Point or a Scalar in bytes.
const Size = 32

// What a Point holds. The zero value is the identity: the library's own zero
// value is no group element and compares equal to every one.
const (
	holdsIdentity uint8 = iota
	holdsPoint
	holdsEncoding // the point and its encoding
)

// Point is an element of ristretto255. It is a value: copies are independent.
// A decoded Point remembers its encoding, because compressing one costs as
// much as adding it to a large multi-scalar multiplication.
type Point struct {
	inner   curve.RistrettoPoint
	encoded [Size]byte
	holds   uint8
}

var (
	identity  = curve.NewRistrettoPoint()
	basepoint = fromInner(*curve.RISTRETTO_BASEPOINT_POINT).WithEncoding()
)

func fromInner(p curve.RistrettoPoint) Point {
	return Point{inner: p, holds: holdsPoint}
}

// ref is the library's view of p. The result must not be written to.
func (p *Point) ref() *curve.RistrettoPoint {
	if p.holds == holdsIdentity {
		return identity
	}
	return &p.inner
}

// Identity is the neutral element.
func Identity() Point { return Point{} }

// Basepoint is B, the generator of RFC 9496.
func Basepoint() Point { return basepoint }

// DecodePoint reads the canonical encoding of an element, which may be the
// identity. Refusals: ErrLength, ErrNotCanonical.
func DecodePoint(b []byte) (Point, error) {
	if len(b) != Size {
		return Point{}, fmt.Errorf("decode element of %d bytes: %w", len(b), ErrLength)
	}
	var c curve.CompressedRistretto
	copy(c[:], b)
	p := Point{encoded: c, holds: holdsEncoding}
	if _, err := p.inner.SetCompressed(&c); err != nil {
		return Point{}, fmt.Errorf("decode element: %w", ErrNotCanonical)
	}
	return p, nil
}

// DecodeNonIdentity is DecodePoint for places where the identity is refused,
// with ErrIdentity.
func DecodeNonIdentity(b []byte) (Point, error) {
	p, err := DecodePoint(b)
	if err != nil {
		return Point{}, err
	}
	if p.encoded == [Size]byte{} {
		return Point{}, fmt.Errorf("decode element: %w", ErrIdentity)
	}
	return p, nil
}

// Encode returns the canonical encoding.
func (p Point) Encode() [Size]byte {
	switch p.holds {
	case holdsIdentity:
		return [Size]byte{}
	case holdsEncoding:
		return p.encoded
	}
	var c curve.CompressedRistretto
	c.SetRistrettoPoint(&p.inner)
	return c
}

// WithEncoding returns the same element with its encoding computed, so that
// every later Encode is free.
func (p Point) WithEncoding() Point {
	if p.holds == holdsPoint {
		p.encoded, p.holds = p.Encode(), holdsEncoding
	}
	return p
}

// Add returns p + q.
func (p Point) Add(q Point) Point {
	var out curve.RistrettoPoint
	out.Add(p.ref(), q.ref())
	return fromInner(out)
}

// Sub returns p - q.
func (p Point) Sub(q Point) Point {
	var out curve.RistrettoPoint
	out.Sub(p.ref(), q.ref())
	return fromInner(out)
}

// Neg returns -p.
func (p Point) Neg() Point {
	var out curve.RistrettoPoint
	out.Neg(p.ref())
	return fromInner(out)
}

// Mul returns s·p in constant time.
func (p Point) Mul(s Scalar) Point {
	var out curve.RistrettoPoint
	out.Mul(p.ref(), s.library())
	return fromInner(out)
}

// Equal reports whether p and q are the same element.
func (p Point) Equal(q Point) bool {
	if p.holds == holdsEncoding && q.holds == holdsEncoding {
		return bytes.Equal(p.encoded[:], q.encoded[:])
	}
	return p.ref().Equal(q.ref()) == 1
}

// IsIdentity reports whether p is the neutral element.
func (p Point) IsIdentity() bool {
	if p.holds == holdsEncoding {
		return p.encoded == [Size]byte{}
	}
	return p.ref().Equal(identity) == 1
}

// String is the encoding in hexadecimal.
func (p Point) String() string {
	e := p.Encode()
	return hex.EncodeToString(e[:])
}

// BaseMul returns s·B in constant time.
func BaseMul(s Scalar) Point {
	var out curve.RistrettoPoint
	out.MulBasepoint(curve.RISTRETTO_BASEPOINT_TABLE, s.library())
	return fromInner(out)
}

// SelectPoint returns zero if bit is 0 and one if bit is 1, in constant time.
func SelectPoint(bit int, zero, one Point) Point {
	var out curve.RistrettoPoint
	out.ConditionalSelect(zero.ref(), one.ref(), bit)
	return fromInner(out)
}

// MultiScalar returns Σ scalars[i]·points[i] in constant time: only the number
// of terms shows. The slices must have the same length.
func MultiScalar(scalars []Scalar, points []Point) Point {
	ss, ps := refs(scalars, points)
	var out curve.RistrettoPoint
	out.MultiscalarMul(ss, ps)
	return fromInner(out)
}

// MultiScalarVartime returns Σ scalars[i]·points[i]. Public values only.
// The slices must have the same length.
func MultiScalarVartime(scalars []Scalar, points []Point) Point {
	terms := make([]*Point, len(points))
	for i := range points {
		terms[i] = &points[i]
	}
	return SumVartime(scalars, terms)
}

// SumVartime is MultiScalarVartime of points that stay where they are.
func SumVartime(scalars []Scalar, points []*Point) Point {
	if len(scalars) != len(points) {
		panic("group: multi-scalar multiplication of slices of different lengths")
	}
	if len(points) == 0 {
		return Identity()
	}
	if sum, done := sumWide(scalars, points); done {
		return sum
	}
	ss, ps := make([]*scalar.Scalar, len(points)), make([]*curve.RistrettoPoint, len(points))
	for i := range points {
		ss[i], ps[i] = scalars[i].library(), points[i].ref()
	}
	var out curve.RistrettoPoint
	out.MultiscalarMulVartime(ss, ps)
	return fromInner(out)
}

func refs(scalars []Scalar, points []Point) ([]*scalar.Scalar, []*curve.RistrettoPoint) {
	if len(scalars) != len(points) {
		panic("group: multi-scalar multiplication of slices of different lengths")
	}
	ss := make([]*scalar.Scalar, len(scalars))
	ps := make([]*curve.RistrettoPoint, len(points))
	for i := range scalars {
		ss[i], ps[i] = scalars[i].library(), points[i].ref()
	}
	return ss, ps
}
