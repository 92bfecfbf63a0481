package store

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/urna-vote/urna/crypto/lthash"
	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/x/ledger"
)

// Snapshot is the store at one committed height, unchanged by later blocks.
// Many goroutines may read it. It implements ledger.Reader and reads panic with
// *Failure. Every Snapshot and every Retain must be closed once.
type Snapshot struct {
	db    *pebble.Snapshot
	owner *Store
	users atomic.Int64

	head      Height
	hasHead   bool
	digest    lthash.Hash
	frontier  *merkle.Frontier
	elections []ElectionLeaf
	memory    *memory
	state     uint64 // of the memory

	mu   sync.Mutex // guards:
	idle []*pebble.Iterator
}

var _ ledger.Reader = (*Snapshot)(nil)

// Empty is the state before a genesis. It needs no Close.
func Empty() *Snapshot { return &Snapshot{frontier: new(merkle.Frontier), memory: new(memory)} }

// Retain keeps the snapshot open for one more user.
func (s *Snapshot) Retain() *Snapshot {
	if s.users.Add(1) < 2 {
		panic("store: closed snapshot is used")
	}
	return s
}

// Close gives the snapshot back.
func (s *Snapshot) Close() {
	switch n := s.users.Add(-1); {
	case n == 0:
		for _, it := range s.idle {
			_ = it.Close() // it said what there was to say when it was read
		}
		s.idle = nil
		// An error could only say that it was closed before.
		_ = s.db.Close()
		s.owner.open.Done()
	case n < 0:
		panic("store: snapshot closed twice")
	}
}

// Head is the record of the snapshot's height; false in an empty store.
func (s *Snapshot) Head() (Height, bool) { return s.head, s.hasHead }

// Elections lists the leaves of all elections, ascending by id. The caller
// must not change it.
func (s *Snapshot) Elections() []ElectionLeaf { return s.elections }

// Get reads a key of state.
func (s *Snapshot) Get(key []byte) []byte { return s.get("read state", stateKey(key)) }

// Recall decodes a record of state, or remembers it decoded.
func (s *Snapshot) Recall(key []byte, decode func(value []byte) any) any {
	if v, known := s.memory.get(s.state, key); known {
		return v
	}
	value := s.Get(key)
	if value == nil {
		return nil
	}
	v := decode(value)
	s.memory.put(s.state, key, v)
	return v
}

// Iterate visits keys of state with a prefix, ascending.
func (s *Snapshot) Iterate(prefix []byte, visit func(key, value []byte) bool) {
	s.IterateFrom(prefix, nil, visit)
}

// IterateFrom is Iterate from a key on.
func (s *Snapshot) IterateFrom(prefix, from []byte, visit func(key, value []byte) bool) {
	var start []byte
	if bytes.Compare(from, prefix) > 0 {
		start = stateKey(from)
	}
	s.scan(stateKey(prefix), start, func(key, value []byte) bool {
		return visit(bytes.Clone(key[1:]), bytes.Clone(value))
	})
}

// At returns the record of a committed height.
func (s *Snapshot) At(height int64) (Height, bool) {
	if !s.hasHead || height < 0 || height > s.head.Height {
		return Height{}, false
	}
	b := s.get("read height", heightKey(height))
	if b == nil {
		return Height{}, false
	}
	h, err := decodeHeight(b)
	if err != nil || h.Height != height {
		fail("read height", fmt.Errorf("record of height %d: %w", height, errCorrupt))
	}
	return h, true
}

// get reads a key. It seeks with the filters of every level: most keys that are
// asked for are those of new ballots, and absent.
func (s *Snapshot) get(doing string, key []byte) []byte {
	if s.db == nil {
		return nil
	}
	it := s.iterator(doing)
	var out []byte
	if it.SeekPrefixGE(key) && bytes.Equal(it.Key(), key) {
		v, err := it.ValueAndErr()
		if err != nil {
			fail(doing, err)
		}
		out = append(make([]byte, 0, len(v)), v...)
	}
	if err := it.Error(); err != nil {
		_ = it.Close() // the first error is the one to tell
		fail(doing, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, it)
	return out
}

// iterator is one that nobody uses; it goes back to the idle ones.
func (s *Snapshot) iterator(doing string) *pebble.Iterator {
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		it := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return it
	}
	s.mu.Unlock()
	it, err := s.db.NewIter(&pebble.IterOptions{UseL6Filters: true})
	if err != nil {
		fail(doing, err)
	}
	return it
}

// scan visits keys of the database with a prefix, from a key on; what it hands
// out lives until the visitor returns.
func (s *Snapshot) scan(prefix, from []byte, visit func(key, value []byte) bool) {
	if s.db == nil {
		return
	}
	lower := prefix
	if from != nil {
		lower = from
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: after(prefix)})
	if err != nil {
		fail("scan the store", err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		if !visit(it.Key(), it.Value()) {
			break
		}
	}
	err = it.Error()
	if cerr := it.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		fail("scan the store", err)
	}
}
