package merkle

import (
	"fmt"
	"math/bits"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
)

// NodeReader hands out the roots of perfect subtrees that were complete at the
// size a proof is asked for.
type NodeReader interface {
	Node(id NodeID) (Hash, error)
}

// InclusionProof shows that a leaf is in a tree.
type InclusionProof struct {
	Index uint64 // of the leaf, from 0
	Size  uint64 // number of leaves of the tree
	Path  []Hash // from the leaf up
}

// ProveInclusion builds the proof that leaf index is in the tree of the first
// size leaves.
func ProveInclusion(nodes NodeReader, index, size uint64) (InclusionProof, error) {
	if size > MaxSize || index >= size {
		return InclusionProof{}, fmt.Errorf("prove leaf %d in tree of %d: %w", index, size, ErrRange)
	}
	plan, err := proof.Inclusion(index, size)
	if err != nil {
		return InclusionProof{}, fmt.Errorf("prove leaf %d in tree of %d: %w", index, size, err)
	}
	path, err := collect(nodes, plan)
	if err != nil {
		return InclusionProof{}, fmt.Errorf("prove leaf %d in tree of %d: %w", index, size, err)
	}
	return InclusionProof{Index: index, Size: size, Path: path}, nil
}

// Root is the root to which the proof leads from the given leaf.
func (p InclusionProof) Root(leaf Hash) (Hash, error) {
	if p.Size > MaxSize || p.Index >= p.Size {
		return Hash{}, fmt.Errorf("check leaf %d in tree of %d: %w", p.Index, p.Size, ErrRange)
	}
	if len(p.Path) != pathLength(p.Index, p.Size) {
		return Hash{}, fmt.Errorf("check leaf %d in tree of %d with %d hashes: %w", p.Index, p.Size, len(p.Path), ErrEncoding)
	}
	root, err := proof.RootFromInclusionProof(hasher, p.Index, p.Size, leaf[:], slices(p.Path))
	if err != nil {
		return Hash{}, fmt.Errorf("check leaf %d in tree of %d: %w", p.Index, p.Size, err)
	}
	return Hash(root), nil
}

// Verify checks that the leaf is in the tree with the given root.
func (p InclusionProof) Verify(leaf, root Hash) error {
	got, err := p.Root(leaf)
	if err != nil {
		return err
	}
	if got != root {
		return fmt.Errorf("check leaf %d in tree of %d: %w", p.Index, p.Size, ErrRoot)
	}
	return nil
}

// ProveConsistency builds the proof that the first older leaves of the tree of
// newer leaves are the tree of older leaves.
func ProveConsistency(nodes NodeReader, older, newer uint64) ([]Hash, error) {
	if newer > MaxSize || older > newer {
		return nil, fmt.Errorf("prove consistency of %d with %d leaves: %w", older, newer, ErrRange)
	}
	plan, err := proof.Consistency(older, newer)
	if err != nil {
		return nil, fmt.Errorf("prove consistency of %d with %d leaves: %w", older, newer, err)
	}
	path, err := collect(nodes, plan)
	if err != nil {
		return nil, fmt.Errorf("prove consistency of %d with %d leaves: %w", older, newer, err)
	}
	return path, nil
}

// VerifyConsistency checks that the tree of older leaves is the beginning of
// the tree of newer leaves.
func VerifyConsistency(older, newer uint64, olderRoot, newerRoot Hash, path []Hash) error {
	if newer > MaxSize || older > newer {
		return fmt.Errorf("check consistency of %d with %d leaves: %w", older, newer, ErrRange)
	}
	// The library lets any root pass for the empty tree.
	if (older == 0 && olderRoot != EmptyRoot()) || (newer == 0 && newerRoot != EmptyRoot()) {
		return fmt.Errorf("check consistency of %d with %d leaves: root of the empty tree: %w", older, newer, ErrRoot)
	}
	if err := proof.VerifyConsistency(hasher, older, newer, slices(path), olderRoot[:], newerRoot[:]); err != nil {
		return fmt.Errorf("check consistency of %d with %d leaves: %w", older, newer, ErrRoot)
	}
	return nil
}

func collect(nodes NodeReader, plan proof.Nodes) ([]Hash, error) {
	hs := make([][]byte, len(plan.IDs))
	for i, id := range plan.IDs {
		h, err := nodes.Node(fromCompact(id))
		if err != nil {
			return nil, fmt.Errorf("read node %d of level %d: %w", id.Index, id.Level, err)
		}
		hs[i] = h[:]
	}
	path, err := plan.Rehash(hs, hasher.HashChildren)
	if err != nil {
		return nil, err
	}
	return hashes(path), nil
}

func fromCompact(id compact.NodeID) NodeID {
	return NodeID{Level: id.Level, Index: id.Index}
}

// pathLength is the number of hashes in the path of a leaf: one for each level
// below the point where its way to the root meets that of the last leaf, and
// one for each perfect subtree to the left above it.
func pathLength(index, size uint64) int {
	inner := bits.Len64(index ^ (size - 1))
	return inner + bits.OnesCount64(index>>uint(inner))
}
