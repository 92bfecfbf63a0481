package group

import (
	"fmt"
	"io"
)

// Scalar is an integer modulo the group order q, always reduced. Scalars are
// often secret, so printing one in any format yields a redaction; Encode is
// the only way out, and arithmetic is constant-time.
type Scalar struct {
	n limbs
}

// ScalarFromUint64 returns v.
func ScalarFromUint64(v uint64) Scalar { return Scalar{n: limbs{v}} }

// ScalarFromUniform64 reduces 64 bytes, little-endian, modulo q. The result is
// uniform if the bytes are.
func ScalarFromUniform64(b [64]byte) Scalar {
	low, high := readLimbs(b[:Size]), readLimbs(b[Size:])
	low, high = montgomery(&low, &oneR), montgomery(&high, &oneR2)
	return Scalar{n: addLimbs(&low, &high)}
}

// RandomScalar draws a uniform scalar from 64 bytes of r.
func RandomScalar(r io.Reader) (Scalar, error) {
	var b [64]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return Scalar{}, fmt.Errorf("read randomness for a scalar: %w", err)
	}
	return ScalarFromUniform64(b), nil
}

// DecodeScalar reads the canonical encoding: 32 bytes, little-endian, less
// than q. Refusals: ErrLength, ErrNotCanonical.
func DecodeScalar(b []byte) (Scalar, error) {
	if len(b) != Size {
		return Scalar{}, fmt.Errorf("decode scalar of %d bytes: %w", len(b), ErrLength)
	}
	n := readLimbs(b)
	if _, below := minusOrder(&n); below == 0 {
		return Scalar{}, fmt.Errorf("decode scalar: %w", ErrNotCanonical)
	}
	return Scalar{n: n}, nil
}

// Encode returns the canonical encoding.
func (s Scalar) Encode() [Size]byte { return s.n.encode() }

// Words returns the number in four words, lowest first, for arithmetic below
// this package.
func (s Scalar) Words() [4]uint64 { return s.n }

// Add returns s + t.
func (s Scalar) Add(t Scalar) Scalar { return Scalar{n: addLimbs(&s.n, &t.n)} }

// Sub returns s - t.
func (s Scalar) Sub(t Scalar) Scalar { return Scalar{n: subLimbs(&s.n, &t.n)} }

// Mul returns s·t.
func (s Scalar) Mul(t Scalar) Scalar { return s.Factor().Mul(t) }

// Neg returns -s.
func (s Scalar) Neg() Scalar { return Scalar{}.Sub(s) }

// Inverse returns 1/s, or ErrZero.
func (s Scalar) Inverse() (Scalar, error) {
	if s.IsZero() {
		return Scalar{}, fmt.Errorf("invert scalar: %w", ErrZero)
	}
	inverse := s.library()
	inverse.Invert(inverse)
	var e [Size]byte
	if err := inverse.ToBytes(e[:]); err != nil {
		panic("group: scalar does not fit its encoding: " + err.Error())
	}
	return Scalar{n: readLimbs(e[:])}, nil
}

// Equal reports whether s and t are the same number, in constant time.
func (s Scalar) Equal(t Scalar) bool {
	var d uint64
	for i := range s.n {
		d |= s.n[i] ^ t.n[i]
	}
	return d == 0
}

// IsZero reports whether s is 0, in constant time.
func (s Scalar) IsZero() bool { return s.Equal(Scalar{}) }

// Format prints a redaction for every verb.
func (s Scalar) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "group.Scalar(redacted)")
}

// Factor is a scalar that multiplies many others, each at half the price of
// Scalar.Mul. It prints as a redaction too.
type Factor struct {
	n limbs // the scalar times 2^256
}

// Factor returns s as a factor.
func (s Scalar) Factor() Factor { return Factor{n: montgomery(&s.n, &oneR2)} }

// Mul returns the product of the factor and t.
func (f Factor) Mul(t Scalar) Scalar { return Scalar{n: montgomery(&f.n, &t.n)} }

// Times returns the product of two factors as a factor.
func (f Factor) Times(g Factor) Factor { return Factor{n: montgomery(&f.n, &g.n)} }

// Format prints a redaction for every verb.
func (f Factor) Format(st fmt.State, _ rune) {
	_, _ = io.WriteString(st, "group.Factor(redacted)")
}
