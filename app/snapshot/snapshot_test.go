package snapshot_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/urna-vote/urna/app/snapshot"
	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/x/ledger"
)

const chain = "snapshot-test-0011223344556677"

// Records of the tests: those that are also deleted, and those of a kind with an
// index, by the end of the key.
var (
	prefixLoose   = ledger.NewPrefix(0xd0, "record of a test")
	prefixIndexed = ledger.NewPrefix(0xd1, "indexed record of a test")
	prefixIndex   = ledger.NewIndex(0xd2, "index of a test", prefixIndexed, func(key, _ []byte) []byte {
		out := slices.Clone(key[1:])
		slices.Reverse(out)
		return out
	})
)

func serial(n int, part func(from, to int)) { part(0, n) }

func open(t testing.TB, fs vfs.FS) *store.Store {
	t.Helper()
	s, err := store.Open(store.Options{Dir: "data", FS: fs, ChainID: chain, CacheBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// block commits the next height, a function of the height alone: so many
// transactions, of which every other is logged.
func block(t testing.TB, s *store.Store, txs int) store.Height {
	t.Helper()
	snap := s.Snapshot()
	defer snap.Close()
	height := int64(0)
	if head, began := snap.Head(); began {
		height = head.Height + 1
	}
	rng := rand.New(rand.NewPCG(uint64(height), 3))
	b := store.NewBranch(snap)
	for i := range txs {
		hash := sha256.Sum256(fmt.Appendf(nil, "tx %d %d", height, i))
		b.BeginTx(uint32(i), 60, hash)
		for range 1 + rng.IntN(3) {
			kind := []ledger.Prefix{prefixLoose, prefixIndexed}[rng.IntN(2)]
			b.Set(kind.Key(fmt.Append(nil, rng.IntN(500))), fmt.Append(nil, rng.Uint64()))
		}
		b.Delete(prefixLoose.Key(fmt.Append(nil, rng.IntN(500))))
		if i%2 == 0 {
			b.AppendLog(hash)
		}
		b.Touch(sha256.Sum256([]byte{byte(i % 3)}))
		b.EndTx()
	}
	var leaves []store.ElectionLeaf
	for _, id := range b.Touched() {
		leaves = append(leaves, store.ElectionLeaf{ID: id, Root: sha256.Sum256(binary.BigEndian.AppendUint64(id[:], uint64(height)))})
	}
	sealed := b.Seal(height, 1000*height, 1, leaves, serial)
	if err := s.Commit(sealed); err != nil {
		t.Fatal(err)
	}
	return sealed.Height
}

// source is a store of some blocks.
func source(t testing.TB, blocks, txs int) (*store.Store, store.Height) {
	t.Helper()
	s := open(t, vfs.NewMem())
	var head store.Height
	for range blocks {
		head = block(t, s, txs)
	}
	return s, head
}

func folder(t testing.TB, fs vfs.FS) *snapshot.Folder {
	t.Helper()
	f, err := snapshot.OpenFolder(fs, "snapshots", func(what string) { t.Log(what) })
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t testing.TB, f *snapshot.Folder, s *store.Store) *snapshot.Kept {
	t.Helper()
	of := s.Snapshot()
	defer of.Close()
	kept, err := f.Make(t.Context(), of, snapshot.Making{ChunkBytes: 1500})
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// packed is a snapshot in memory.
type packed struct {
	head     store.Height
	manifest *snapshot.Manifest
	chunks   [][]byte
}

func pack(t testing.TB, blocks, txs int) (*store.Store, packed) {
	t.Helper()
	s, head := source(t, blocks, txs)
	return s, packOf(t, s, head)
}

// packOf is the snapshot of a store's last height.
func packOf(t testing.TB, s *store.Store, head store.Height) packed {
	t.Helper()
	f := folder(t, vfs.NewMem())
	kept := write(t, f, s)
	p := packed{head: head, manifest: kept.Manifest}
	for i := range kept.Manifest.Chunks() {
		chunk, err := f.Chunk(head.Height, i)
		if err != nil {
			t.Fatal(err)
		}
		p.chunks = append(p.chunks, chunk)
	}
	return p
}

// restore takes a snapshot into a store; chunks are handed over until one is refused.
func (p packed) restore(to *store.Store) error {
	m, err := snapshot.Decode(p.manifest.Encode())
	if err != nil {
		return err
	}
	if err := m.Check(p.head.Height, p.head.AppHash[:]); err != nil {
		return err
	}
	r, err := snapshot.Begin(m, to, serial)
	if err != nil {
		return err
	}
	done := false
	for _, chunk := range p.chunks {
		if done, err = r.Apply(bytes.Clone(chunk)); err != nil {
			return errors.Join(err, r.Abort())
		}
	}
	if !done {
		return errors.Join(errors.New("chunks are missing"), r.Abort())
	}
	return nil
}

// same compares two stores: heads, pairs, logs, and that the whole is audited.
func same(t testing.TB, a, b *store.Store) {
	t.Helper()
	x, y := a.Snapshot(), b.Snapshot()
	defer x.Close()
	defer y.Close()
	hx, _ := x.Head()
	if hy, began := y.Head(); !began || hx != hy {
		t.Fatalf("head is %+v, want %+v", hy, hx)
	}
	if err := y.Audit(); err != nil {
		t.Fatal(err)
	}
	pairs := func(s *store.Snapshot) map[string]string {
		out := map[string]string{}
		s.Pairs(func(key, value []byte) bool { out[string(key)] = string(value); return true })
		return out
	}
	index := func(s *store.Snapshot) (out []string) {
		s.Iterate(prefixIndex.Key(), func(key, _ []byte) bool { out = append(out, string(key)); return true })
		return out
	}
	if !maps.Equal(pairs(x), pairs(y)) || len(index(x)) == 0 || !slices.Equal(index(x), index(y)) {
		t.Fatal("pairs or their index differ")
	}
	n := int(hx.LogSize)
	if !slices.Equal(x.LogHashes(0, n), y.LogHashes(0, n)) || !slices.Equal(x.Elections(), y.Elections()) {
		t.Fatal("logs or elections differ")
	}
}

func TestStoreFromASnapshotGoesOnLikeTheOthers(t *testing.T) {
	from, p := pack(t, 12, 150)
	if len(p.manifest.State) < 5 || len(p.manifest.Log) != 1 {
		t.Fatalf("%d chunks of state, %d of the log: too few to test", len(p.manifest.State), len(p.manifest.Log))
	}
	fs := vfs.NewMem()
	to := open(t, fs)
	if err := p.restore(to); err != nil {
		t.Fatal(err)
	}
	same(t, from, to)
	for range 5 {
		if a, b := block(t, from, 90), block(t, to, 90); a != b {
			t.Fatalf("the next block gives %+v, want %+v", b, a)
		}
	}
	same(t, from, to)
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	same(t, from, open(t, fs))
}

func TestRestoredLogProvesItsEntriesAndFindsThemByHash(t *testing.T) {
	from, p := pack(t, 9, 230)
	to := open(t, vfs.NewMem())
	if err := p.restore(to); err != nil {
		t.Fatal(err)
	}
	block(t, from, 90)
	last := block(t, to, 90)
	snap := to.Snapshot()
	defer snap.Close()
	hashes := snap.LogHashes(0, int(last.LogSize))
	for i := uint64(0); i < last.LogSize; i += 13 {
		proof, err := snap.LogInclusion(i, last.LogSize)
		if err != nil {
			t.Fatal(err)
		}
		if err := proof.Verify(merkle.LeafHash(hashes[i][:]), last.LogRoot); err != nil {
			t.Fatal(err)
		}
		tx, found := snap.TxByHash(hashes[i])
		if !found || tx.LogIndex != i || (tx.Height == last.Height) != (i >= p.head.LogSize) {
			t.Fatalf("entry %d of a log restored to %d: %+v, %v", i, p.head.LogSize, tx, found)
		}
	}
	path, err := snap.LogConsistency(p.head.LogSize, last.LogSize)
	if err != nil {
		t.Fatal(err)
	}
	if err := merkle.VerifyConsistency(p.head.LogSize, last.LogSize, p.head.LogRoot, last.LogRoot, path); err != nil {
		t.Fatal(err)
	}
}

func TestAllNodesWriteTheSameSnapshot(t *testing.T) {
	from, p := pack(t, 8, 120)
	to := open(t, vfs.NewMem())
	if err := p.restore(to); err != nil {
		t.Fatal(err)
	}
	again := write(t, folder(t, vfs.NewMem()), to)
	once := write(t, folder(t, vfs.NewMem()), from)
	if !bytes.Equal(again.Encoded, once.Encoded) {
		t.Fatal("a node that began with a snapshot writes another one than the node that made it")
	}
}

func TestSnapshotOfALongLogHasAChunkForEverySubtree(t *testing.T) {
	from := open(t, vfs.NewMem())
	block(t, from, 40)
	snap := from.Snapshot()
	b := store.NewBranch(snap)
	for i := range uint32(snapshot.LogChunk + 3000) {
		hash := [32]byte(append(binary.BigEndian.AppendUint32(make([]byte, 0, 32), i), make([]byte, 28)...))
		b.BeginTx(i, 60, hash)
		b.AppendLog(hash)
		b.EndTx()
	}
	sealed := b.Seal(1, 1000, 1, nil, serial)
	if err := from.Commit(sealed); err != nil {
		t.Fatal(err)
	}
	snap.Close()
	p := packOf(t, from, sealed.Height)
	if len(p.manifest.Log) != 2 {
		t.Fatalf("%d chunks of the log", len(p.manifest.Log))
	}
	to := open(t, vfs.NewMem())
	if err := p.restore(to); err != nil {
		t.Fatal(err)
	}
	same(t, from, to)
}

func TestRestoreReplacesWhatTheStoreHeld(t *testing.T) {
	from, p := pack(t, 6, 80)
	fs := vfs.NewMem()
	to := open(t, fs)
	for range 9 {
		block(t, to, 200)
	}
	before := to.Snapshot()
	if err := p.restore(to); err != nil {
		t.Fatal(err)
	}
	if head, _ := before.Head(); head.Height != 8 {
		t.Fatalf("an older reader stands at %d", head.Height)
	}
	if err := before.Audit(); err != nil {
		t.Fatalf("an older reader sees what was restored: %v", err)
	}
	before.Close()
	same(t, from, to)
}
