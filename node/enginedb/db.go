package enginedb

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
	dbm "github.com/cometbft/cometbft-db"
)

// Misuse of the interface.
var (
	ErrKeyEmpty    = errors.New("key is empty")
	ErrValueNil    = errors.New("value is nil")
	ErrBatchClosed = errors.New("batch was written or closed")
	ErrClosed      = errors.New("database is closed")
)

// Options of a store.
type Options struct {
	// FS is where the files are; nil is the operating system's.
	FS vfs.FS
	// Cache is shared by the stores of one node; nil gives the store its own of 8 MiB.
	Cache *pebble.Cache
	// Logger gets Pebble's complaints; nil drops them.
	Logger pebble.Logger
	// Shape of what the store holds; the zero value is Small.
	Shape Shape
}

// Shape tells how a store is used.
type Shape struct {
	// MemTable bytes are gathered before they are written as a table; the log of
	// the store takes as much of the disk, even if little is in it.
	MemTable uint64
	// Separate values from so many bytes on are kept apart from their keys, so
	// that sorting keys does not rewrite them; 0 keeps all together.
	Separate int
}

// Shapes of the engine's stores; docs/adr/0020-engine-settings.md has the
// measurements.
var (
	// Small holds the engine's state and evidence: some hundred bytes a block.
	Small = Shape{MemTable: 1 << 20}
	// Blocks holds block parts of 64 KiB that are written once and never altered.
	Blocks = Shape{MemTable: 4 << 20, Separate: 8 << 10}
)

// neverRewritten lets values stay where they were written first: blocks are
// not altered, and nothing is won by bringing them together.
const neverRewritten = 1 << 20

// DB is one store. It is safe for concurrent use.
type DB struct {
	pebble *pebble.DB

	mu     sync.RWMutex
	closed bool
}

var _ dbm.DB = (*DB)(nil)

// Open opens or creates the store <dir>/<name>.db.
func Open(name, dir string, o Options) (*DB, error) {
	if o.Shape == (Shape{}) {
		o.Shape = Small
	}
	opts := &pebble.Options{
		FS:                 o.FS,
		Cache:              o.Cache,
		FormatMajorVersion: pebble.FormatValueSeparation,
		MemTableSize:       o.Shape.MemTable,
		MaxOpenFiles:       512,
		Logger:             silent{},
	}
	if o.Logger != nil {
		opts.Logger = o.Logger
	}
	for i := range opts.Levels {
		// What is stored is ciphertext and hashes.
		opts.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
		// One file for each memtable: a chain of ten million ballots has three
		// thousand files and not twice as many.
		opts.TargetFileSizes[i] = 64 << 20
	}
	opts.Experimental.ValueSeparationPolicy = func() pebble.ValueSeparationPolicy {
		return pebble.ValueSeparationPolicy{
			Enabled: o.Shape.Separate > 0, MinimumSize: max(1, o.Shape.Separate),
			MaxBlobReferenceDepth: neverRewritten, TargetGarbageRatio: 1,
		}
	}
	path := filepath.Join(dir, name+".db")
	p, err := pebble.Open(path, opts)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return &DB{pebble: p}, nil
}

// Get returns a copy of the value, nil if there is none.
func (db *DB) Get(key []byte) ([]byte, error) {
	if len(key) == 0 {
		return nil, ErrKeyEmpty
	}
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	value, closer, err := db.pebble.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	// A present value is never nil, not even an empty one.
	out := append(make([]byte, 0, len(value)), value...)
	if err := closer.Close(); err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	return out, nil
}

// Has reports whether the key has a value.
func (db *DB) Has(key []byte) (bool, error) {
	value, err := db.Get(key)
	return value != nil, err
}

// Set stores a value; it is durable with the next synced write.
func (db *DB) Set(key, value []byte) error { return db.set(key, value, pebble.NoSync) }

// SetSync stores a value durably.
func (db *DB) SetSync(key, value []byte) error { return db.set(key, value, pebble.Sync) }

func (db *DB) set(key, value []byte, how *pebble.WriteOptions) error {
	if err := checkPair(key, value); err != nil {
		return err
	}
	if err := db.enter(); err != nil {
		return err
	}
	defer db.leave()
	if err := db.pebble.Set(key, value, how); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	return nil
}

// Delete removes a key; it is durable with the next synced write.
func (db *DB) Delete(key []byte) error { return db.remove(key, pebble.NoSync) }

// DeleteSync removes a key durably.
func (db *DB) DeleteSync(key []byte) error { return db.remove(key, pebble.Sync) }

func (db *DB) remove(key []byte, how *pebble.WriteOptions) error {
	if len(key) == 0 {
		return ErrKeyEmpty
	}
	if err := db.enter(); err != nil {
		return err
	}
	defer db.leave()
	if err := db.pebble.Delete(key, how); err != nil {
		return fmt.Errorf("delete key: %w", err)
	}
	return nil
}

// Iterator visits [start, end) in ascending order.
func (db *DB) Iterator(start, end []byte) (dbm.Iterator, error) {
	return db.iterator(start, end, false)
}

// ReverseIterator visits [start, end) in descending order.
func (db *DB) ReverseIterator(start, end []byte) (dbm.Iterator, error) {
	return db.iterator(start, end, true)
}

func (db *DB) iterator(start, end []byte, descending bool) (dbm.Iterator, error) {
	if start != nil && len(start) == 0 || end != nil && len(end) == 0 {
		return nil, ErrKeyEmpty
	}
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	source, err := db.pebble.NewIter(&pebble.IterOptions{LowerBound: start, UpperBound: end})
	if err != nil {
		return nil, fmt.Errorf("open iterator: %w", err)
	}
	return newIterator(source, start, end, descending), nil
}

// NewBatch starts an atomic group of writes.
func (db *DB) NewBatch() dbm.Batch { return &batch{db: db, pebble: db.pebble.NewBatch()} }

// Compact rewrites [start, end) so that what was deleted leaves the disk; nil
// bounds are the first and the last key.
func (db *DB) Compact(start, end []byte) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.leave()
	it, err := db.pebble.NewIter(&pebble.IterOptions{LowerBound: start, UpperBound: end})
	if err != nil {
		return fmt.Errorf("compact: %w", err)
	}
	var first, last []byte
	if it.First() {
		first = slices.Clone(it.Key())
	}
	if it.Last() {
		// The end of a compaction is exclusive: step past the last key.
		last = append(slices.Clone(it.Key()), 0)
	}
	if err := it.Close(); err != nil {
		return fmt.Errorf("compact: %w", err)
	}
	if first == nil {
		return nil
	}
	if err := db.pebble.Compact(context.Background(), first, last, true); err != nil {
		return fmt.Errorf("compact: %w", err)
	}
	return nil
}

// Print writes every pair to the standard output, for debugging by hand.
func (db *DB) Print() error {
	it, err := db.Iterator(nil, nil)
	if err != nil {
		return err
	}
	for ; it.Valid(); it.Next() {
		fmt.Printf("%X\t%X\n", it.Key(), it.Value())
	}
	return errors.Join(it.Error(), it.Close())
}

// Stats gives Pebble's figures.
func (db *DB) Stats() map[string]string {
	if db.enter() != nil {
		return map[string]string{}
	}
	defer db.leave()
	m := db.pebble.Metrics()
	return map[string]string{
		"pebble.disk_bytes":      strconv.FormatUint(m.DiskSpaceUsage(), 10),
		"pebble.memtable_bytes":  strconv.FormatUint(m.MemTable.Size, 10),
		"pebble.wal_bytes":       strconv.FormatUint(m.WAL.Size, 10),
		"pebble.compactions":     strconv.FormatInt(m.Compact.Count, 10),
		"pebble.read_amplitude":  strconv.Itoa(m.ReadAmp()),
		"pebble.flushed_batches": strconv.FormatInt(m.Flush.Count, 10),
	}
}

// Close flushes and closes the store. A second call does nothing: the engine
// closes some stores twice.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return nil
	}
	db.closed = true
	if err := db.pebble.Close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// enter keeps the store open until leave. The engine's goroutines may still
// read while it stops, and Pebble panics when used after Close.
func (db *DB) enter() error {
	db.mu.RLock()
	if db.closed {
		db.mu.RUnlock()
		return ErrClosed
	}
	return nil
}

func (db *DB) leave() { db.mu.RUnlock() }

func checkPair(key, value []byte) error {
	if len(key) == 0 {
		return ErrKeyEmpty
	}
	if value == nil {
		return ErrValueNil
	}
	return nil
}

// silent is a Pebble logger that only stops the process.
type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}

// Fatalf is called where Pebble cannot go on; the interface says it must not return.
func (silent) Fatalf(format string, args ...any) {
	panic("enginedb: " + fmt.Sprintf(format, args...))
}
