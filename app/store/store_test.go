package store_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/crypto/merkle"
)

const chain = "store-test-0011223344556677"

func serial(n int, part func(from, to int)) { part(0, n) }

func open(t testing.TB, fs vfs.FS) *store.Store {
	t.Helper()
	s, err := store.Open(store.Options{Dir: "data", FS: fs, ChainID: chain, CacheBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// election ids of the tests.
func election(i int) [32]byte { return sha256.Sum256([]byte{byte(i)}) }

func txHash(height int64, i int) [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "tx %d %d", height, i))
}

// model is what the store ought to hold.
type model struct{ state map[string]string }

// fill writes a random block, a pure function of the height, into the branch
// and into the model.
func (m *model) fill(b *store.Branch, height int64) []store.ElectionLeaf {
	rng := rand.New(rand.NewPCG(uint64(height), 7))
	for i := range 1 + rng.IntN(6) {
		hash := txHash(height, i)
		b.BeginTx(uint32(i), uint32(60+i%2), hash)
		for range rng.IntN(8) {
			key := fmt.Sprintf("%c%02d", 'a'+rng.IntN(3), rng.IntN(40))
			if rng.IntN(4) == 0 {
				b.Delete([]byte(key))
				delete(m.state, key)
				continue
			}
			value := fmt.Sprint(rng.Uint64())
			b.Set([]byte(key), []byte(value))
			m.state[key] = value
		}
		if i%2 == 0 {
			b.AppendLog(hash)
		}
		b.Touch(election(rng.IntN(3)))
		b.EndTx()
	}
	var leaves []store.ElectionLeaf
	for _, id := range b.Touched() {
		leaves = append(leaves, store.ElectionLeaf{ID: id, Root: sha256.Sum256(binary.BigEndian.AppendUint64(id[:], uint64(height)))})
	}
	return leaves
}

func commit(t testing.TB, s *store.Store, m *model) (store.Height, error) {
	t.Helper()
	snap := s.Snapshot()
	defer snap.Close()
	head, began := snap.Head()
	height := int64(0)
	if began {
		height = head.Height + 1
	}
	b := store.NewBranch(snap)
	leaves := m.fill(b, height)
	sealed := b.Seal(height, height*1000, 1, leaves, serial)
	return sealed.Height, s.Commit(sealed)
}

func wantState(t testing.TB, s *store.Store, m *model) {
	t.Helper()
	snap := s.Snapshot()
	defer snap.Close()
	got := map[string]string{}
	var order []string
	snap.Iterate(nil, func(k, v []byte) bool {
		got[string(k)] = string(v)
		order = append(order, string(k))
		return true
	})
	if !maps.Equal(got, m.state) || !slices.IsSorted(order) {
		t.Fatalf("state has %d keys, the model %d", len(got), len(m.state))
	}
	if err := snap.Audit(); err != nil {
		t.Fatal(err)
	}
}

func TestStoreKeepsWhatBlocksWroteOverReopening(t *testing.T) {
	fs := vfs.NewMem()
	m := &model{state: map[string]string{}}
	s := open(t, fs)
	var last store.Height
	for range 60 {
		var err error
		if last, err = commit(t, s, m); err != nil {
			t.Fatal(err)
		}
	}
	wantState(t, s, m)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, fs)
	defer s.Close()
	if head, ok := s.Head(); !ok || head != last {
		t.Fatalf("reopened at %+v, want %+v", head, last)
	}
	wantState(t, s, m)
}

func TestSameBlocksGiveTheSameHashHoweverWorkIsSpread(t *testing.T) {
	one, two := open(t, vfs.NewMem()), open(t, vfs.NewMem())
	defer one.Close()
	defer two.Close()
	m := &model{state: map[string]string{}}
	for height := range int64(20) {
		a, err := commit(t, one, m)
		if err != nil {
			t.Fatal(err)
		}
		snap := two.Snapshot()
		b := store.NewBranch(snap)
		leaves := (&model{state: map[string]string{}}).fill(b, height)
		sealed := b.Seal(height, height*1000, 1, leaves, func(n int, part func(from, to int)) {
			for i := n - 1; i >= 0; i-- {
				part(i, i+1)
			}
		})
		if err := two.Commit(sealed); err != nil {
			t.Fatal(err)
		}
		snap.Close()
		if sealed.Height != a {
			t.Fatalf("height %d: %+v and %+v", height, sealed.Height, a)
		}
	}
}

func TestStoreOfAnotherChainIsRefusedNamingBoth(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(store.Options{Dir: "data", FS: fs, ChainID: "another-8899aabbccddeeff"})
	if err == nil || !strings.Contains(err.Error(), chain) || !strings.Contains(err.Error(), "another-8899aabbccddeeff") {
		t.Fatalf("error %v does not name both chains", err)
	}
}

func TestSnapshotIsUnmovedByLaterBlocks(t *testing.T) {
	s := open(t, vfs.NewMem())
	defer s.Close()
	m := &model{state: map[string]string{}}
	for range 5 {
		if _, err := commit(t, s, m); err != nil {
			t.Fatal(err)
		}
	}
	old, was := s.Snapshot(), maps.Clone(m.state)
	defer old.Close()
	for range 5 {
		if _, err := commit(t, s, m); err != nil {
			t.Fatal(err)
		}
	}
	for k, v := range was {
		if got := old.Get([]byte(k)); string(got) != v {
			t.Fatalf("%s is %q in the old snapshot, want %q", k, got, v)
		}
	}
	if head, _ := old.Head(); head.Height != 4 {
		t.Fatalf("old snapshot stands at %d", head.Height)
	}
}

func TestCommitRefusesBlockMadeOverAnotherHeight(t *testing.T) {
	s := open(t, vfs.NewMem())
	defer s.Close()
	m := &model{state: map[string]string{}}
	if _, err := commit(t, s, m); err != nil {
		t.Fatal(err)
	}
	snap := s.Snapshot()
	defer snap.Close()
	stale := store.NewBranch(snap).Seal(1, 1000, 1, nil, serial)
	if _, err := commit(t, s, m); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(stale); err == nil || !strings.Contains(err.Error(), "over height 0") {
		t.Fatalf("a stale block was committed: %v", err)
	}
	wantState(t, s, m)
}

func TestBallotLogProvesEveryEntryAtEverySize(t *testing.T) {
	s := open(t, vfs.NewMem())
	defer s.Close()
	m := &model{state: map[string]string{}}
	roots := map[uint64]merkle.Hash{0: merkle.EmptyRoot()}
	for range 25 {
		h, err := commit(t, s, m)
		if err != nil {
			t.Fatal(err)
		}
		roots[h.LogSize] = h.LogRoot
	}
	snap := s.Snapshot()
	defer snap.Close()
	head, _ := snap.Head()
	entries := snap.LogEntries(0, 1000)
	if uint64(len(entries)) != head.LogSize || head.LogSize < 40 {
		t.Fatalf("%d entries, the log has %d", len(entries), head.LogSize)
	}
	for size, root := range roots {
		if got, err := snap.LogRoot(size); err != nil || got != root {
			t.Fatalf("root of %d entries: %x, %v", size, got, err)
		}
		path, err := snap.LogConsistency(size, head.LogSize)
		if err != nil {
			t.Fatal(err)
		}
		if err := merkle.VerifyConsistency(size, head.LogSize, root, head.LogRoot, path); err != nil {
			t.Fatal(err)
		}
		for i := uint64(0); i < size; i += 3 {
			p, err := snap.LogInclusion(i, size)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Verify(merkle.LeafHash(entries[i].Hash[:]), root); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := snap.LogInclusion(0, head.LogSize+1); err == nil {
		t.Fatal("a proof in a log that does not exist yet")
	}
}

func TestTransactionsAreFoundByHashAndByElection(t *testing.T) {
	s := open(t, vfs.NewMem())
	defer s.Close()
	m := &model{state: map[string]string{}}
	for range 12 {
		if _, err := commit(t, s, m); err != nil {
			t.Fatal(err)
		}
	}
	snap := s.Snapshot()
	defer snap.Close()
	tx, ok := snap.TxByHash(txHash(7, 0))
	if !ok || tx.Height != 7 || tx.Position != 0 || !tx.Logged {
		t.Fatalf("first transaction of height 7: %+v, %v", tx, ok)
	}
	e, ok := snap.LogEntry(tx.LogIndex)
	if !ok || e.Hash != txHash(7, 0) || e.Height != 7 || e.Kind != 60 {
		t.Fatalf("its log entry: %+v, %v", e, ok)
	}
	if _, ok := snap.TxByHash(sha256.Sum256(nil)); ok {
		t.Fatal("a transaction that never was is found")
	}
	total := 0
	for i := range 3 {
		all := snap.ElectionLog(election(i), 60, 0, 1000)
		total += len(all)
		for n, e := range all {
			if rest := snap.ElectionLog(election(i), 60, e.Index, 1); len(rest) != 1 || rest[0] != e {
				t.Fatalf("entry %d of election %d is not found from its index", n, i)
			}
		}
	}
	if head, _ := snap.Head(); uint64(total) != head.LogSize {
		t.Fatalf("%d entries by election, the log has %d", total, head.LogSize)
	}
}

func TestApplicationHashCoversEveryLeaf(t *testing.T) {
	base := store.Leaves{TimeMS: 1, Rules: 1, LogSize: 1, LogRoot: merkle.Hash{1}, State: merkle.Hash{2}, Elections: merkle.Hash{3}}
	seen := map[merkle.Hash]string{base.AppHash(): "the original"}
	for name, change := range map[string]func(*store.Leaves){
		"time": func(l *store.Leaves) { l.TimeMS++ }, "rules": func(l *store.Leaves) { l.Rules++ },
		"log size": func(l *store.Leaves) { l.LogSize++ }, "log root": func(l *store.Leaves) { l.LogRoot[0]++ },
		"state": func(l *store.Leaves) { l.State[0]++ }, "elections": func(l *store.Leaves) { l.Elections[0]++ },
	} {
		l := base
		change(&l)
		if was, ok := seen[l.AppHash()]; ok {
			t.Fatalf("changing %s gives the hash of %s", name, was)
		}
		seen[l.AppHash()] = name
	}
}
