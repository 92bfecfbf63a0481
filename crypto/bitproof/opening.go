package bitproof

import (
	"errors"
	"fmt"
	"io"

	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
)

// ErrOpening: a ciphertext is not the encryption of the shown values under the
// shown randomness.
var ErrOpening = errors.New("opening does not fit the ciphertext")

// Opening is the randomness r of one sealed ballot. It prints as a redaction
// and has no marshaller; Reveal is called when, and only when, the voter
// chose to open the ballot instead of casting it.
type Opening struct {
	r group.Scalar
}

// Reveal returns the encoding of r.
func (o Opening) Reveal() [32]byte { return o.r.Encode() }

// DecodeOpening reads what Reveal returned. Refusals are those of package group.
func DecodeOpening(b []byte) (Opening, error) {
	r, err := group.DecodeScalar(b)
	if err != nil {
		return Opening{}, fmt.Errorf("decode opening: %w", err)
	}
	return Opening{r: r}, nil
}

// Format prints a redaction for every verb.
func (o Opening) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "bitproof.Opening(redacted)")
}

// CheckOpening is what the second device does with an opened ballot: it
// encrypts the values it was shown, one per slot, and compares. Refusals:
// ErrLength, ErrOpening.
func CheckOpening(keys []elgamal.Key, ct *elgamal.Ciphertext, values []uint64, o Opening) error {
	if len(keys) != len(ct.C) || len(values) != len(ct.C) {
		return fmt.Errorf("check opening: %d keys and %d values for %d slots: %w", len(keys), len(values), len(ct.C), ErrLength)
	}
	if !group.BaseMul(o.r).Equal(ct.R) {
		return fmt.Errorf("check opening: R: %w", ErrOpening)
	}
	for i, k := range keys {
		if !k.Mul(o.r).Add(group.BaseMul(group.ScalarFromUint64(values[i]))).Equal(ct.C[i]) {
			return fmt.Errorf("check opening: C_%d does not hold %d: %w", i+1, values[i], ErrOpening)
		}
	}
	return nil
}

// Values returns the messages of the ciphertexts of these bits, one per form:
// what a device shows for an opened ballot.
func Values(shape *Shape, bits []bool) ([]uint64, error) {
	p, err := compile(shape)
	if err != nil {
		return nil, fmt.Errorf("read values: %w", err)
	}
	if err := p.keeps(bits); err != nil {
		return nil, fmt.Errorf("read values: %w", err)
	}
	out := make([]uint64, len(shape.Forms))
	for o, f := range shape.Forms {
		out[o] = totalOf(f, bits)
	}
	return out, nil
}
