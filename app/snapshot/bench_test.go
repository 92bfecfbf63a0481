package snapshot_test

import (
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/urna-vote/urna/app/snapshot"
	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/app/txn"
	"github.com/urna-vote/urna/x/ballot"
)

var benchPairs = flag.Int("pairs", 250_000, "ballots of the snapshot benchmarks")

// spread over all cores, as the application does.
func spread(n int, part func(from, to int)) { txn.Spread(runtime.GOMAXPROCS(0), n, part) }

// voted is a store with what so many first ballots leave in the state and in the log.
func voted(b *testing.B, ballots int) *store.Store {
	b.Helper()
	s, err := store.Open(store.Options{Dir: b.TempDir(), ChainID: chain})
	if err != nil {
		b.Fatal(err)
	}
	const block = 5000
	for n := 0; n < ballots; n += block {
		snap := s.Snapshot()
		br := store.NewBranch(snap)
		for i := n; i < n+block; i++ {
			hash := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
			br.BeginTx(uint32(i-n), 70, hash)
			ballotKey := sha256.Sum256(hash[:])
			spent := ballot.Spent{Number: 1, Zone: 1, Style: 3, Sequence: 1, FirstMS: 1_800_000_000_000, LastMS: 1_800_000_000_000, LogIndex: uint64(i)}
			br.Set(ballot.SpentKey(ballotKey[:]), spent.Encode())
			br.AppendLog(hash)
			br.EndTx()
		}
		sealed := br.Seal(int64(n/block), int64(n), 1, nil, spread)
		if err := s.Commit(sealed); err != nil {
			b.Fatal(err)
		}
		snap.Close()
	}
	return s
}

func BenchmarkSnapshotWrite(b *testing.B) {
	s := voted(b, *benchPairs)
	defer func() { _ = s.Close() }()
	of := s.Snapshot()
	defer of.Close()
	for b.Loop() {
		dir, err := os.MkdirTemp(b.TempDir(), "")
		if err != nil {
			b.Fatal(err)
		}
		f, err := snapshot.OpenFolder(vfs.Default, dir, func(string) {})
		if err != nil {
			b.Fatal(err)
		}
		kept, err := f.Make(b.Context(), of, snapshot.Making{})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(bytesOf(b, f, kept))
	}
}

func bytesOf(b *testing.B, f *snapshot.Folder, k *snapshot.Kept) (n int64) {
	for i := range k.Manifest.Chunks() {
		chunk, err := f.Chunk(k.Manifest.Height, i)
		if err != nil {
			b.Fatal(err)
		}
		n += int64(len(chunk))
	}
	return n
}

// BenchmarkSnapshotRestore checks and restores a snapshot on all cores, to
// durable files: bytes of the snapshot a second.
func BenchmarkSnapshotRestore(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as a node does
	s := voted(b, *benchPairs)
	of := s.Snapshot()
	f, err := snapshot.OpenFolder(vfs.NewMem(), "snapshots", func(string) {})
	if err != nil {
		b.Fatal(err)
	}
	kept, err := f.Make(b.Context(), of, snapshot.Making{})
	if err != nil {
		b.Fatal(err)
	}
	head, _ := of.Head()
	size := bytesOf(b, f, kept)
	chunks := make([][]byte, kept.Manifest.Chunks())
	for i := range chunks {
		if chunks[i], err = f.Chunk(head.Height, i); err != nil {
			b.Fatal(err)
		}
	}
	// The store that the snapshot is of would go on compacting beside what is measured.
	of.Close()
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	var worked time.Duration
	for b.Loop() {
		b.StopTimer()
		to, err := store.Open(store.Options{Dir: b.TempDir(), ChainID: chain})
		if err != nil {
			b.Fatal(err)
		}
		busy := cpu(b)
		b.StartTimer()
		m, err := snapshot.Decode(kept.Encoded)
		if err != nil {
			b.Fatal(err)
		}
		if err := m.Check(head.Height, head.AppHash[:]); err != nil {
			b.Fatal(err)
		}
		r, err := snapshot.Begin(m, to, spread)
		if err != nil {
			b.Fatal(err)
		}
		for _, chunk := range chunks {
			if _, err := r.Apply(chunk); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		worked += cpu(b) - busy
		if err := to.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	// What a machine does that has nothing else to do and whose cores are all at work.
	b.ReportMetric(float64(size*int64(b.N))/1e6/worked.Seconds()*float64(runtime.GOMAXPROCS(0)), "cpu-MB/s")
	b.ReportMetric(float64(*benchPairs), "ballots")
}

// cpu is the time that this process has worked.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
