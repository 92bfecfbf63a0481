package chain

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/proto/api"
)

// Names of the leaves under the application hash.
const (
	leafElections = "elections"
	leafLog       = "log"
	leafRules     = "rules"
	leafState     = "state"
	leafTime      = "time"
)

// AppHash is the application hash over its leaves.
func AppHash(l api.AppLeaves) ([32]byte, error) {
	for name, b := range map[string][]byte{"log root": l.LogRoot, "state digest": l.StateDigest, "elections root": l.ElectionsRoot} {
		if len(b) != hashSize {
			return [32]byte{}, fmt.Errorf("application hash: %s has %d bytes, want %d", name, len(b), hashSize)
		}
	}
	t, err := merkle.Named([]merkle.Field{
		{Name: leafElections, Value: l.ElectionsRoot},
		{Name: leafLog, Value: binary.BigEndian.AppendUint64(append([]byte(nil), l.LogRoot...), l.LogSize)},
		{Name: leafRules, Value: binary.BigEndian.AppendUint32(nil, l.Rules)},
		{Name: leafState, Value: l.StateDigest},
		{Name: leafTime, Value: binary.BigEndian.AppendUint64(nil, uint64(l.TimeMS))},
	})
	if err != nil {
		return [32]byte{}, fmt.Errorf("application hash: %w", err)
	}
	return t.Root(), nil
}

// checkLeaves checks a head and that the leaves are those of its hash.
func (t *Trust) checkLeaves(h api.Head, l api.AppLeaves) (*Head, error) {
	head, err := t.VerifyHead(h)
	if err != nil {
		return nil, err
	}
	got, err := AppHash(l)
	if err != nil {
		return nil, err
	}
	if got != head.AppHash {
		return nil, fmt.Errorf("check state of height %d: its leaves hash to %x, the header says %x", head.Height, got, head.AppHash)
	}
	return head, nil
}

// Proven holds objects of an election's summary under a trusted header.
type Proven struct {
	Election [32]byte
	Head     *Head
	Leaves   api.AppLeaves
	names    []string
	hashes   map[string][32]byte
	objects  map[string][]byte
}

// Names of all objects of the election, ascending.
func (p *Proven) Names() []string { return append([]string(nil), p.names...) }

// Hash of an object, whether its bytes were sent or not.
func (p *Proven) Hash(name string) ([32]byte, bool) {
	h, ok := p.hashes[name]
	return h, ok
}

// Object returns the bytes of an object that was sent.
func (p *Proven) Object(name string) ([]byte, bool) {
	b, ok := p.objects[name]
	return b, ok
}

// VerifyProven checks the objects that a node gives for an election.
func (t *Trust) VerifyProven(election [32]byte, p *api.Proven) (*Proven, error) {
	if p == nil {
		return nil, errors.New("check election: no answer")
	}
	head, err := t.checkLeaves(p.Head, p.Leaves)
	if err != nil {
		return nil, err
	}
	out := &Proven{Election: election, Head: head, Leaves: p.Leaves, hashes: map[string][32]byte{}, objects: map[string][]byte{}}
	root, err := out.fields(p.Fields)
	if err != nil {
		return nil, fmt.Errorf("check election %x: %w", election[:4], err)
	}
	proof, err := inclusion(p.ElectionProof.Index, p.ElectionProof.Size, p.ElectionProof.Hashes)
	if err != nil {
		return nil, fmt.Errorf("check election %x: %w", election[:4], err)
	}
	if err := merkle.VerifyNamed(merkle.Hash(p.Leaves.ElectionsRoot), hex.EncodeToString(election[:]), root[:], proof); err != nil {
		return nil, fmt.Errorf("check election %x under height %d: %w", election[:4], head.Height, err)
	}
	for _, o := range p.Objects {
		want, ok := out.hashes[o.Name]
		if !ok {
			return nil, fmt.Errorf("check election %x: object %q is not in its summary", election[:4], o.Name)
		}
		if _, twice := out.objects[o.Name]; twice {
			return nil, fmt.Errorf("check election %x: object %q was sent twice", election[:4], o.Name)
		}
		if got := sum(o.Bytes); got != want {
			return nil, fmt.Errorf("check election %x: object %q hashes to %x, its summary says %x", election[:4], o.Name, got, want)
		}
		out.objects[o.Name] = append([]byte{}, o.Bytes...)
	}
	return out, nil
}

// fields takes over names and hashes, which must ascend, and returns the
// election's leaf.
func (p *Proven) fields(list []api.Field) ([32]byte, error) {
	leaves := make([]merkle.Field, len(list))
	for i, f := range list {
		if len(f.SHA256) != hashSize {
			return [32]byte{}, fmt.Errorf("object %q: hash of %d bytes", f.Name, len(f.SHA256))
		}
		if i > 0 && list[i-1].Name >= f.Name {
			return [32]byte{}, fmt.Errorf("object %q does not ascend after %q", f.Name, list[i-1].Name)
		}
		p.names = append(p.names, f.Name)
		p.hashes[f.Name] = [32]byte(f.SHA256)
		leaves[i] = merkle.Field{Name: f.Name, Value: f.SHA256}
	}
	t, err := merkle.Named(leaves)
	if err != nil {
		return [32]byte{}, err
	}
	return t.Root(), nil
}

// VerifyReceipt checks that a transaction is in the ballot log of a trusted
// state. It needs nothing but the receipt.
func (t *Trust) VerifyReceipt(r *api.Receipt) (*Head, error) {
	if r.ChainID != t.genesis.ChainID {
		return nil, fmt.Errorf("check receipt: it is of chain %q, want %q", r.ChainID, t.genesis.ChainID)
	}
	if len(r.TxHash) != hashSize {
		return nil, fmt.Errorf("check receipt: transaction hash of %d bytes", len(r.TxHash))
	}
	head, err := t.checkLeaves(r.Head, r.Leaves)
	if err != nil {
		return nil, fmt.Errorf("check receipt: %w", err)
	}
	proof, err := inclusion(r.LogIndex, r.Leaves.LogSize, r.Inclusion)
	if err != nil {
		return nil, fmt.Errorf("check receipt: %w", err)
	}
	if err := proof.Verify(merkle.LeafHash(r.TxHash), merkle.Hash(r.Leaves.LogRoot)); err != nil {
		return nil, fmt.Errorf("check receipt of %x: %w", r.TxHash[:4], err)
	}
	return head, nil
}

func inclusion(index, size uint64, path []api.Hex) (merkle.InclusionProof, error) {
	p := merkle.InclusionProof{Index: index, Size: size}
	for i, h := range path {
		if len(h) != hashSize {
			return p, fmt.Errorf("path: hash %d has %d bytes", i, len(h))
		}
		p.Path = append(p.Path, merkle.Hash(h))
	}
	return p, nil
}
