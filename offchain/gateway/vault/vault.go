package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// KeySize in bytes.
const KeySize = 32

// version of sealed values.
const version = 1

// Overhead is how much longer a sealed value is than the plain one.
const Overhead = 1 + 12 + 16

// ErrSealed: a sealed value does not open: another key, another purpose or id,
// or bytes that changed.
var ErrSealed = errors.New("sealed value does not open under this key, purpose and id")

// Key of a gateway's vault, made by NewKey, CreateKey or LoadKey. It prints as a
// redaction and has no marshaller.
type Key struct {
	// secret is behind a function, which prints as an address where Format is not
	// asked: in fields that are not exported.
	secret func() *[KeySize]byte
}

func hold(secret *[KeySize]byte) Key { return Key{secret: func() *[KeySize]byte { return secret }} }

// NewKey draws a key.
func NewKey(random io.Reader) (Key, error) {
	secret := new([KeySize]byte)
	if _, err := io.ReadFull(random, secret[:]); err != nil {
		return Key{}, fmt.Errorf("draw vault key: %w", err)
	}
	return hold(secret), nil
}

// Format prints a redaction for every verb.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[vault key]") }

// derive gives the key of a use and purpose.
func (k Key) derive(use, purpose string) []byte {
	derived, err := hkdf.Key(sha256.New, k.secret()[:], nil, use+purpose, KeySize)
	if err != nil {
		panic(fmt.Sprintf("vault: derive a key of 32 bytes: %v", err)) // fails for longer keys only
	}
	return derived
}

func (k Key) aead(purpose string) cipher.AEAD {
	block, err := aes.NewCipher(k.derive("urna/v1/vault/seal", purpose))
	if err != nil {
		panic(fmt.Sprintf("vault: %v", err)) // the key has the right length
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(fmt.Sprintf("vault: %v", err)) // the block has the right size
	}
	return aead
}

// Seal encrypts a value so that it opens for this purpose and id only.
func (k Key) Seal(purpose string, id, plain []byte) []byte {
	return k.aead(purpose).Seal([]byte{version}, nil, plain, associated(purpose, id))
}

// Open decrypts what Seal made.
func (k Key) Open(purpose string, id, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, fmt.Errorf("open %s: %w", purpose, ErrSealed)
	}
	plain, err := k.aead(purpose).Open(nil, nil, sealed[1:], associated(purpose, id))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", purpose, ErrSealed)
	}
	return plain, nil
}

// Index is what a value is looked up by: the same for the same value, and
// nothing to guess from without the key.
func (k Key) Index(purpose, value string) [32]byte {
	mac := hmac.New(sha256.New, k.derive("urna/v1/vault/index", purpose))
	_, _ = io.WriteString(mac, value) // a hash takes everything
	return [32]byte(mac.Sum(nil))
}

func associated(purpose string, id []byte) []byte {
	var b []byte
	for _, field := range [][]byte{[]byte(purpose), id} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(field)))
		b = append(b, field...)
	}
	return b
}
