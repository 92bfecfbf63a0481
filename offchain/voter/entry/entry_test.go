package entry_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/chain/chaintest"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/voter/entry"
	"github.com/urna-vote/urna/proto/api"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

const size = 20

var election = [32]byte{7}

func id(i int) [32]byte { return sha256.Sum256(fmt.Appendf(nil, "entry %d", i)) }

// ledgerNode is a node over a roll of 20 entries: 3 has a token, 5 was struck.
type ledgerNode struct {
	t *testing.T
	*chaintest.Signer
	height int64
	// moves: the ledger goes on between the first answers.
	moves int
	lie   func(*api.RollEntry)
}

func bitmap(chunk []byte) *merkle.Tree {
	hash := merkle.LeafHash(chunk)
	return roll.BitmapTree(size, func(uint64) []byte { return hash[:] })
}

func (n *ledgerNode) Trust() *chain.Trust { return n.Signer.Trust }

func (n *ledgerNode) RollEntry(_ context.Context, of, want [32]byte) (*api.RollEntry, error) {
	n.t.Helper()
	tree := new(merkle.Tree)
	index := -1
	for i := range size {
		e := id(i)
		if e == want {
			index = i
		}
		if err := tree.Append(roll.Leaf(e[:])); err != nil {
			n.t.Fatal(err)
		}
	}
	if index < 0 || of != election {
		return nil, fmt.Errorf("entry: %w", client.ErrNotFound)
	}
	path, err := tree.Inclusion(uint64(index))
	if err != nil {
		n.t.Fatal(err)
	}
	out := &api.RollEntry{Entry: want[:], Index: uint64(index), Size: size, Height: n.height, ChunkCount: 1,
		Issued: index == 3, Removed: index == 5, Chunk: roll.WithBit(nil, 3), RemovedChunk: roll.WithBit(nil, 5)}
	for _, h := range path.Path {
		out.Path = append(out.Path, h[:])
	}
	if n.lie != nil {
		n.lie(out)
	}
	if n.moves > 0 {
		n.moves--
		n.height++
	}
	return out, nil
}

func (n *ledgerNode) ProvenRaw(_ context.Context, of [32]byte, _ ...string) (*chain.Proven, *api.Proven, error) {
	n.t.Helper()
	tree := new(merkle.Tree)
	for i := range size {
		e := id(i)
		if err := tree.Append(roll.Leaf(e[:])); err != nil {
			n.t.Fatal(err)
		}
	}
	root, issued, removed := tree.Root(), bitmap(roll.WithBit(nil, 3)).Root(), bitmap(roll.WithBit(nil, 5)).Root()
	p := &api.Proven{Objects: []api.Object{
		{Name: "issued/0", Bytes: ledger.MustEncode(&issuancev1.StyleIssued{RollSize: size, Issued: 1, IssuedRoot: issued[:], Removed: 1, RemovedRoot: removed[:]})},
		{Name: "roll", Bytes: ledger.MustEncode(&rollv1.Roll{Author: make([]byte, 32), Styles: []*rollv1.StyleRoll{{Size_: size, Root: root[:]}}})},
	}}
	var fields []merkle.Field
	for _, o := range p.Objects {
		h := sha256.Sum256(o.Bytes)
		p.Fields = append(p.Fields, api.Field{Name: o.Name, SHA256: h[:]})
		fields = append(fields, merkle.Field{Name: o.Name, Value: h[:]})
	}
	leaf, err := merkle.Named(fields)
	if err != nil {
		n.t.Fatal(err)
	}
	leafRoot := leaf.Root()
	elections, err := merkle.Named([]merkle.Field{{Name: hex.EncodeToString(of[:]), Value: leafRoot[:]}})
	if err != nil {
		n.t.Fatal(err)
	}
	path, err := elections.Prove(hex.EncodeToString(of[:]))
	if err != nil {
		n.t.Fatal(err)
	}
	p.ElectionProof = api.NamedProof{Index: path.Index, Size: path.Size}
	for _, h := range path.Path {
		p.ElectionProof.Hashes = append(p.ElectionProof.Hashes, h[:])
	}
	electionsRoot, some := elections.Root(), bytes.Repeat([]byte{9}, 32)
	p.Leaves = api.AppLeaves{LogSize: 1, LogRoot: some, StateDigest: some, ElectionsRoot: electionsRoot[:], Rules: 1, TimeMS: 1_700_000_041_000}
	p.Head = n.Head(n.t, n.height, p.Leaves)
	proven, err := n.Signer.Trust.VerifyProven(of, p)
	return proven, p, err
}

func TestAVoterSeesAndProvesTheOwnEntry(t *testing.T) {
	n := &ledgerNode{t: t, Signer: chaintest.New(t, 4), height: 41, moves: 2}
	for i, want := range map[int]entry.Standing{
		0: {Place: chain.Place{Index: 0}}, 3: {Place: chain.Place{Index: 3, Issued: true}}, 5: {Place: chain.Place{Index: 5, Removed: true}},
	} {
		proof, standing, err := entry.Fetch(context.Background(), n, election, id(i))
		if err != nil {
			t.Fatal(err)
		}
		if standing.Place != want.Place || standing.Size != size || standing.Height != n.height || standing.TimeMS != 1_700_000_041_000 {
			t.Errorf("entry %d: %+v", i, standing)
		}
		file, err := proof.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := entry.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		if offline, err := again.Verify(n.Signer.Trust); err != nil || *offline != *standing {
			t.Errorf("entry %d offline: %v", i, err)
		}
		if _, err := again.Verify(chaintest.New(t, 4).Trust); !errors.Is(err, entry.ErrProof) {
			t.Errorf("another chain's genesis: got %v, want ErrProof", err)
		}
	}
	if _, _, err := entry.Fetch(context.Background(), n, election, id(99)); !errors.Is(err, entry.ErrNotInRoll) {
		t.Errorf("got %v, want ErrNotInRoll", err)
	}
}

func TestANodeThatLiesAboutATokenIsNotBelieved(t *testing.T) {
	n := &ledgerNode{t: t, Signer: chaintest.New(t, 4), height: 41}
	for name, lie := range map[string]func(*api.RollEntry){
		"token":         func(e *api.RollEntry) { e.Issued = !e.Issued },
		"token and bit": func(e *api.RollEntry) { e.Issued, e.Chunk = false, make([]byte, roll.ChunkBytes) },
		"struck":        func(e *api.RollEntry) { e.Removed = true },
		"another place": func(e *api.RollEntry) { e.Index = 4 },
		"another entry": func(e *api.RollEntry) { other := id(4); e.Entry = other[:] },
		"path":          func(e *api.RollEntry) { e.Path[0] = bytes.Repeat([]byte{1}, 32) },
	} {
		n.lie = lie
		if _, _, err := entry.Fetch(context.Background(), n, election, id(3)); !errors.Is(err, entry.ErrProof) {
			t.Errorf("%s: got %v, want ErrProof", name, err)
		}
	}
}

// Wherever a byte changes: it is refused in reading or checking.
func TestEveryAlterationOfTheProofsFileIsRefused(t *testing.T) {
	n := &ledgerNode{t: t, Signer: chaintest.New(t, 1), height: 41}
	proof, _, err := entry.Fetch(context.Background(), n, election, id(3))
	if err != nil {
		t.Fatal(err)
	}
	file, err := proof.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(file); at += 5 {
		changed := bytes.Clone(file)
		switch c := changed[at]; {
		case c == '0':
			changed[at] = '1'
		case c >= '1' && c <= '9':
			changed[at]--
		case c == ' ':
			changed[at] = '\t'
		default:
			changed[at] ^= 1
		}
		p, err := entry.Parse(changed)
		if err == nil {
			_, err = p.Verify(n.Signer.Trust)
		}
		if !errors.Is(err, entry.ErrFormat) && !errors.Is(err, entry.ErrProof) {
			t.Fatalf("byte %d (%q) changed: %v", at, file[max(0, at-30):at+1], err)
		}
	}
	for _, bad := range [][]byte{nil, []byte("{}"), append(bytes.Clone(file), '\n'), file[:len(file)-1], bytes.Replace(file, []byte(" 1\""), []byte(" 2\""), 1), make([]byte, entry.MaxSize+1)} {
		if _, err := entry.Parse(bad); !errors.Is(err, entry.ErrFormat) {
			t.Errorf("got %v, want ErrFormat", err)
		}
	}
}
