package elgamal

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/group"
)

// Ciphertext is one ballot's encrypted slots, in slot order.
type Ciphertext struct {
	R group.Point
	C []group.Point
}

// DecodeCiphertext reads a ciphertext of n slots. No element may be the
// identity: R = 0 would show the messages. Refusals: ErrLength and those of
// package group.
func DecodeCiphertext(n int, b []byte) (*Ciphertext, error) {
	if !holds(b, n, 1) {
		return nil, fmt.Errorf("decode ciphertext: %d bytes do not hold R and %d slots: %w", len(b), n, ErrLength)
	}
	return DecodeParts(n, b[:group.Size], b[group.Size:])
}

// DecodeParts is DecodeCiphertext for a message that carries R and
// C_1 ‖ … ‖ C_n in two fields.
func DecodeParts(n int, r, c []byte) (*Ciphertext, error) {
	if !holds(c, n, 0) {
		return nil, fmt.Errorf("decode ciphertext: C of %d bytes does not hold %d slots: %w", len(c), n, ErrLength)
	}
	if len(r) != group.Size {
		return nil, fmt.Errorf("decode ciphertext: R is %d bytes, want %d: %w", len(r), group.Size, ErrLength)
	}
	var out Ciphertext
	var err error
	if out.R, err = group.DecodeNonIdentity(r); err != nil {
		return nil, fmt.Errorf("decode ciphertext: R: %w", err)
	}
	if out.C, err = decodePoints(c); err != nil {
		return nil, fmt.Errorf("decode ciphertext: C_%w", err)
	}
	return &out, nil
}

// Encode returns R ‖ C_1 ‖ … ‖ C_n.
func (c *Ciphertext) Encode() []byte {
	r := c.R.Encode()
	return append(r[:], group.EncodePoints(c.C)...)
}

// holds reports whether b has room for exactly n elements, at least one, and
// so many extra ones. It divides, so that no n overflows.
func holds(b []byte, n, extra int) bool {
	return n >= 1 && len(b)%group.Size == 0 && len(b)/group.Size-extra == n
}

// decodeAny reads a concatenation of elements. Its errors begin with the
// number, from 1, of the element at fault.
func decodeAny(b []byte) ([]group.Point, error) {
	if len(b) == 0 || len(b)%group.Size != 0 {
		return nil, fmt.Errorf("1: %d bytes are no sequence of elements: %w", len(b), ErrLength)
	}
	out := make([]group.Point, len(b)/group.Size)
	if at, err := group.DecodePoints(out, b); err != nil {
		return out[:at], fmt.Errorf("%d: %w", at+1, err)
	}
	return out, nil
}

// decodePoints is decodeAny where the identity is refused.
func decodePoints(b []byte) ([]group.Point, error) {
	out, err := decodeAny(b)
	for i := range out {
		if out[i].IsIdentity() {
			return nil, fmt.Errorf("%d: decode element: %w", i+1, group.ErrIdentity)
		}
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}
