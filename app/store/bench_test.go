package store_test

import (
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/urna-vote/urna/app/store"
)

var benchKeys = flag.Int("store.keys", 100_000, "spent keys that BenchmarkGrowth writes")

// growing writes blocks of records as ballots make them: a random key that was
// never there, looked up twice before it is written, and an entry of the log.
type growing struct {
	s      *store.Store
	height int64
	keys   int
	value  []byte
}

func (g *growing) block(t testing.TB, n int) {
	snap := g.s.Snapshot()
	defer snap.Close()
	b := store.NewBranch(snap)
	keys := make([][]byte, n)
	for i := range keys {
		k := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(g.keys+i)))
		keys[i] = itemPrefix.Key(k[:])
		if b.Get(keys[i]) != nil {
			t.Fatal("the key is there already")
		}
	}
	id := election(0)
	for i, key := range keys {
		hash := [32]byte(key[1:])
		hash[0] ^= 0x5a
		b.BeginTx(uint32(i), 60, hash)
		if b.Get(key) != nil {
			t.Fatal("the key is there already")
		}
		binary.BigEndian.PutUint64(g.value, b.AppendLog(hash))
		b.Set(key, g.value)
		b.Touch(id)
		b.EndTx()
	}
	b.Set([]byte("counter"), binary.BigEndian.AppendUint64(nil, uint64(g.keys+n)))
	leaves := []store.ElectionLeaf{{ID: id, Root: sha256.Sum256(g.value)}}
	if err := g.s.Commit(b.Seal(g.height, g.height, 1, leaves, serial)); err != nil {
		t.Fatal(err)
	}
	g.height++
	g.keys += n
}

// BenchmarkGrowth tells what a ballot costs the store with so many before it,
// on one core, a sync of the disk for every thousand included; then the bytes
// that are left on the disk and how long opening takes.
func BenchmarkGrowth(b *testing.B) {
	dir := b.TempDir()
	s, err := store.Open(store.Options{Dir: dir, ChainID: chain})
	if err != nil {
		b.Fatal(err)
	}
	g := &growing{s: s, value: make([]byte, 17)}
	const block = 1000
	began := cpu(b)
	defer func() {
		b.Logf("%.1f µs of cpu for each of all ballots", float64((cpu(b)-began).Microseconds())/float64(g.keys))
	}()
	for b.Loop() {
		for mark := 30_000; g.keys < *benchKeys; mark *= 10 {
			for g.keys < min(mark, *benchKeys)-20*block {
				g.block(b, block)
			}
			start, busy := time.Now(), cpu(b)
			for range 20 {
				g.block(b, block)
			}
			b.ReportMetric(float64((cpu(b)-busy).Microseconds())/(20*block), fmt.Sprintf("cpu-µs/ballot@%d", g.keys))
			b.ReportMetric(float64(time.Since(start).Microseconds())/(20*block), fmt.Sprintf("µs/ballot@%d", g.keys))
		}
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc>>20), "MB-heap")
	tables, logs := diskBytes(b, dir)
	b.ReportMetric(float64(tables)/float64(g.keys), "B-tables/ballot")
	b.ReportMetric(float64(logs>>20), "MB-wal")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	opened := time.Now()
	if s, err = store.Open(store.Options{Dir: dir, ChainID: chain}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(time.Since(opened).Milliseconds()), "ms-open")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	tables, _ = diskBytes(b, dir)
	b.ReportMetric(float64(tables)/float64(g.keys), "B-reopened/ballot")
}

// cpu is the time that this process has worked, in the background too.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func diskBytes(b *testing.B, dir string) (tables, logs int64) {
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return nil // a table that compaction removed meanwhile
		}
		if strings.HasSuffix(path, ".sst") {
			tables += info.Size()
		} else {
			logs += info.Size()
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return tables, logs
}
