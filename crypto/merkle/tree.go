package merkle

import "fmt"

// Tree keeps every node in memory: for rolls, summaries and tests. The zero
// value is the empty tree. It is a NodeReader of itself.
type Tree struct {
	frontier Frontier
	levels   [][]Hash
}

// Append adds a leaf by its hash.
func (t *Tree) Append(leaf Hash) error {
	return t.frontier.Append(leaf, t.keep)
}

// Size is the number of leaves.
func (t *Tree) Size() uint64 {
	return t.frontier.Size()
}

// Root is the root of the tree.
func (t *Tree) Root() Hash {
	return t.frontier.Root()
}

// RootAt is the root the tree had when it was size leaves large.
func (t *Tree) RootAt(size uint64) (Hash, error) {
	f, err := FrontierAt(t, size)
	if err != nil {
		return Hash{}, err
	}
	return f.Root(), nil
}

// Inclusion proves that a leaf is in the tree.
func (t *Tree) Inclusion(index uint64) (InclusionProof, error) {
	return ProveInclusion(t, index, t.Size())
}

// Consistency proves that the tree continues the one it was at size older.
func (t *Tree) Consistency(older uint64) ([]Hash, error) {
	return ProveConsistency(t, older, t.Size())
}

// Node is the root of a perfect subtree.
func (t *Tree) Node(id NodeID) (Hash, error) {
	if id.Level >= uint(len(t.levels)) || id.Index >= uint64(len(t.levels[id.Level])) {
		return Hash{}, fmt.Errorf("node %d of level %d: %w", id.Index, id.Level, ErrRange)
	}
	return t.levels[id.Level][id.Index], nil
}

func (t *Tree) keep(id NodeID, h Hash) {
	if id.Level == uint(len(t.levels)) {
		t.levels = append(t.levels, nil)
	}
	t.levels[id.Level] = append(t.levels[id.Level], h)
}
