package chainview_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/chain/chaintest"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/gateway/chainview"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

// node is a public API whose answers are signed by a made-up chain, and which
// may lie in what is not signed.
type node struct {
	t        *testing.T
	signer   *chaintest.Signer
	id       [32]byte
	objects  map[string][]byte
	entries  []byte
	removed  []byte // the one chunk of the bitmap
	receipts map[[32]byte]bool
	txs      map[[32]byte][]byte
	proofs   int
	lie      func(*api.RollEntry)
}

func newNode(t *testing.T) *node {
	t.Helper()
	n := &node{t: t, signer: chaintest.New(t, 1), objects: map[string][]byte{}, removed: make([]byte, roll.ChunkBytes), receipts: map[[32]byte]bool{}, txs: map[[32]byte][]byte{}}
	def := sample.Definition()
	n.id = election.DefinitionID(n.signer.Trust.ChainID(), def)
	for i := range 5 {
		n.entries = append(n.entries, sample.Entry(fmt.Sprint(i))...)
	}
	n.objects["definition"] = ledger.MustEncode(def)
	n.phase(electionv1.Phase_PHASE_ISSUING, false)
	n.objects["issuers/0"] = ledger.MustEncode(&issuancev1.ClassKeys{OpenPanel: 1, Panels: []*issuancev1.PanelKeys{
		{Moduli: [][]byte{{1}, {2}}}, {Moduli: [][]byte{{3}, {4}}}}})
	n.approve()
	return n
}

func (n *node) phase(p electionv1.Phase, suspended bool) {
	n.objects["zone/0"] = ledger.MustEncode(&electionv1.ZoneState{Phase: p, Suspended: suspended})
}

// approve makes the entries the roll of style 0.
func (n *node) approve() {
	root := roll.Root(n.entries)
	n.objects["roll"] = ledger.MustEncode(&rollv1.Roll{Author: make([]byte, 32), Styles: []*rollv1.StyleRoll{
		{Style: 0, Size_: uint64(len(n.entries) / 32), Root: root[:]}}})
	none, removed := merkle.LeafHash(make([]byte, roll.ChunkBytes)), merkle.LeafHash(n.removed)
	n.objects["issued/0"] = ledger.MustEncode(&issuancev1.StyleIssued{RollSize: uint64(len(n.entries) / 32), IssuedRoot: none[:], RemovedRoot: removed[:]})
}

// strike marks an entry as struck.
func (n *node) strike(i int) {
	n.removed = roll.WithBit(n.removed, uint64(i))
	n.approve()
}

func (n *node) Proven(_ context.Context, id [32]byte, names ...string) (*chain.Proven, error) {
	n.proofs++
	if id != n.id {
		return nil, client.ErrNotFound
	}
	answer := &api.Proven{}
	var fields []merkle.Field
	var sorted []string
	for name := range n.objects {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	for _, name := range sorted {
		h := sha256.Sum256(n.objects[name])
		answer.Fields = append(answer.Fields, api.Field{Name: name, SHA256: h[:]})
		fields = append(fields, merkle.Field{Name: name, Value: h[:]})
	}
	for _, name := range names {
		if n.objects[name] == nil {
			return nil, client.ErrNotFound
		}
		answer.Objects = append(answer.Objects, api.Object{Name: name, Bytes: n.objects[name]})
	}
	leaf, err := merkle.Named(fields)
	if err != nil {
		return nil, err
	}
	leafRoot := leaf.Root()
	tree, err := merkle.Named([]merkle.Field{{Name: hex.EncodeToString(id[:]), Value: leafRoot[:]}})
	if err != nil {
		return nil, err
	}
	root, some := tree.Root(), make([]byte, 32)
	answer.Leaves = api.AppLeaves{LogRoot: some, StateDigest: some, ElectionsRoot: root[:], Rules: 1, TimeMS: 1}
	answer.ElectionProof = api.NamedProof{Size: 1}
	answer.Head = n.signer.Head(n.t, 9, answer.Leaves)
	return n.signer.Trust.VerifyProven(id, answer)
}

func (n *node) RollEntry(_ context.Context, _, entry [32]byte) (*api.RollEntry, error) {
	var tree merkle.Tree
	at := -1
	for i := 0; i < len(n.entries)/32; i++ {
		e := n.entries[32*i : 32*i+32]
		if err := tree.Append(roll.Leaf(e)); err != nil {
			return nil, err
		}
		if [32]byte(e) == entry {
			at = i
		}
	}
	if at < 0 {
		return nil, client.ErrNotFound
	}
	proof, err := tree.Inclusion(uint64(at))
	if err != nil {
		return nil, err
	}
	out := &api.RollEntry{Entry: entry[:], Index: proof.Index, Size: proof.Size, Chunk: make([]byte, roll.ChunkBytes), ChunkCount: 1,
		Removed: roll.Bit(n.removed, proof.Index), RemovedChunk: slices.Clone(n.removed)}
	for _, h := range proof.Path {
		out.Path = append(out.Path, h[:])
	}
	if n.lie != nil {
		n.lie(out)
	}
	return out, nil
}

func (n *node) Receipt(_ context.Context, hash [32]byte) (*api.Receipt, *chain.Head, error) {
	if !n.receipts[hash] {
		return nil, nil, client.ErrNotFound
	}
	return &api.Receipt{}, &chain.Head{}, nil
}

func (n *node) Transaction(_ context.Context, hash [32]byte) (*api.TxStatus, error) {
	return &api.TxStatus{Raw: n.txs[hash]}, nil
}

func entry(i int) [32]byte { return [32]byte(sample.Entry(fmt.Sprint(i))) }

func newView(n *node) (*chainview.View, *time.Time) {
	now := time.Unix(1000, 0)
	return chainview.New(n, n.signer.Trust.ChainID(), func() time.Time {
		now = now.Add(time.Millisecond)
		return now
	}), &now
}

func TestStandingOfAnEntryIsProven(t *testing.T) {
	n := newNode(t)
	v, now := newView(n)
	s, err := v.Standing(context.Background(), n.id, 0, entry(3))
	if err != nil || !s.Open || s.Panel != 1 || !s.InRoll || s.Removed || s.Issued || s.Moduli[1][0] != 4 {
		t.Fatal(s, err)
	}
	if s, err = v.Standing(context.Background(), n.id, 0, entry(9)); err != nil || s.InRoll {
		t.Fatal("an entry that is not in the roll:", s, err)
	}
	asked := n.proofs
	if _, err := v.Standing(context.Background(), n.id, 0, entry(2)); err != nil || n.proofs != asked {
		t.Fatalf("state was proven again within a second (%v)", err)
	}
	n.phase(electionv1.Phase_PHASE_VOTING, true)
	*now = now.Add(2 * time.Second)
	if s, err = v.Standing(context.Background(), n.id, 0, entry(2)); err != nil || s.Open {
		t.Fatal("a suspended zone is open:", s, err)
	}
}

func TestALyingNodeIsNotBelieved(t *testing.T) {
	for name, lie := range map[string]func(*api.RollEntry){
		"index":    func(e *api.RollEntry) { e.Index++ },
		"path":     func(e *api.RollEntry) { e.Path[0] = make([]byte, 32) },
		"no path":  func(e *api.RollEntry) { e.Path = nil },
		"short":    func(e *api.RollEntry) { e.Path[0] = e.Path[0][:31] },
		"own tree": func(e *api.RollEntry) { e.Index, e.Size, e.Path = 0, 1, nil },
		"struck":   func(e *api.RollEntry) { e.Removed = true },
		"own bits": func(e *api.RollEntry) { e.Removed, e.RemovedChunk[0] = true, 0xff },
		"no bits":  func(e *api.RollEntry) { e.RemovedChunk = nil },
	} {
		n := newNode(t)
		n.lie = lie
		v, _ := newView(n)
		if _, err := v.Standing(context.Background(), n.id, 0, entry(3)); !errors.Is(err, issue.ErrNode) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAnEntryStruckMeanwhileIsLookedUpAnewAndCannotBeDenied(t *testing.T) {
	n := newNode(t)
	v, now := newView(n)
	if s, err := v.Standing(context.Background(), n.id, 0, entry(3)); err != nil || s.Removed {
		t.Fatal(s, err)
	}
	n.strike(3)
	for _, i := range []int{3, 2} {
		if s, err := v.Standing(context.Background(), n.id, 0, entry(i)); err != nil || !s.InRoll || s.Removed != (i == 3) {
			t.Fatal(i, s, err)
		}
	}
	n.lie = func(e *api.RollEntry) { e.Removed, e.RemovedChunk = false, make([]byte, roll.ChunkBytes) }
	*now = now.Add(2 * time.Second)
	if _, err := v.Standing(context.Background(), n.id, 0, entry(3)); !errors.Is(err, issue.ErrNode) {
		t.Fatal("a node hides that an entry was struck:", err)
	}
}

func TestARollThatGrewMeanwhileIsLookedUpAnew(t *testing.T) {
	n := newNode(t)
	v, _ := newView(n)
	if _, err := v.Standing(context.Background(), n.id, 0, entry(3)); err != nil {
		t.Fatal(err)
	}
	e := entry(7)
	n.entries = append(n.entries, e[:]...)
	n.approve()
	s, err := v.Standing(context.Background(), n.id, 0, e)
	if err != nil || !s.InRoll {
		t.Fatal(s, err)
	}
}

func TestUnknownElectionsAndMissingRollsAreNamed(t *testing.T) {
	n := newNode(t)
	v, _ := newView(n)
	if _, err := v.Definition(context.Background(), [32]byte{1}); !errors.Is(err, issue.ErrUnknownElection) {
		t.Fatal(err)
	}
	delete(n.objects, "roll")
	if _, err := v.Standing(context.Background(), n.id, 0, entry(3)); !errors.Is(err, issue.ErrNode) {
		t.Fatal("a place in a roll that is not approved:", err)
	}
}

func TestOnlyAProvenIssuanceIsAToken(t *testing.T) {
	n := newNode(t)
	v, _ := newView(n)
	e := entry(1)
	token := &issuancev1.IssueToken{ElectionId: n.id[:], Entry: e[:], ClaimKeyHash: e[:],
		BlindedHashes: [][]byte{e[:]}, Endorsements: [][]byte{make([]byte, 64)}}
	raw, err := envelope.EncodeUnsigned(n.signer.Trust.ChainID(), uint32(txv1.Kind_KIND_ISSUE_TOKEN), ledger.MustEncode(token))
	if err != nil {
		t.Fatal(err)
	}
	hash := envelope.Hash(raw)
	n.txs[hash] = raw
	if _, err := v.Token(context.Background(), hash); !errors.Is(err, issue.ErrNotOnRecord) {
		t.Fatal("in a block without a successor:", err)
	}
	n.receipts[hash] = true
	got, err := v.Token(context.Background(), hash)
	if err != nil || [32]byte(got.Entry) != e {
		t.Fatal(got, err)
	}
	n.txs[hash] = append(slices.Clone(raw), 0)
	if _, err := v.Token(context.Background(), hash); !errors.Is(err, issue.ErrNode) {
		t.Fatal("other bytes than the receipt's:", err)
	}
	cast, err := envelope.Encode(n.signer.Trust.ChainID(), uint32(txv1.Kind_KIND_CAST_BALLOT), []byte{1}, sample.Key("a"))
	if err != nil {
		t.Fatal(err)
	}
	hash = envelope.Hash(cast)
	n.txs[hash], n.receipts[hash] = cast, true
	if _, err := v.Token(context.Background(), hash); !errors.Is(err, issue.ErrNotOnRecord) {
		t.Fatal("a ballot is no issuance:", err)
	}
}

// behind is a node that does not have the last blocks.
type behind struct{ chainview.Node }

func (behind) Receipt(context.Context, [32]byte) (*api.Receipt, *chain.Head, error) {
	return nil, nil, client.ErrNotFound
}

func (behind) Transaction(context.Context, [32]byte) (*api.TxStatus, error) {
	return &api.TxStatus{State: "unknown"}, nil
}

func TestAnIssuanceThatTheFirstNodeLacksIsProvenByAnother(t *testing.T) {
	n := newNode(t)
	e := entry(1)
	token := &issuancev1.IssueToken{ElectionId: n.id[:], Entry: e[:], ClaimKeyHash: e[:],
		BlindedHashes: [][]byte{e[:]}, Endorsements: [][]byte{make([]byte, 64)}}
	raw, err := envelope.EncodeUnsigned(n.signer.Trust.ChainID(), uint32(txv1.Kind_KIND_ISSUE_TOKEN), ledger.MustEncode(token))
	if err != nil {
		t.Fatal(err)
	}
	hash := envelope.Hash(raw)
	n.txs[hash], n.receipts[hash] = raw, true
	for name, c := range map[string]struct {
		further []chainview.Node
		want    error
	}{"behind alone": {nil, issue.ErrNotOnRecord}, "with others": {[]chainview.Node{behind{n}, n}, nil}} {
		v := chainview.New(chainview.Several{Node: behind{n}, Further: c.further}, n.signer.Trust.ChainID(), time.Now)
		if _, err := v.Token(context.Background(), hash); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
