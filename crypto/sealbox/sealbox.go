package sealbox

import (
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/mlkem"
	"errors"
	"fmt"
	"io"
)

// Lengths in bytes.
const (
	// PublicKeySize is the length of an encoded public key.
	PublicKeySize = mlkem.EncapsulationKeySize768 + x25519Size
	// Overhead is how much longer a box is than what it holds.
	Overhead = mlkem.CiphertextSize768 + x25519Size + tagSize
	// MinSeed is the least length of the material a key is derived from.
	MinSeed = 32

	x25519Size = 32
	tagSize    = 16
)

// The classes of refusal of this package.
var (
	// ErrKey: the bytes are no public key, or not its canonical spelling.
	ErrKey = errors.New("not a canonical HPKE key")
	// ErrOpen: the box was not made for this key and this place, or was changed.
	ErrOpen = errors.New("box does not open")
)

// PublicKey is what one seals to.
type PublicKey struct {
	key hpke.PublicKey
}

// PrivateKey opens what was sealed to its public half.
type PrivateKey struct {
	key hpke.PrivateKey
}

// DecodePublicKey reads a public key.
func DecodePublicKey(b []byte) (*PublicKey, error) {
	if len(b) != PublicKeySize {
		return nil, fmt.Errorf("decode HPKE key of %d bytes, need %d: %w", len(b), PublicKeySize, ErrKey)
	}
	if err := checkX25519(b[mlkem.EncapsulationKeySize768:]); err != nil {
		return nil, fmt.Errorf("decode HPKE key: %w", err)
	}
	key, err := hpke.MLKEM768X25519().NewPublicKey(b)
	if err != nil {
		return nil, fmt.Errorf("decode HPKE key (%v): %w", err, ErrKey)
	}
	return &PublicKey{key: key}, nil
}

// checkX25519 refuses the second spellings of a key (numbers from 2^255 - 19 on,
// little-endian) and keys under which the shared secret does not depend on the
// private key.
func checkX25519(b []byte) error {
	reduced := b[31] < 0x7f || b[0] < 0xed
	for _, c := range b[1:31] {
		reduced = reduced || c != 0xff
	}
	if b[31] > 0x7f || !reduced {
		return fmt.Errorf("X25519 part is not reduced: %w", ErrKey)
	}
	public, err := ecdh.X25519().NewPublicKey(b)
	if err != nil {
		return fmt.Errorf("X25519 part (%v): %w", err, ErrKey)
	}
	// Any private key is a multiple of the cofactor: a point of small order
	// gives zero with each, and ECDH refuses that.
	one := make([]byte, x25519Size)
	one[0] = 1
	private, err := ecdh.X25519().NewPrivateKey(one)
	if err != nil {
		return fmt.Errorf("X25519 check (%v): %w", err, ErrKey)
	}
	if _, err := private.ECDH(public); err != nil {
		return fmt.Errorf("X25519 part is of small order: %w", ErrKey)
	}
	return nil
}

// Encode is the canonical encoding.
func (k *PublicKey) Encode() []byte {
	return k.key.Bytes()
}

// GenerateKey makes a key from the system's randomness.
func GenerateKey() (*PrivateKey, error) {
	key, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("generate HPKE key: %w", err)
	}
	return &PrivateKey{key: key}, nil
}

// DeriveKey makes the key that belongs to the material: at least 32 bytes, secret,
// with a label of its own in front. The same material gives the same key.
func DeriveKey(material []byte) (*PrivateKey, error) {
	if len(material) < MinSeed {
		return nil, fmt.Errorf("derive HPKE key from %d bytes, need %d: %w", len(material), MinSeed, ErrKey)
	}
	key, err := hpke.MLKEM768X25519().DeriveKeyPair(material)
	if err != nil {
		return nil, fmt.Errorf("derive HPKE key: %w", err)
	}
	return &PrivateKey{key: key}, nil
}

// Public is the public half.
func (k *PrivateKey) Public() *PublicKey {
	return &PublicKey{key: k.key.PublicKey()}
}

// Format prints a redaction.
func (PrivateKey) Format(f fmt.State, _ rune) {
	io.WriteString(f, "[HPKE private key]")
}

// Seal closes a message for the holder of the key. Info names the place of the
// box; it must be an injective encoding that begins with a registered label.
func (k *PublicKey) Seal(info, message []byte) ([]byte, error) {
	box, err := hpke.Seal(k.key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info, message)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return box, nil
}

// Open opens a box that was sealed with the same info.
func (k *PrivateKey) Open(info, box []byte) ([]byte, error) {
	if len(box) < Overhead {
		return nil, fmt.Errorf("open box of %d bytes: %w", len(box), ErrOpen)
	}
	message, err := hpke.Open(k.key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info, box)
	if err != nil {
		return nil, fmt.Errorf("open box of %d bytes: %w", len(box), ErrOpen)
	}
	return message, nil
}
