package lthash

import (
	"crypto/sha256"
	"crypto/sha3"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/urna-vote/urna/crypto/transcript"
)

// Size is the length of an encoded digest in bytes.
const Size = 2048

// Lanes is the number of 16-bit lanes of a digest.
const Lanes = Size / 2

var label = transcript.Register("lthash").String()

// words is the number of 64-bit words that hold the lanes, four to a word.
const words = Size / 8

// top has the highest bit of each of the four lanes of a word: sums are made
// without it and it is put in afterwards, so that no carry crosses a lane.
const top uint64 = 0x8000_8000_8000_8000

// ErrLength says that an encoded digest does not have exactly Size bytes.
var ErrLength = errors.New("digest length is not 2048 bytes")

// Hash is the digest of a set. The zero value is the digest of the empty set;
// a copy is independent of its original.
type Hash struct {
	word [words]uint64
}

// Add puts (key, value) into the set. The caller knows that it is not there.
func (h *Hash) Add(key, value []byte) {
	e := element(key, value)
	h.Combine(&e)
}

// Remove takes (key, value) out of the set. The caller knows that it is there.
func (h *Hash) Remove(key, value []byte) {
	e := element(key, value)
	h.Subtract(&e)
}

// Combine makes h the digest of the union with a set that shares no key with it.
func (h *Hash) Combine(other *Hash) {
	for i, b := range &other.word {
		a := h.word[i]
		h.word[i] = ((a &^ top) + (b &^ top)) ^ ((a ^ b) & top)
	}
}

// Subtract makes h the digest of the set without a part of it.
func (h *Hash) Subtract(other *Hash) {
	for i, b := range &other.word {
		a := h.word[i]
		h.word[i] = ((a | top) - (b &^ top)) ^ ((a ^ ^b) & top)
	}
}

// Equal reports whether two digests are the same.
func (h *Hash) Equal(other *Hash) bool {
	return h.word == other.word
}

// IsEmpty reports whether h is the digest of the empty set.
func (h *Hash) IsEmpty() bool {
	return h.word == [words]uint64{}
}

// Sum32 is the commitment to the digest: SHA-256 of its encoding.
func (h *Hash) Sum32() [32]byte {
	var b [Size]byte
	h.put(&b)
	return sha256.Sum256(b[:])
}

// Marshal encodes the digest: 1,024 little-endian 16-bit lanes in order. Each
// string of 2,048 bytes is the encoding of exactly one digest.
func (h *Hash) Marshal() []byte {
	var b [Size]byte
	h.put(&b)
	return b[:]
}

// Unmarshal decodes a digest.
func Unmarshal(b []byte) (Hash, error) {
	if len(b) != Size {
		return Hash{}, fmt.Errorf("decode state digest of %d bytes: %w", len(b), ErrLength)
	}
	return fromBytes((*[Size]byte)(b)), nil
}

func (h *Hash) put(b *[Size]byte) {
	for i, w := range &h.word {
		binary.LittleEndian.PutUint64(b[8*i:], w)
	}
}

func fromBytes(b *[Size]byte) (h Hash) {
	for i := range h.word {
		h.word[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return h
}

func element(key, value []byte) Hash {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(key)))
	x := sha3.NewSHAKE128()
	x.Write([]byte(label))
	x.Write(length[:])
	x.Write(key)
	x.Write(value)
	var out [Size]byte
	x.Read(out[:])
	return fromBytes(&out)
}
