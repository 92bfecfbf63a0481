package merkle

import (
	"crypto/sha256"
	"errors"

	"github.com/transparency-dev/merkle/rfc6962"
)

// HashSize is the length of a hash in bytes.
const HashSize = sha256.Size

// MaxSize is the largest number of leaves of a tree. The bound keeps index
// arithmetic far from overflow; no ledger comes near it.
const MaxSize = uint64(1) << 48

// Hash is the hash of a leaf, an inner node or a whole tree.
type Hash [HashSize]byte

// The classes of refusal of this package.
var (
	// ErrEncoding: the bytes are not the encoding of anything.
	ErrEncoding = errors.New("not a canonical encoding")
	// ErrRange: an index or size does not exist in the tree.
	ErrRange = errors.New("out of range of the tree")
	// ErrRoot: the proof leads to another root.
	ErrRoot = errors.New("proof leads to another root")
	// ErrName: a name occurs twice, or is not in the tree.
	ErrName = errors.New("name of the leaf")
)

// EmptyRoot is the root of the tree without leaves.
func EmptyRoot() Hash {
	return sha256.Sum256(nil)
}

// LeafHash is the hash of a leaf with the given data.
func LeafHash(data []byte) Hash {
	var short [128]byte
	b := append(short[:0], rfc6962.RFC6962LeafHashPrefix)
	return sha256.Sum256(append(b, data...))
}

// NodeHash is the hash of an inner node with the given children.
func NodeHash(left, right Hash) Hash {
	var b [1 + 2*HashSize]byte
	b[0] = rfc6962.RFC6962NodeHashPrefix
	copy(b[1:], left[:])
	copy(b[1+HashSize:], right[:])
	return sha256.Sum256(b[:])
}

// hasher is NodeHash and LeafHash as transparency-dev/merkle wants them.
var hasher = rfc6962.DefaultHasher

func slices(hs []Hash) [][]byte {
	out := make([][]byte, len(hs))
	for i := range hs {
		out[i] = hs[i][:]
	}
	return out
}

func hashes(bs [][]byte) []Hash {
	out := make([]Hash, len(bs))
	for i, b := range bs {
		out[i] = Hash(b)
	}
	return out
}
