package store_test

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/urna-vote/urna/app/store"
)

// After a crash that keeps any part of what was not synced, the store stands at
// a height at or above the last reported, whole: the same state as if nothing
// had happened.
func TestCrashLeavesACommittedHeightWhole(t *testing.T) {
	const blocks = 12
	reference := make([]*model, blocks)
	heights := make([]store.Height, blocks)
	{
		s := open(t, vfs.NewMem())
		m := &model{state: map[string]string{}}
		for i := range blocks {
			h, err := commit(t, s, m)
			if err != nil {
				t.Fatal(err)
			}
			heights[i], reference[i] = h, &model{state: cloneMap(m.state)}
		}
		_ = s.Close()
	}
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 5))
		fs := vfs.NewCrashableMem()
		s := open(t, fs)
		m := &model{state: map[string]string{}}
		var reported atomic.Int64
		reported.Store(-1)
		crashAfter := int64(rng.IntN(blocks))
		clones := make(chan *vfs.MemFS, 1)
		var floor int64
		go func() { // crashes somewhere in the course of the writes
			for reported.Load() < crashAfter {
				runtime.Gosched()
			}
			floor = reported.Load()
			clones <- fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: int(seed*2) % 101, RNG: rng})
		}()
		for range blocks {
			h, err := commit(t, s, m)
			if err != nil {
				t.Fatal(err)
			}
			reported.Store(h.Height)
		}
		crashed := <-clones
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		again := open(t, crashed)
		head, ok := again.Head()
		if !ok || head.Height < floor {
			t.Fatalf("seed %d: reported height %d, after the crash %d", seed, floor, head.Height)
		}
		if head != heights[head.Height] {
			t.Fatalf("seed %d: height %d is %+v, want %+v", seed, head.Height, head, heights[head.Height])
		}
		wantState(t, again, reference[head.Height])
		if _, err := commit(t, again, reference[head.Height].clone()); err != nil {
			t.Fatalf("seed %d: goes on: %v", seed, err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func cloneMap(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func (m *model) clone() *model { return &model{state: cloneMap(m.state)} }

// A disk that fails under the write-ahead log: the block is not acknowledged,
// nothing further is accepted, and the store opens again as it was.
func TestFailingDiskStopsTheStoreAndLosesNothing(t *testing.T) {
	mem := vfs.NewCrashableMem()
	var broken atomic.Bool
	inject := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if broken.Load() && strings.HasSuffix(op.Path, ".log") && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return errorfs.ErrInjected
		}
		return nil
	})
	s := open(t, errorfs.Wrap(mem, inject))
	m := &model{state: map[string]string{}}
	for range 6 {
		if _, err := commit(t, s, m); err != nil {
			t.Fatal(err)
		}
	}
	whole, last := m.clone(), int64(5)
	broken.Store(true)
	_, err := commit(t, s, m)
	var failure *store.Failure
	if !errors.As(err, &failure) {
		t.Fatalf("a commit on a broken disk gave %v", err)
	}
	broken.Store(false)
	if _, err := commit(t, s, whole.clone()); err == nil || !strings.Contains(err.Error(), "stopped") {
		t.Fatalf("a stopped store commits: %v", err)
	}
	again := open(t, mem.CrashClone(vfs.CrashCloneCfg{}))
	defer again.Close()
	if head, _ := again.Head(); head.Height != last {
		t.Fatalf("reopened at %d, want %d", head.Height, last)
	}
	wantState(t, again, whole)
}

// One bit of a stored file is turned: the store refuses to open, or a reader
// fails, or the audit tells; it is never served as if nothing were.
func TestTurnedBitIsNoticed(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs)
	m := &model{state: map[string]string{}}
	for range 40 {
		if _, err := commit(t, s, m); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, fs) // the log is turned into a table
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := fs.List("data/state")
	if err != nil {
		t.Fatal(err)
	}
	turned := 0
	for _, name := range names {
		if !strings.HasSuffix(name, ".sst") {
			continue
		}
		data, err := fs.UnsafeGetFileDataBuffer("data/state/" + name)
		if err != nil {
			t.Fatal(err)
		}
		step := max(1, len(data)/60)
		for at := 0; at < len(data); at += step {
			data[at] ^= 0x10
			noticed := noticesDamage(fs, m)
			data[at] ^= 0x10
			if !noticed {
				t.Errorf("%s: a bit of byte %d of %d is turned and nobody noticed", name, at, len(data))
			}
			turned++
		}
	}
	if turned < 50 {
		t.Fatalf("only %d bits were turned", turned)
	}
}

// noticesDamage reads everything; it reports whether damage was told, or
// everything that was read is right all the same (a byte nobody reads).
func noticesDamage(fs vfs.FS, m *model) (noticed bool) {
	defer func() {
		if r := recover(); r != nil {
			_, noticed = r.(*store.Failure)
		}
	}()
	s, err := store.Open(store.Options{Dir: "data", FS: fs, ChainID: chain, CacheBytes: 1 << 20})
	if err != nil {
		return true
	}
	defer func() { _ = s.Close() }()
	snap := s.Snapshot()
	defer snap.Close()
	if snap.Audit() != nil {
		return true
	}
	n := 0
	right := true
	snap.Iterate(nil, func(k, v []byte) bool {
		n++
		right = right && m.state[string(k)] == string(v)
		return right
	})
	return right && n == len(m.state)
}
