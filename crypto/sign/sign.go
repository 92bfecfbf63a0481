package sign

import (
	"errors"
	"fmt"
	"io"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/primitives/ed25519"
)

// Lengths in bytes.
const (
	PublicKeySize = 32
	SeedSize      = 32
	SignatureSize = 64
)

// Classes of refusal.
var (
	// ErrKey: the public key is no canonical point, or is of small order.
	ErrKey = errors.New("public key is not a canonical point of large order")
	// ErrSignature: the signature is malformed or does not fit key and message.
	ErrSignature = errors.New("signature does not verify")
)

// PrivateKey signs. It prints as a redaction and has no marshaller: who keeps
// a key keeps its seed.
type PrivateKey struct {
	key ed25519.PrivateKey
}

// NewPrivateKey expands a seed of 32 bytes (RFC 8032).
func NewPrivateKey(seed [SeedSize]byte) PrivateKey {
	return PrivateKey{key: ed25519.NewKeyFromSeed(seed[:])}
}

// GenerateKey draws a seed from r.
func GenerateKey(r io.Reader) (PrivateKey, error) {
	var seed [SeedSize]byte
	if _, err := io.ReadFull(r, seed[:]); err != nil {
		return PrivateKey{}, fmt.Errorf("read randomness for a signing key: %w", err)
	}
	return NewPrivateKey(seed), nil
}

// Public returns the encoded public key. The key must come from
// NewPrivateKey or GenerateKey.
func (k PrivateKey) Public() [PublicKeySize]byte {
	k.mustBeSet()
	return [PublicKeySize]byte(k.key[SeedSize:])
}

// Sign signs a message. Every message begins with a registered label, so that
// a signature of one purpose is none of another. The result is verified before
// it is returned: a faulty computation would reveal the key.
func (k PrivateKey) Sign(message []byte) [SignatureSize]byte {
	k.mustBeSet()
	sig, err := k.key.Sign(nil, message, &ed25519.Options{SelfVerify: true, Verify: ed25519.VerifyOptionsDefault})
	if err != nil {
		panic("sign: own signature does not verify: " + err.Error())
	}
	return [SignatureSize]byte(sig)
}

// Format prints a redaction for every verb.
func (k PrivateKey) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "sign.PrivateKey(redacted)")
}

func (k PrivateKey) mustBeSet() {
	if len(k.key) != ed25519.PrivateKeySize {
		panic("sign: private key used before it was made")
	}
}

// CheckPublicKey refuses, with ErrKey, a key under which Verify accepts
// nothing. Whatever registers a key on the ledger calls it first.
func CheckPublicKey(public [PublicKeySize]byte) error {
	c := curve.CompressedEdwardsY(public)
	var p curve.EdwardsPoint
	if _, err := p.SetCompressedY(&c); err != nil || !c.IsCanonicalVartime() || p.IsSmallOrder() {
		return fmt.Errorf("check public key %x: %w", public[:4], ErrKey)
	}
	return nil
}
