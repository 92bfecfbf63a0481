package enginedb_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/urna-vote/urna/node/enginedb"
)

// shapes are those that ship, in small, so that tables are written, sorted and
// their values kept apart within a few blocks.
var shapes = map[string]enginedb.Shape{
	"small":  {MemTable: 64 << 10},
	"blocks": {MemTable: 64 << 10, Separate: enginedb.Blocks.Separate},
}

// part of a block: its content follows from its name.
func part(height, index int) (key, value []byte) {
	rng := rand.NewChaCha8([32]byte{byte(height), byte(height >> 8), byte(index)})
	value = make([]byte, 1+rng.Uint64()%uint64(3*enginedb.Blocks.Separate))
	_, _ = rng.Read(value) // never fails
	return fmt.Appendf(nil, "P:%d:%d", height, index), value
}

const parts = 5

// save stores a block as the engine does: parts unsynced, then a synced batch
// with its head and the height reached. The block before the last twenty goes.
func save(db *enginedb.DB, height int) error {
	for i := range parts {
		if err := db.Set(part(height, i)); err != nil {
			return err
		}
	}
	b := db.NewBatch()
	if err := b.Set(fmt.Appendf(nil, "H:%d", height), bytes.Repeat([]byte{byte(height)}, 300)); err != nil {
		return err
	}
	if old := height - 20; old > 0 {
		for i := range parts {
			key, _ := part(old, i)
			if err := b.Delete(key); err != nil {
				return err
			}
		}
	}
	if err := b.Set([]byte("height"), binary.BigEndian.AppendUint64(nil, uint64(height))); err != nil {
		return err
	}
	return b.WriteSync()
}

// wantBlocks checks that all blocks up to the stored height are there, and
// gives it.
func wantBlocks(t *testing.T, db *enginedb.DB, floor int) int {
	t.Helper()
	raw, err := db.Get([]byte("height"))
	must(t, err)
	height := 0
	if raw != nil {
		height = int(binary.BigEndian.Uint64(raw))
	}
	if height < floor {
		t.Fatalf("height %d was reported, %d is stored", floor, height)
	}
	for h := max(1, height-19); h <= height; h++ {
		for i := range parts {
			key, want := part(h, i)
			got, err := db.Get(key)
			must(t, err)
			if !bytes.Equal(got, want) {
				t.Fatalf("%s: %d bytes, want %d", key, len(got), len(want))
			}
		}
		if head, err := db.Get(fmt.Appendf(nil, "H:%d", h)); err != nil || len(head) != 300 {
			t.Fatalf("head %d: %d bytes, %v", h, len(head), err)
		}
	}
	return height
}

// TestCrashLeavesEveryReportedBlockWhole crashes at any moment, with any part
// of what was not synced kept, and goes on after it.
func TestCrashLeavesEveryReportedBlockWhole(t *testing.T) {
	const blocks, crashes = 40, 3
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(5) {
				rng := rand.New(rand.NewPCG(seed, 7))
				fs, height := vfs.NewCrashableMem(), 0
				for range crashes {
					db, err := enginedb.Open("test", "/", enginedb.Options{FS: fs, Shape: shape})
					must(t, err)
					height = wantBlocks(t, db, height)
					// The crash comes while the block after this one is written, or later.
					floor, moment := height+rng.IntN(blocks), make(chan struct{})
					clones := make(chan *vfs.MemFS, 1)
					go func() {
						<-moment
						clones <- fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
					}()
					for h := height + 1; h <= height+blocks; h++ {
						if h == floor+1 {
							close(moment)
						}
						must(t, save(db, h))
					}
					must(t, db.Compact(nil, nil))
					next := <-clones
					must(t, db.Close())
					fs, height = next, floor
				}
				db, err := enginedb.Open("test", "/", enginedb.Options{FS: fs, Shape: shape})
				must(t, err)
				wantBlocks(t, db, height)
				must(t, db.Close())
			}
		})
	}
}

// TestBlocksAreKeptApartAndReadBack looks whether the values of the shape that
// ships are where they are meant to be, and come back after a reopening.
func TestBlocksAreKeptApartAndReadBack(t *testing.T) {
	fs := vfs.NewMem()
	for name, want := range map[string]bool{"small": false, "blocks": true} {
		db, err := enginedb.Open(name, "/", enginedb.Options{FS: fs, Shape: shapes[name]})
		must(t, err)
		for h := 1; h <= 40; h++ {
			must(t, save(db, h))
		}
		must(t, db.Compact(nil, nil))
		must(t, db.Close())
		files, err := fs.List("/" + name + ".db")
		must(t, err)
		apart := false
		for _, f := range files {
			apart = apart || strings.HasSuffix(f, ".blob")
		}
		if apart != want {
			t.Errorf("%s: values are kept apart: %v, want %v", name, apart, want)
		}
		again, err := enginedb.Open(name, "/", enginedb.Options{FS: fs, Shape: shapes[name]})
		must(t, err)
		if h := wantBlocks(t, again, 40); h != 40 {
			t.Errorf("%s: height %d", name, h)
		}
		must(t, again.Close())
	}
}

// TestTurnedBitOfAValueIsNoticed turns bits in the files of values: what is
// read is an error or right.
func TestTurnedBitOfAValueIsNoticed(t *testing.T) {
	fs := vfs.NewMem()
	db, err := enginedb.Open("test", "/", enginedb.Options{FS: fs, Shape: shapes["blocks"]})
	must(t, err)
	for h := 1; h <= 15; h++ {
		must(t, save(db, h))
	}
	must(t, db.Compact(nil, nil))
	must(t, db.Close())
	files, err := fs.List("/test.db")
	must(t, err)
	turned, noticed := 0, 0
	for _, f := range files {
		if !strings.HasSuffix(f, ".blob") {
			continue
		}
		data, err := fs.UnsafeGetFileDataBuffer("/test.db/" + f)
		must(t, err)
		for at := 7; at < len(data) && turned < 30; at += 1 + len(data)/4 {
			data[at] ^= 0x10
			wrong, told := readAll(t, fs)
			data[at] ^= 0x10
			if wrong {
				t.Fatalf("%s: byte %d of %d is turned, and another value was served", f, at, len(data))
			}
			if turned++; told {
				noticed++
			}
		}
	}
	if turned < 20 || noticed < turned/2 {
		t.Errorf("%d bits turned, %d noticed", turned, noticed)
	}
}

// readAll reports whether a wrong value was served, and whether damage was told.
func readAll(t *testing.T, fs vfs.FS) (wrong, told bool) {
	t.Helper()
	db, err := enginedb.Open("test", "/", enginedb.Options{FS: fs, Shape: shapes["blocks"]})
	if err != nil {
		return false, true
	}
	defer func() { _ = db.Close() }() // the damage may show again
	for h := 1; h <= 15; h++ {
		for i := range parts {
			key, want := part(h, i)
			got, err := db.Get(key)
			if err != nil {
				told = true
			} else if !bytes.Equal(got, want) {
				return true, told
			}
		}
	}
	return false, told
}
