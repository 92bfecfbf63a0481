package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// tables turns entries into tables that the database takes as they are: no log,
// no memtable, and no compaction where they do not overlap.
type tables struct {
	db     *pebble.DB
	fs     vfs.FS
	dir    string
	format sstable.TableFormat
	opts   *pebble.Options
	count  atomic.Int64
}

func newTables(s *Store) *tables {
	opts := pebbleOptions(s.options)
	opts.EnsureDefaults()
	return &tables{
		db: s.db, fs: s.options.FS, dir: filepath.Join(s.options.Dir, restoreDir),
		format: s.db.FormatMajorVersion().MaxTableFormat(), opts: opts,
	}
}

// take writes a table and gives it to the database. Keys ascend.
func (t *tables) take(fill func(set func(key, value []byte) error) error) error {
	name := filepath.Join(t.dir, fmt.Sprintf("%06d.sst", t.count.Add(1)))
	file, err := t.fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("restore state: write table: %w", err)
	}
	// The writer syncs and closes the file.
	w := sstable.NewWriter(objstorageprovider.NewFileWritable(file), t.opts.MakeWriterOptions(len(t.opts.Levels)-1, t.format))
	if err := errors.Join(fill(w.Set), w.Close()); err != nil {
		return fmt.Errorf("restore state: write table: %w", err)
	}
	if err := t.db.Ingest(context.Background(), []string{name}); err != nil {
		return fmt.Errorf("restore state: take table: %w", err)
	}
	return nil
}

// sorter collects entries of one space that come in no order, and makes a table of
// them when it is full: memory does not grow with the state. The zero value is empty.
type sorter struct {
	bytes   []byte
	entries []sortEntry
}

type sortEntry struct {
	// prefix is the beginning of the key behind the space: most comparisons end there.
	prefix     uint64
	at         uint32
	key, value uint16
}

// sorterBytes of entries become a table.
const sorterBytes = 48 << 20

func (r *sorter) add(key, value []byte) {
	var p [8]byte
	copy(p[:], key[1:])
	r.entries = append(r.entries, sortEntry{
		prefix: binary.BigEndian.Uint64(p[:]), at: uint32(len(r.bytes)), key: uint16(len(key)), value: uint16(len(value)),
	})
	r.bytes = append(append(r.bytes, key...), value...)
}

func (r *sorter) full() bool { return len(r.bytes) >= sorterBytes }

func (r *sorter) keyOf(e sortEntry) []byte { return r.bytes[e.at : e.at+uint32(e.key)] }

// end makes a table of what was collected. Of entries with one key the last stands.
func (r *sorter) end(t *tables) error {
	if len(r.entries) == 0 {
		return nil
	}
	slices.SortFunc(r.entries, func(a, b sortEntry) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		if c := bytes.Compare(r.keyOf(a), r.keyOf(b)); c != 0 {
			return c
		}
		return cmp.Compare(a.at, b.at)
	})
	err := t.take(func(set func(key, value []byte) error) error {
		for i, e := range r.entries {
			key := r.keyOf(e)
			if i+1 < len(r.entries) && bytes.Equal(key, r.keyOf(r.entries[i+1])) {
				continue
			}
			if err := set(key, r.bytes[e.at+uint32(e.key):e.at+uint32(e.key)+uint32(e.value)]); err != nil {
				return err
			}
		}
		return nil
	})
	r.bytes, r.entries = r.bytes[:0], r.entries[:0]
	return err
}
