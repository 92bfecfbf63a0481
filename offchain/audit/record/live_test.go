package record_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/chain"
)

// A reader may begin anywhere, also at a file's first block.
func TestBlocksAreReadFromAnyHeight(t *testing.T) {
	s := newSource(t)
	s.grow(2005)
	dir := t.TempDir()
	r := s.mustFetch(dir)
	for _, from := range []int64{1, 2, 1000, 1001, 1002, 2001, 2005, 2006} {
		next := from
		for b, err := range r.BlocksFrom(context.Background(), from) {
			if err != nil || b.Header.Height != next {
				t.Fatalf("from %d: block %v, %v; want %d", from, b, err, next)
			}
			next++
		}
		if next != 2006 {
			t.Errorf("from %d the blocks end before %d", from, next)
		}
	}
	// What lies below is not looked at, what follows is.
	if err := flip(filepath.Join(dir, "blocks", "0000000001.blocks"), mustRead(t, filepath.Join(dir, "blocks", "0000000001.blocks"))); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[int64]bool{1000: false, 1001: true} {
		var fault error
		for _, err := range r.BlocksFrom(context.Background(), from) {
			fault = err
		}
		if (fault == nil) != want {
			t.Errorf("from %d: %v", from, fault)
		}
	}
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What a node has now is read like a record, without the directory.
func TestALookAtANodeGivesItsBlocks(t *testing.T) {
	s := newSource(t)
	trust, err := chain.ParseTrust(s.genesis)
	if err != nil {
		t.Fatal(err)
	}
	if l, err := record.Look(context.Background(), s, trust, true); err != nil || l.Last() >= l.First() {
		t.Fatalf("a chain without blocks: %v, %v", l, err)
	}
	s.grow(120)
	l, err := record.Look(context.Background(), s, trust, false)
	if err != nil || l.First() != 1 || l.Last() != 120 || len(l.Commit()) == 0 {
		t.Fatalf("%v, %v", l, err)
	}
	next := int64(31)
	for b, err := range l.BlocksFrom(context.Background(), next) {
		if err != nil || b.Header.Height != next {
			t.Fatalf("block %v, %v; want %d", b, err, next)
		}
		next++
	}
	if got := s.asked.Load(); next != 121 || got != 90 {
		t.Errorf("blocks end before %d, %d were asked for", next, got)
	}
}
