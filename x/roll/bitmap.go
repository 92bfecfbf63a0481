package roll

import (
	"github.com/urna-vote/urna/crypto/merkle"
)

// A bitmap has a bit for each position of a style's roll, in chunks: position i
// is bit i mod 8, counted from the least significant, of byte
// (i mod ChunkPositions) / 8 of chunk i / ChunkPositions.
const (
	ChunkBytes     = 1024
	ChunkPositions = ChunkBytes * 8
)

// ZeroChunk is the hash of a chunk without a set bit, as a leaf of the
// bitmap's tree.
var ZeroChunk = merkle.LeafHash(make([]byte, ChunkBytes))

// Chunks is how many chunks a roll of this size needs.
func Chunks(size uint64) uint64 { return (size + ChunkPositions - 1) / ChunkPositions }

// ChunkOf is the chunk of a position.
func ChunkOf(position uint64) uint64 { return position / ChunkPositions }

// Bit reads a position from its chunk; nil is a chunk without a set bit.
func Bit(chunk []byte, position uint64) bool {
	if chunk == nil {
		return false
	}
	i := position % ChunkPositions
	return chunk[i/8]>>(i%8)&1 == 1
}

// WithBit is a copy of the chunk in which the position is set; nil is a chunk
// without a set bit.
func WithBit(chunk []byte, position uint64) []byte {
	out := make([]byte, ChunkBytes)
	copy(out, chunk)
	i := position % ChunkPositions
	out[i/8] |= 1 << (i % 8)
	return out
}

// BitmapTree is the RFC 6962 tree over a bitmap's chunks: as many as size
// needs, those that leaf answers nil for without a set bit.
func BitmapTree(size uint64, leaf func(chunk uint64) []byte) *merkle.Tree {
	tree := new(merkle.Tree)
	for i := range Chunks(size) {
		h := ZeroChunk
		if b := leaf(i); b != nil {
			h = merkle.Hash(b)
		}
		if err := tree.Append(h); err != nil {
			panic("roll: tree of chunks: " + err.Error())
		}
	}
	return tree
}

// ChunkProof shows a chunk of a bitmap under the bitmap's root.
type ChunkProof struct {
	// Chunk has ChunkBytes bytes.
	Chunk []byte
	// Proof leads from the chunk as a leaf to the root.
	Proof merkle.InclusionProof
}
