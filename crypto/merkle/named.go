package merkle

import (
	"encoding/binary"
	"fmt"
	"sort"

	"github.com/urna-vote/urna/crypto/transcript"
)

var namedLabel = transcript.Register("named").String()

// Field is a leaf with a name.
type Field struct {
	Name  string
	Value []byte
}

// NamedTree is a small tree of named leaves in the order of their names.
type NamedTree struct {
	names []string
	tree  *Tree
}

// Named builds the tree of the given fields, in whatever order they come.
func Named(fields []Field) (*NamedTree, error) {
	sorted := append([]Field(nil), fields...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].Name < sorted[j].Name })
	t := &NamedTree{tree: new(Tree)}
	for i, f := range sorted {
		if i > 0 && sorted[i-1].Name == f.Name {
			return nil, fmt.Errorf("build tree of named leaves: %q occurs twice: %w", f.Name, ErrName)
		}
		if err := t.tree.Append(NamedLeaf(f.Name, f.Value)); err != nil {
			return nil, fmt.Errorf("build tree of named leaves: %w", err)
		}
		t.names = append(t.names, f.Name)
	}
	return t, nil
}

// Root is the root of the tree.
func (t *NamedTree) Root() Hash {
	return t.tree.Root()
}

// Prove proves the value of one name.
func (t *NamedTree) Prove(name string) (InclusionProof, error) {
	i := sort.SearchStrings(t.names, name)
	if i == len(t.names) || t.names[i] != name {
		return InclusionProof{}, fmt.Errorf("prove leaf %q: not in the tree: %w", name, ErrName)
	}
	return t.tree.Inclusion(uint64(i))
}

// VerifyNamed checks that the tree with the given root has this value under
// this name.
func VerifyNamed(root Hash, name string, value []byte, proof InclusionProof) error {
	if err := proof.Verify(NamedLeaf(name, value), root); err != nil {
		return fmt.Errorf("check leaf %q: %w", name, err)
	}
	return nil
}

// NamedLeaf is the hash of a named leaf.
func NamedLeaf(name string, value []byte) Hash {
	b := make([]byte, 0, len(namedLabel)+8+len(name)+len(value))
	b = append(b, namedLabel...)
	b = binary.BigEndian.AppendUint64(b, uint64(len(name)))
	b = append(b, name...)
	return LeafHash(append(b, value...))
}
