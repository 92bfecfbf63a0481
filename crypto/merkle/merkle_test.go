package merkle_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
	"pgregory.net/rapid"

	"github.com/urna-vote/urna/crypto/merkle"
)

func leaf(i uint64) merkle.Hash {
	return merkle.LeafHash(binary.BigEndian.AppendUint64(nil, i))
}

func grow(t testing.TB, n uint64) *merkle.Tree {
	t.Helper()
	tree := new(merkle.Tree)
	for i := range n {
		if err := tree.Append(leaf(i)); err != nil {
			t.Fatal(err)
		}
	}
	return tree
}

func TestRootsAreThoseOfTheReferenceTree(t *testing.T) {
	tree := new(merkle.Tree)
	roots := testonly.RootHashes()
	for i, data := range testonly.LeafInputs() {
		if got := tree.Root(); !bytes.Equal(got[:], roots[i]) {
			t.Errorf("root of %d leaves: %x, want %x", i, got, roots[i])
		}
		if err := tree.Append(merkle.LeafHash(data)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := tree.Root(), roots[len(roots)-1]; !bytes.Equal(got[:], want) {
		t.Errorf("root of the whole: %x, want %x", got, want)
	}
}

func TestHashesAreThoseOfRFC6962(t *testing.T) {
	if got, want := merkle.EmptyRoot(), testonly.EmptyRootHash(); !bytes.Equal(got[:], want) {
		t.Errorf("empty root %x, want %x", got, want)
	}
	const emptyLeaf = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
	if got := merkle.LeafHash(nil); hex.EncodeToString(got[:]) != emptyLeaf {
		t.Errorf("hash of the empty leaf %x", got)
	}
	a, b := leaf(1), leaf(2)
	if got, want := merkle.NodeHash(a, b), rfc6962.DefaultHasher.HashChildren(a[:], b[:]); !bytes.Equal(got[:], want) {
		t.Errorf("node hash %x, want %x", got, want)
	}
}

func TestFrontierAgreesWithCompactRange(t *testing.T) {
	r := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	var f merkle.Frontier
	for i := range uint64(300) {
		type node struct {
			id merkle.NodeID
			h  merkle.Hash
		}
		var ours, theirs []node
		l := leaf(i)
		// The library does not report the leaf itself.
		if err := r.Append(l[:], func(id compact.NodeID, h []byte) {
			theirs = append(theirs, node{merkle.NodeID{Level: id.Level, Index: id.Index}, merkle.Hash(h)})
		}); err != nil {
			t.Fatal(err)
		}
		if err := f.Append(l, func(id merkle.NodeID, h merkle.Hash) { ours = append(ours, node{id, h}) }); err != nil {
			t.Fatal(err)
		}
		if len(theirs) == 0 || theirs[0].id.Level != 0 {
			ours = ours[1:]
		}
		if len(ours) != len(theirs) {
			t.Fatalf("leaf %d: %d nodes reported, want %d", i, len(ours), len(theirs))
		}
		for j := range ours {
			if ours[j] != theirs[j] {
				t.Fatalf("leaf %d: node %v, want %v", i, ours[j], theirs[j])
			}
		}
		want, err := r.GetRootHash(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Root(); !bytes.Equal(got[:], want) {
			t.Fatalf("root of %d leaves: %x, want %x", i+1, got, want)
		}
	}
}

func TestFrontierSurvivesItsEncoding(t *testing.T) {
	var f merkle.Frontier
	for i := range uint64(70) {
		g, err := merkle.UnmarshalFrontier(f.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		if g.Root() != f.Root() || g.Size() != f.Size() {
			t.Fatalf("frontier of %d leaves changed", i)
		}
		c := f.Clone()
		if err := c.Append(leaf(1000), nil); err != nil {
			t.Fatal(err)
		}
		if g.Root() != f.Root() {
			t.Fatal("appending to a clone changed its original")
		}
		if err := f.Append(leaf(i), nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFrontierDecoderRefusesOtherBytes(t *testing.T) {
	var f merkle.Frontier
	for i := range uint64(5) {
		if err := f.Append(leaf(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	good := f.Marshal()
	huge := bytes.Clone(good)
	huge[0] = 0xff
	more := bytes.Clone(good)
	more[7] = 7
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"empty":     {nil, merkle.ErrEncoding},
		"truncated": {good[:len(good)-1], merkle.ErrEncoding},
		"trailing":  {append(bytes.Clone(good), 0), merkle.ErrEncoding},
		"one more":  {append(bytes.Clone(good), make([]byte, 32)...), merkle.ErrEncoding},
		"one less":  {good[:len(good)-32], merkle.ErrEncoding},
		"huge":      {huge, merkle.ErrRange},
		"size 7":    {more, merkle.ErrEncoding},
	} {
		if _, err := merkle.UnmarshalFrontier(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestEveryLeafIsProvenAtEverySize(t *testing.T) {
	tree := grow(t, 67)
	for size := uint64(1); size <= tree.Size(); size++ {
		root, err := tree.RootAt(size)
		if err != nil {
			t.Fatal(err)
		}
		for i := range size {
			p, err := merkle.ProveInclusion(tree, i, size)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Verify(leaf(i), root); err != nil {
				t.Fatal(err)
			}
			if err := p.Verify(leaf(i+1), root); !errors.Is(err, merkle.ErrRoot) {
				t.Fatalf("another leaf: %v", err)
			}
		}
	}
}

func TestEveryEarlierTreeIsProvenConsistent(t *testing.T) {
	tree := grow(t, 40)
	for newer := range tree.Size() + 1 {
		r2, err := tree.RootAt(newer)
		if err != nil {
			t.Fatal(err)
		}
		for older := range newer + 1 {
			r1, err := tree.RootAt(older)
			if err != nil {
				t.Fatal(err)
			}
			path, err := merkle.ProveConsistency(tree, older, newer)
			if err != nil {
				t.Fatal(err)
			}
			if err := merkle.VerifyConsistency(older, newer, r1, r2, path); err != nil {
				t.Fatal(err)
			}
			bad := r1
			bad[5] ^= 1
			if err := merkle.VerifyConsistency(older, newer, bad, r2, path); !errors.Is(err, merkle.ErrRoot) {
				t.Fatalf("%d of %d with another older root: %v", older, newer, err)
			}
			if older == 0 {
				continue
			}
			bad = r2
			bad[31] ^= 0x80
			if err := merkle.VerifyConsistency(older, newer, r1, bad, path); !errors.Is(err, merkle.ErrRoot) {
				t.Fatalf("%d of %d with another newer root: %v", older, newer, err)
			}
		}
	}
}

func TestProofsOutOfRangeAreRefused(t *testing.T) {
	tree := grow(t, 3)
	if _, err := tree.Inclusion(3); !errors.Is(err, merkle.ErrRange) {
		t.Error(err)
	}
	if _, err := merkle.ProveInclusion(tree, 0, 5); !errors.Is(err, merkle.ErrRange) {
		t.Error(err)
	}
	if _, err := tree.Consistency(4); !errors.Is(err, merkle.ErrRange) {
		t.Error(err)
	}
	if err := merkle.VerifyConsistency(4, 3, tree.Root(), tree.Root(), nil); !errors.Is(err, merkle.ErrRange) {
		t.Error(err)
	}
	p, err := tree.Inclusion(0)
	if err != nil {
		t.Fatal(err)
	}
	p.Path = p.Path[:1]
	if err := p.Verify(leaf(0), tree.Root()); !errors.Is(err, merkle.ErrEncoding) {
		t.Error(err)
	}
}

func TestNamedLeavesAreProvenByName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.String(), 1, 20, rapid.ID[string]).Draw(t, "names")
		var fields []merkle.Field
		for _, n := range names {
			fields = append(fields, merkle.Field{Name: n, Value: rapid.SliceOf(rapid.Byte()).Draw(t, "value")})
		}
		tree, err := merkle.Named(fields)
		if err != nil {
			t.Fatal(err)
		}
		again, err := merkle.Named(rapid.Permutation(fields).Draw(t, "order"))
		if err != nil || again.Root() != tree.Root() {
			t.Fatalf("root depends on the order of the fields: %v", err)
		}
		for _, f := range fields {
			p, err := tree.Prove(f.Name)
			if err != nil {
				t.Fatal(err)
			}
			if err := merkle.VerifyNamed(tree.Root(), f.Name, f.Value, p); err != nil {
				t.Fatal(err)
			}
			if err := merkle.VerifyNamed(tree.Root(), f.Name+"x", f.Value, p); !errors.Is(err, merkle.ErrRoot) {
				t.Fatalf("another name: %v", err)
			}
			if err := merkle.VerifyNamed(tree.Root(), f.Name, append(f.Value, 0), p); !errors.Is(err, merkle.ErrRoot) {
				t.Fatalf("another value: %v", err)
			}
		}
	})
}

func TestNamedRefusesOneNameTwice(t *testing.T) {
	if _, err := merkle.Named([]merkle.Field{{Name: "a"}, {Name: "b"}, {Name: "a"}}); !errors.Is(err, merkle.ErrName) {
		t.Fatal(err)
	}
	tree, err := merkle.Named([]merkle.Field{{Name: "a"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Prove("b"); !errors.Is(err, merkle.ErrName) {
		t.Fatal(err)
	}
}

func FuzzUnmarshalFrontier(f *testing.F) {
	f.Add(make([]byte, 8))
	f.Add(append([]byte{0, 0, 0, 0, 0, 0, 0, 1}, make([]byte, 32)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := merkle.UnmarshalFrontier(b)
		if err != nil {
			return
		}
		if !bytes.Equal(g.Marshal(), b) {
			t.Fatal("decoded frontier encodes to other bytes")
		}
		g.Root()
	})
}

func BenchmarkAppend(b *testing.B) {
	var f merkle.Frontier
	for b.Loop() {
		if err := f.Append(merkle.Hash{}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
