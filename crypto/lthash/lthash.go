package lthash

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"lukechampine.com/blake3"
	"lukechampine.com/blake3/guts"

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
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	s.expand(key, value)
	addLanes(&h.word, &s.out)
}

// Remove takes (key, value) out of the set. The caller knows that it is there.
func (h *Hash) Remove(key, value []byte) {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	s.expand(key, value)
	subtractLanes(&h.word, &s.out)
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

// scratch is memory of one hashing that the assembly of BLAKE3 keeps from
// living on the stack.
type scratch struct {
	in  [guts.ChunkSize]byte
	out [Size]byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// expand hashes one pair. A pair that fits one chunk of BLAKE3, as nearly all
// do, is hashed without allocation.
func (s *scratch) expand(key, value []byte) {
	in := append(s.in[:0], label...)
	in = binary.BigEndian.AppendUint64(in, uint64(len(key)))
	in = append(append(in, key...), value...)
	if len(in) > len(s.in) {
		h := blake3.New(Size, nil)
		h.Write(in)
		h.XOF().Read(s.out[:])
		return
	}
	root := guts.CompressChunk(in, &guts.IV, 0, 0)
	root.Flags |= guts.FlagRoot
	const atOnce = guts.MaxSIMD * guts.BlockSize
	for at := 0; at < Size; at += atOnce {
		root.Counter = uint64(at / guts.BlockSize)
		guts.CompressBlocks((*[atOnce]byte)(s.out[at:]), root)
	}
}
