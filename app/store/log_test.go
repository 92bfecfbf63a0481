package store_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/x/ledger"
)

// grow commits a block of n transactions; all but every ninth are logged, of
// three elections and two kinds.
func grow(t testing.TB, s *store.Store, height int64, n int) (logged []store.Entry, other [][32]byte) {
	t.Helper()
	snap := s.Snapshot()
	defer snap.Close()
	head, _ := snap.Head()
	b := store.NewBranch(snap)
	index := head.LogSize
	for i := range n {
		hash, kind := txHash(height, i), uint32(60+2*i/max(n, 1))
		b.BeginTx(uint32(i), kind, hash)
		if i%9 == 8 {
			other = append(other, hash)
		} else {
			if got := b.AppendLog(hash); got != index {
				t.Fatalf("entry %d has index %d", index, got)
			}
			logged = append(logged, store.Entry{Index: index, Height: height, Position: uint32(i), Kind: kind, Hash: hash})
			index++
			if i%7 != 6 {
				b.Touch(election(i % 3))
			}
		}
		b.EndTx()
	}
	if err := s.Commit(b.Seal(height, height, 1, nil, serial)); err != nil {
		t.Fatal(err)
	}
	return logged, other
}

func TestBallotLogReadsBackAcrossTilesAndReopening(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs)
	var all []store.Entry
	var others [][32]byte
	tree := new(merkle.Tree)
	for height, n := range []int{0, 1, 3, 300, 0, 700, 2, 289, 1, 64} {
		logged, other := grow(t, s, int64(height), n)
		others = append(others, other...)
		for _, e := range logged {
			all = append(all, e)
			if err := tree.Append(merkle.LeafHash(e.Hash[:])); err != nil {
				t.Fatal(err)
			}
		}
		if head, _ := s.Head(); head.LogRoot != tree.Root() {
			t.Fatalf("height %d: another root", height)
		}
		if height%3 == 2 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(t, fs)
		}
	}
	defer s.Close()
	snap := s.Snapshot()
	defer snap.Close()
	if err := snap.Audit(); err != nil {
		t.Fatal(err)
	}
	size := uint64(len(all))
	if got := snap.LogEntries(0, 10_000); !slices.Equal(got, all) {
		t.Fatalf("%d entries read back, want %d", len(got), size)
	}
	if got := snap.LogEntries(255, 300); !slices.Equal(got, all[255:555]) {
		t.Fatal("entries from the middle of a page are others")
	}
	for i, want := range all {
		if e, ok := snap.LogEntry(uint64(i)); !ok || e != want {
			t.Fatalf("entry %d is %+v", i, e)
		}
		tx, ok := snap.TxByHash(want.Hash)
		if !ok || tx != (store.Tx{Height: want.Height, Position: want.Position, Logged: true, LogIndex: uint64(i)}) {
			t.Fatalf("transaction of entry %d is at %+v, %v", i, tx, ok)
		}
	}
	if _, ok := snap.LogEntry(size); ok {
		t.Fatal("there is an entry behind the last")
	}
	for _, hash := range others {
		if tx, ok := snap.TxByHash(hash); !ok || tx.Logged || txHash(tx.Height, int(tx.Position)) != hash {
			t.Fatalf("transaction beside the log is at %+v, %v", tx, ok)
		}
	}
	for _, at := range []uint64{1, 2, 255, 256, 257, 511, 512, 900, size} {
		root, err := tree.RootAt(at)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := snap.LogRoot(at); err != nil || got != root {
			t.Fatalf("root of %d entries: %x, %v", at, got, err)
		}
		for i := uint64(0); i < at; i += 1 + at/13 {
			p, err := snap.LogInclusion(i, at)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Verify(merkle.LeafHash(all[i].Hash[:]), root); err != nil {
				t.Fatalf("entry %d in %d: %v", i, at, err)
			}
		}
		path, err := snap.LogConsistency(at, size)
		if err != nil {
			t.Fatal(err)
		}
		if err := merkle.VerifyConsistency(at, size, root, tree.Root(), path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestElectionLogPagesThroughWhatBelongsToIt(t *testing.T) {
	s := open(t, vfs.NewMem())
	defer s.Close()
	want := map[[32]byte][]store.Entry{}
	for height, n := range []int{0, 400, 5, 800} {
		logged, _ := grow(t, s, int64(height), n)
		for _, e := range logged {
			if i := int(e.Position); e.Kind == 61 && i%7 != 6 {
				want[election(i%3)] = append(want[election(i%3)], e)
			}
		}
	}
	snap := s.Snapshot()
	defer snap.Close()
	for i := range 3 {
		var got []store.Entry
		from := uint64(0)
		for {
			page := snap.ElectionLog(election(i), 61, from, 37)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			from = page[len(page)-1].Index + 1
		}
		if !slices.Equal(got, want[election(i)]) || len(got) < 100 {
			t.Fatalf("election %d: %d entries, want %d", i, len(got), len(want[election(i)]))
		}
	}
	if got := snap.ElectionLog(election(9), 61, 0, 10); len(got) != 0 {
		t.Fatal("an election without ballots has some")
	}
}

var (
	itemPrefix = ledger.NewPrefix(0xf0, "store-test: item")
	itemOrder  = ledger.NewIndex(0xf1, "store-test: items by their value", itemPrefix, func(_, value []byte) []byte { return value[:1] })
)

func TestIndexFollowsItsRecordsAndIsNoState(t *testing.T) {
	one, two := open(t, vfs.NewMem()), open(t, vfs.NewMem())
	defer one.Close()
	defer two.Close()
	put := func(s *store.Store, height int64, items ...string) store.Height {
		snap := s.Snapshot()
		defer snap.Close()
		b := store.NewBranch(snap)
		for _, i := range items {
			b.Set(itemPrefix.Key([]byte(i[:2])), []byte(i[2:]))
		}
		sealed := b.Seal(height, height, 1, nil, serial)
		if err := s.Commit(sealed); err != nil {
			t.Fatal(err)
		}
		return sealed.Height
	}
	put(one, 0, "a1z", "b2y", "c3y")
	put(one, 1, "a1z-more", "d4x")
	put(two, 0, "d4x", "b2y", "a1z-more")
	if last := put(two, 1, "c3y"); last.State != mustHead(t, one).State {
		t.Fatal("two ways to the same records give two states")
	}
	for _, s := range []*store.Store{one, two} {
		snap := s.Snapshot()
		var order []byte
		snap.IterateFrom(itemOrder.Key(), itemOrder.Key([]byte("y")), func(key, _ []byte) bool {
			order = append(order, key[1:]...)
			return true
		})
		if !bytes.Equal(order, []byte("yz")) {
			t.Errorf("order from y on is %q", order)
		}
		snap.Iterate(nil, func(key, _ []byte) bool {
			if key[0] == 0xf1 {
				t.Errorf("%x is state", key)
			}
			return true
		})
		if err := snap.Audit(); err != nil {
			t.Error(err)
		}
		snap.Close()
	}
}

func mustHead(t *testing.T, s *store.Store) store.Height {
	t.Helper()
	head, ok := s.Head()
	if !ok {
		t.Fatal("no head")
	}
	return head
}

func TestRecalledRecordsAreThoseOfTheirState(t *testing.T) {
	s := open(t, vfs.NewMem())
	defer s.Close()
	key := []byte("k")
	decoded := 0
	recall := func(r ledger.Reader) string {
		v, ok := ledger.Recall(r, key, func(value []byte) string {
			decoded++
			return "decoded " + string(value)
		})
		if !ok {
			return ""
		}
		return v
	}
	var before *store.Snapshot
	for height := range int64(4) {
		snap := s.Snapshot()
		b := store.NewBranch(snap)
		if height == 2 {
			b.Delete(key)
		} else {
			b.Set(key, fmt.Append(nil, height))
		}
		want := fmt.Sprintf("decoded %d", height)
		if height == 2 {
			want = ""
		}
		for range 3 {
			if got := recall(b); got != want {
				t.Fatalf("branch of height %d recalls %q", height, got)
			}
		}
		if err := s.Commit(b.Seal(height, height, 1, nil, serial)); err != nil {
			t.Fatal(err)
		}
		next := s.Snapshot()
		if got := recall(next); got != want {
			t.Fatalf("height %d recalls %q", height, got)
		}
		if before != nil {
			before.Close()
		}
		before = next
		snap.Close()
	}
	before.Close()
	if decoded > 6 {
		t.Fatalf("three values were decoded %d times", decoded)
	}
}
