package snapshot_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/urna-vote/urna/app/snapshot"
	"github.com/urna-vote/urna/app/store"
)

// crashing is a file system that is cloned before every so many changes, as a
// machine would find it after losing power there.
type crashing struct {
	vfs.FS
	mem    *vfs.MemFS
	mu     sync.Mutex
	every  int
	count  int
	rng    *rand.Rand
	clones []*vfs.MemFS
}

func newCrashing(every int) *crashing {
	c := &crashing{mem: vfs.NewCrashableMem(), every: every, rng: rand.New(rand.NewPCG(8, 8))}
	c.FS = errorfs.Wrap(c.mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
			return nil
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.count++; c.every > 0 && c.count%c.every == 0 {
			c.clones = append(c.clones, c.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: c.rng.IntN(101), RNG: c.rng}))
		}
		return nil
	}))
	return c
}

// A snapshot is there whole after a crash, or not at all.
func TestCrashLeavesNoHalfSnapshot(t *testing.T) {
	s, _ := source(t, 8, 120)
	fs := newCrashing(1)
	f := folder(t, fs)
	first := write(t, f, s)
	block(t, s, 50)
	write(t, f, s)
	if err := f.Prune(1); err != nil {
		t.Fatal(err)
	}
	whole := 0
	for i, disk := range fs.clones {
		again := folder(t, disk)
		names, err := disk.List("snapshots")
		if err != nil || len(names) != len(again.List()) {
			t.Fatalf("crash %d: files %v, snapshots %d, %v", i, names, len(again.List()), err)
		}
		for _, k := range again.List() {
			whole++
			for c := range k.Manifest.Chunks() {
				if _, err := again.Chunk(k.Manifest.Height, c); err != nil {
					t.Fatalf("crash %d: an offered snapshot has no chunk %d: %v", i, c, err)
				}
			}
		}
	}
	if whole < 10 || len(fs.clones) < 40 {
		t.Fatalf("%d crashes, %d whole snapshots: the test sees too little", len(fs.clones), whole)
	}
	if _, err := f.Chunk(first.Manifest.Height, 0); err == nil {
		t.Fatal("the old snapshot is kept")
	}
}

// A store that lost power while it was restored is empty or whole, and can be
// restored after all.
func TestCrashLeavesNoHalfRestoredStore(t *testing.T) {
	from, p := pack(t, 6, 100)
	fs := newCrashing(0)
	to := open(t, fs)
	for range 3 {
		block(t, to, 40) // what the restore replaces
	}
	fs.mu.Lock()
	fs.every = 3
	fs.mu.Unlock()
	if err := p.restore(to); err != nil {
		t.Fatal(err)
	}
	fs.mu.Lock()
	clones := fs.clones
	fs.every = 0
	fs.mu.Unlock()
	seen := map[int64]int{}
	for i, disk := range clones {
		again, err := store.Open(store.Options{Dir: "data", FS: disk, ChainID: chain, CacheBytes: 1 << 20})
		if err != nil {
			t.Fatalf("crash %d: %v", i, err)
		}
		head, began := again.Head()
		snap := again.Snapshot()
		switch {
		case !began:
			seen[-1]++
			snap.Pairs(func(key, _ []byte) bool { t.Errorf("crash %d: %q is left", i, key); return false })
		case head == p.head || head.Height == 2:
			seen[head.Height]++
			if err := snap.Audit(); err != nil {
				t.Errorf("crash %d: %v", i, err)
			}
		default:
			t.Errorf("crash %d: the store stands at %d", i, head.Height)
		}
		snap.Close()
		if err := p.restore(again); err != nil {
			t.Errorf("crash %d: restored again: %v", i, err)
		}
		same(t, from, again)
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
	if seen[-1] < 5 || len(clones) < 10 {
		t.Fatalf("%d crashes, %v by height: the test sees too little", len(clones), seen)
	}
}

// A chunk whose file was damaged is not handed out; a snapshot whose manifest
// was is removed.
func TestDamagedSnapshotIsNotHandedOut(t *testing.T) {
	s, _ := source(t, 8, 120)
	fs := vfs.NewMem()
	f := folder(t, fs)
	kept := write(t, f, s)
	for _, name := range []string{"state-000001", "log-000000"} {
		data, err := fs.UnsafeGetFileDataBuffer("snapshots/height-7/" + name)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
	}
	for i := range kept.Manifest.Chunks() {
		_, err := f.Chunk(7, i)
		if damaged := i == 1 || i == kept.Manifest.Chunks()-1; damaged != errors.Is(err, snapshot.ErrTransfer) {
			t.Errorf("chunk %d: %v", i, err)
		}
	}
	if _, err := f.Chunk(7, kept.Manifest.Chunks()); !errors.Is(err, snapshot.ErrGone) {
		t.Errorf("a chunk that is none: %v", err)
	}
	if _, err := f.Chunk(6, 0); !errors.Is(err, snapshot.ErrGone) {
		t.Errorf("a height without snapshot: %v", err)
	}
	data, err := fs.UnsafeGetFileDataBuffer("snapshots/height-7/manifest")
	if err != nil {
		t.Fatal(err)
	}
	data[9] ^= 1
	if again := folder(t, fs); len(again.List()) != 0 {
		t.Error("a damaged manifest is offered")
	}
}

// A snapshot that somebody is reading is kept for one more round.
func TestSnapshotThatIsReadIsKeptLonger(t *testing.T) {
	s, _ := source(t, 8, 60)
	f := folder(t, vfs.NewMem())
	heights := func() (out []int64) {
		for _, k := range f.List() {
			out = append(out, k.Manifest.Height)
		}
		return out
	}
	for range 3 {
		write(t, f, s)
		block(t, s, 20)
	}
	if _, err := f.Chunk(7, 0); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{2, 1} {
		if err := f.Prune(1); err != nil {
			t.Fatal(err)
		}
		if got := heights(); len(got) != want || got[0] != 9 {
			t.Fatalf("kept %v, want %d", got, want)
		}
	}
}
