package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// tables turns entries into tables beside the database, which takes all of them
// in the end as they are: no log, no memtable, no compaction, and one write of the
// list of its tables. Many goroutines may write tables.
type tables struct {
	db     *pebble.DB
	fs     vfs.FS
	dir    string
	format sstable.TableFormat
	opts   *pebble.Options

	mu    sync.Mutex // guards:
	count int
	// runs of tables, by file. The tables of one run do not overlap; those of the
	// next may overlap them, and hold what came later.
	runs [][]string
}

func newTables(s *Store) *tables {
	opts := pebbleOptions(s.options)
	opts.EnsureDefaults()
	return &tables{
		db: s.db, fs: s.options.FS, dir: filepath.Join(s.options.Dir, restoreDir),
		format: s.db.FormatMajorVersion().MaxTableFormat(), opts: opts,
	}
}

// name gives a table of a run its file.
func (t *tables) name(run int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	name := filepath.Join(t.dir, fmt.Sprintf("%06d.sst", t.count))
	for len(t.runs) <= run {
		t.runs = append(t.runs, nil)
	}
	t.runs[run] = append(t.runs[run], name)
	return name
}

// write makes a table durable. Keys ascend.
func (t *tables) write(run int, fill func(set func(key, value []byte) error) error) error {
	file, err := t.fs.Create(t.name(run), vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("restore state: write table: %w", err)
	}
	w := sstable.NewWriter(&tableFile{file: file}, t.opts.MakeWriterOptions(len(t.opts.Levels)-1, t.format))
	if err := errors.Join(fill(w.Set), w.Close()); err != nil {
		return fmt.Errorf("restore state: write table: %w", err)
	}
	return nil
}

// take gives all tables to the database.
func (t *tables) take() error {
	for _, names := range t.runs {
		if err := t.db.Ingest(context.Background(), names); err != nil {
			return fmt.Errorf("restore state: take tables: %w", err)
		}
	}
	t.runs = nil
	return nil
}

// tableFile gathers the blocks of a table, which are small, into few writes.
type tableFile struct {
	file vfs.File
	left []byte
}

const tableFileBytes = 256 << 10

// Write takes a block.
func (f *tableFile) Write(b []byte) error {
	if f.left == nil {
		f.left = make([]byte, 0, tableFileBytes)
	}
	if len(f.left)+len(b) > tableFileBytes {
		if err := f.flush(); err != nil {
			return err
		}
	}
	f.left = append(f.left, b...)
	return nil
}

func (f *tableFile) flush() error {
	_, err := f.file.Write(f.left)
	f.left = f.left[:0]
	return err
}

// Finish makes the table durable.
func (f *tableFile) Finish() error {
	err := f.flush()
	if err == nil {
		err = f.file.Sync()
	}
	return errors.Join(err, f.file.Close())
}

// Abort leaves a file that nobody reads.
func (f *tableFile) Abort() { _ = f.file.Close() }
