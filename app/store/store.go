package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/urna-vote/urna/crypto/lthash"
	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/x/ledger"
)

// Options of a store.
type Options struct {
	// Dir in which the database lives; made if it does not exist.
	Dir string
	// FS is the file system, the machine's if nil.
	FS vfs.FS
	// ChainID whose state this is.
	ChainID string
	// Say gets what the database wants people to know.
	Say func(string)
	// CacheBytes for blocks read; 0 means 64 MiB.
	CacheBytes int64
}

// Store is the durable state of one chain. One goroutine commits; any may take
// snapshots.
type Store struct {
	db      *pebble.DB
	options Options
	open    sync.WaitGroup // snapshots in use

	mu        sync.Mutex // guards what follows: the committed height
	failed    error
	head      Height
	hasHead   bool
	digest    lthash.Hash
	frontier  *merkle.Frontier
	elections []ElectionLeaf
	memory    *memory
	restoring bool
}

// Open opens a store or makes an empty one. It refuses the store of another
// chain, and one whose record of the last height does not agree with its
// content.
func Open(o Options) (s *Store, err error) {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	path := filepath.Join(o.Dir, "state")
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(*Failure)
			if !ok {
				panic(r)
			}
			s, err = nil, fmt.Errorf("open store %s: %w", path, f)
		}
	}()
	db, err := pebble.Open(path, pebbleOptions(o))
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	s = &Store{db: db, options: o, frontier: new(merkle.Frontier), memory: new(memory)}
	if err := s.load(o.ChainID); err != nil {
		_ = db.Close() // the first error is the one to tell
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return s, nil
}

func pebbleOptions(o Options) *pebble.Options {
	size := o.CacheBytes
	if size == 0 {
		size = 64 << 20
	}
	// A ballot writes about a hundred bytes under random keys. Small memtables
	// are searched quickly, and so little is left in the write-ahead log that it
	// does not count beside the state; what is flushed often is merged once, by
	// at most two of the machine's cores.
	opts := &pebble.Options{
		FS:                          o.FS,
		CacheSize:                   size,
		FormatMajorVersion:          pebble.FormatTableFormatV6,
		MemTableSize:                4 << 20,
		MemTableStopWritesThreshold: 4,
		BytesPerSync:                1 << 20,
		CompactionConcurrencyRange:  func() (lower, upper int) { return 1, 2 },
		MaxOpenFiles:                512,
		Logger:                      pebbleLog{say: o.Say},
	}
	for i := range opts.Levels {
		// Hashes and ciphertexts do not compress.
		opts.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
		opts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return opts
}

// load reads the head and checks that it follows from what is stored.
func (s *Store) load(chainID string) error {
	was, err := s.meta(keyChain)
	if err != nil {
		return err
	}
	if was == nil {
		b := s.db.NewBatch()
		_ = b.Set(keyChain, []byte(chainID), nil) // a batch in memory
		_ = b.Set(keyFormat, formatRecord(), nil)
		return s.write(b)
	}
	if string(was) != chainID {
		return fmt.Errorf("it holds chain %q, not %q: give each chain a directory of its own", was, chainID)
	}
	if f, err := s.meta(keyFormat); err != nil || len(f) != 4 || binary.BigEndian.Uint32(f) != format {
		return fmt.Errorf("its format is %x, this program writes %d: %w", f, format, errors.Join(err, errCorrupt))
	}
	if half, err := s.meta(keyRestoring); err != nil || half != nil {
		return errors.Join(err, s.empty(false))
	}
	head, err := s.meta(keyHead)
	if err != nil || head == nil {
		return err // not yet begun
	}
	if s.head, err = decodeHeight(head); err != nil {
		return err
	}
	s.hasHead = true
	return s.loadCommitments()
}

func (s *Store) loadCommitments() error {
	b, err := s.meta(keyDigest)
	if err != nil {
		return err
	}
	if s.digest, err = lthash.Unmarshal(b); err != nil {
		return fmt.Errorf("%w: %w", errCorrupt, err)
	}
	snap := s.Snapshot()
	defer snap.Close()
	if s.frontier, err = merkle.FrontierAt(&logNodes{s: snap}, s.head.LogSize); err != nil {
		return err
	}
	snap.scan([]byte{spaceElection}, nil, func(key, value []byte) bool {
		if len(key) != 33 || len(value) != 32 {
			fail("read elections", errCorrupt)
		}
		s.elections = append(s.elections, ElectionLeaf{ID: [32]byte(key[1:]), Root: merkle.Hash(value)})
		return true
	})
	if s.digest.Sum32() != s.head.State || s.frontier.Root() != s.head.LogRoot || electionsRoot(s.elections) != s.head.Elections {
		return fmt.Errorf("height %d does not follow from what is stored: %w", s.head.Height, errCorrupt)
	}
	return nil
}

func (s *Store) meta(key []byte) ([]byte, error) {
	v, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key[1:], err)
	}
	out := append([]byte{}, v...)
	return out, closer.Close()
}

// Head is the record of the last committed height; false before the first.
func (s *Store) Head() (Height, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head, s.hasHead
}

// Snapshot is the store at the last committed height.
func (s *Store) Snapshot() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open.Add(1)
	snap := &Snapshot{
		db: s.db.NewSnapshot(), owner: s,
		head: s.head, hasHead: s.hasHead, digest: s.digest, frontier: s.frontier, elections: s.elections,
		memory: s.memory, state: s.memory.current(),
	}
	snap.users.Store(1)
	return snap
}

// Commit makes a block durable: when it returns nil the block survives any
// crash; when it returns an error nothing may be acknowledged and the store
// refuses everything further.
func (s *Store) Commit(sealed *Sealed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return fmt.Errorf("commit height %d: the store stopped: %w", sealed.Height.Height, s.failed)
	}
	if s.restoring {
		return fmt.Errorf("commit height %d: a snapshot is being restored", sealed.Height.Height)
	}
	if sealed.hasBase != s.hasHead || sealed.base != s.head.Height {
		return fmt.Errorf("commit height %d made over height %d: the store is at %d", sealed.Height.Height, sealed.base, s.head.Height)
	}
	if err := s.write(s.batch(sealed)); err != nil {
		s.failed = err
		return fmt.Errorf("commit height %d: %w", sealed.Height.Height, err)
	}
	s.head, s.hasHead = sealed.Height, true
	s.digest, s.frontier, s.elections = sealed.digest, sealed.frontier, sealed.elections
	s.memory.advance(sealed.keys)
	return nil
}

// batch writes down a block. Setting a key of a batch in memory has no error.
func (s *Store) batch(sealed *Sealed) *pebble.Batch {
	b := s.db.NewBatch()
	height := sealed.Height.Height
	for i, k := range sealed.keys {
		key, v := []byte(k), sealed.values[i]
		if v == nil {
			_ = b.Delete(stateKey(key), nil)
			continue
		}
		_ = b.Set(stateKey(key), v, nil)
		if !sealed.existed[i] {
			putIndex(b, key, v)
		}
	}
	for _, n := range sealed.branch.nodes {
		_ = b.Set(nodeKey(n.id), n.hash[:], nil)
	}
	for _, p := range pages(height, sealed.branch.logged) {
		putPage(b, p)
	}
	for _, t := range sealed.branch.others {
		_ = b.Set(txKey(t.hash), encodeOtherTx(height, t), nil)
	}
	for _, l := range sealed.changed {
		_ = b.Set(electionKey(l.ID), l.Root[:], nil)
	}
	record := sealed.Height.encode()
	_ = b.Set(heightKey(height), record, nil)
	_ = b.Set(keyHead, record, nil)
	_ = b.Set(keyDigest, sealed.digest.Marshal(), nil)
	return b
}

var indexValue = []byte{1}

// putIndex writes a record's key in the index of its kind.
func putIndex(b *pebble.Batch, key, value []byte) {
	if index := ledger.IndexKey(key, value); index != nil {
		_ = b.Set(stateKey(index), indexValue, nil)
	}
}

// putPage writes a page of the ballot log and what finds its entries.
func putPage(b *pebble.Batch, p *page) {
	_ = b.Set(pageKey(p.first), p.encode(), nil)
	for _, r := range p.runs {
		if r.election > 0 {
			_ = b.Set(ofKey(p.elections[r.election-1], r.kind, p.first), nil, nil)
		}
	}
	for i := range p.size() {
		_ = b.Set(txKey([32]byte(p.hashes[i*merkle.HashSize:])), encodeLoggedTx(p.first+i), nil)
	}
}

// write commits a batch with a sync. Pebble reports a failing log through its
// logger, which panics; here it becomes an error.
func (s *Store) write(b *pebble.Batch) (err error) {
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(*Failure)
			if !ok {
				panic(r)
			}
			err = f
		}
	}()
	if err := b.Commit(pebble.Sync); err != nil {
		return &Failure{Doing: "write to the store", Err: err}
	}
	return b.Close()
}

// Close waits for snapshots in use and closes the database. After a failed
// write the database is left as it is: opening it again recovers.
func (s *Store) Close() error {
	s.open.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return nil
	}
	s.failed = errors.New("closed")
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}
