package group

import (
	"fmt"
	"io"

	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// Scalar is an integer modulo the group order q, always reduced. Scalars are
// often secret, so printing one in any format yields a redaction; Encode is
// the only way out.
type Scalar struct {
	inner scalar.Scalar
}

// ScalarFromUint64 returns v.
func ScalarFromUint64(v uint64) Scalar {
	var s Scalar
	s.inner.SetUint64(v)
	return s
}

// ScalarFromUniform64 reduces 64 bytes, little-endian, modulo q. The result is
// uniform if the bytes are.
func ScalarFromUniform64(b [64]byte) Scalar {
	var s Scalar
	if _, err := s.inner.SetBytesModOrderWide(b[:]); err != nil {
		panic("group: 64 bytes refused as a wide scalar: " + err.Error())
	}
	return s
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
	var s Scalar
	if _, err := s.inner.SetCanonicalBytes(b); err != nil {
		return Scalar{}, fmt.Errorf("decode scalar: %w", ErrNotCanonical)
	}
	return s, nil
}

// Encode returns the canonical encoding.
func (s Scalar) Encode() [Size]byte {
	var out [Size]byte
	if err := s.inner.ToBytes(out[:]); err != nil {
		panic("group: scalar does not fit its encoding: " + err.Error())
	}
	return out
}

// Add returns s + t.
func (s Scalar) Add(t Scalar) Scalar {
	var out Scalar
	out.inner.Add(&s.inner, &t.inner)
	return out
}

// Sub returns s - t.
func (s Scalar) Sub(t Scalar) Scalar {
	var out Scalar
	out.inner.Sub(&s.inner, &t.inner)
	return out
}

// Mul returns s·t.
func (s Scalar) Mul(t Scalar) Scalar {
	var out Scalar
	out.inner.Mul(&s.inner, &t.inner)
	return out
}

// Neg returns -s.
func (s Scalar) Neg() Scalar {
	var out Scalar
	out.inner.Neg(&s.inner)
	return out
}

// Inverse returns 1/s, or ErrZero.
func (s Scalar) Inverse() (Scalar, error) {
	if s.IsZero() {
		return Scalar{}, fmt.Errorf("invert scalar: %w", ErrZero)
	}
	var out Scalar
	out.inner.Invert(&s.inner)
	return out, nil
}

// Equal reports whether s and t are the same number, in constant time.
func (s Scalar) Equal(t Scalar) bool { return s.inner.Equal(&t.inner) == 1 }

// IsZero reports whether s is 0, in constant time.
func (s Scalar) IsZero() bool { return s.Equal(Scalar{}) }

// Format prints a redaction for every verb.
func (s Scalar) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "group.Scalar(redacted)")
}
