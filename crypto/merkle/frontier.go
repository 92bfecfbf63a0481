package merkle

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// NodeID names the root of a perfect subtree: it covers the leaves
// Index·2^Level up to (Index+1)·2^Level − 1. Leaves are at level 0.
type NodeID struct {
	Level uint
	Index uint64
}

// Frontier is the right edge of a tree: the roots of the perfect subtrees that
// make it up, highest first, one for each set bit of the size. It is enough to
// append and to compute the root. The zero value is the empty tree.
type Frontier struct {
	size  uint64
	roots []Hash
}

// Size is the number of leaves.
func (f *Frontier) Size() uint64 {
	return f.size
}

// Append adds a leaf by its hash. The visitor, if there is one, is told of each
// node that became complete, the leaf first: exactly these a store must keep.
func (f *Frontier) Append(leaf Hash, visit func(NodeID, Hash)) error {
	if f.size >= MaxSize {
		return fmt.Errorf("append to tree of %d leaves: %w", f.size, ErrRange)
	}
	id, h := NodeID{Index: f.size}, leaf
	if visit != nil {
		visit(id, h)
	}
	for n := f.size; n&1 == 1; n >>= 1 {
		last := len(f.roots) - 1
		h = NodeHash(f.roots[last], h)
		f.roots = f.roots[:last]
		id = NodeID{Level: id.Level + 1, Index: id.Index >> 1}
		if visit != nil {
			visit(id, h)
		}
	}
	f.roots = append(f.roots, h)
	f.size++
	return nil
}

// Root is the root of the tree.
func (f *Frontier) Root() Hash {
	if f.size == 0 {
		return EmptyRoot()
	}
	h := f.roots[len(f.roots)-1]
	for i := len(f.roots) - 2; i >= 0; i-- {
		h = NodeHash(f.roots[i], h)
	}
	return h
}

// Clone is a copy that shares nothing with f.
func (f *Frontier) Clone() *Frontier {
	return &Frontier{size: f.size, roots: append([]Hash(nil), f.roots...)}
}

// Marshal encodes the frontier.
func (f *Frontier) Marshal() []byte {
	b := make([]byte, 0, 8+len(f.roots)*HashSize)
	b = binary.BigEndian.AppendUint64(b, f.size)
	for i := range f.roots {
		b = append(b, f.roots[i][:]...)
	}
	return b
}

// UnmarshalFrontier decodes a frontier. Any hashes of the right number are a
// frontier of some tree: the caller compares its root with one it trusts.
func UnmarshalFrontier(b []byte) (*Frontier, error) {
	if len(b) < 8 {
		return nil, fmt.Errorf("decode frontier of %d bytes: %w", len(b), ErrEncoding)
	}
	size := binary.BigEndian.Uint64(b)
	if size > MaxSize {
		return nil, fmt.Errorf("decode frontier of %d leaves: %w", size, ErrRange)
	}
	roots, err := DecodeHashes(b[8:])
	if err != nil {
		return nil, fmt.Errorf("decode frontier: %w", err)
	}
	if len(roots) != bits.OnesCount64(size) {
		return nil, fmt.Errorf("decode frontier of %d leaves with %d hashes: %w", size, len(roots), ErrEncoding)
	}
	return &Frontier{size: size, roots: roots}, nil
}

// FrontierAt rebuilds the frontier of the first size leaves from stored nodes.
func FrontierAt(nodes NodeReader, size uint64) (*Frontier, error) {
	if size > MaxSize {
		return nil, fmt.Errorf("rebuild frontier of %d leaves: %w", size, ErrRange)
	}
	f := &Frontier{size: size}
	var begin uint64
	for level := bits.Len64(size) - 1; level >= 0; level-- {
		if size>>uint(level)&1 == 0 {
			continue
		}
		h, err := nodes.Node(NodeID{Level: uint(level), Index: begin >> uint(level)})
		if err != nil {
			return nil, fmt.Errorf("rebuild frontier of %d leaves: %w", size, err)
		}
		f.roots = append(f.roots, h)
		begin += 1 << uint(level)
	}
	return f, nil
}

// EncodeHashes joins hashes.
func EncodeHashes(hs []Hash) []byte {
	b := make([]byte, 0, len(hs)*HashSize)
	for i := range hs {
		b = append(b, hs[i][:]...)
	}
	return b
}

// DecodeHashes splits joined hashes, at most 128 of them: no proof is longer.
func DecodeHashes(b []byte) ([]Hash, error) {
	if len(b)%HashSize != 0 || len(b)/HashSize > 128 {
		return nil, fmt.Errorf("decode hashes of %d bytes: %w", len(b), ErrEncoding)
	}
	hs := make([]Hash, 0, len(b)/HashSize)
	for ; len(b) > 0; b = b[HashSize:] {
		hs = append(hs, Hash(b[:HashSize]))
	}
	return hs, nil
}
