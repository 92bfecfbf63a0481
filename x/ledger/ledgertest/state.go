package ledgertest

import (
	"bytes"
	"slices"
	"strings"
	"sync"

	"github.com/urna-vote/urna/x/ledger"
)

// State is a ledger.Writer in memory. It is not safe for concurrent writing.
type State struct {
	records map[string][]byte
	// sorted holds the keys in order; fresh those written since it was sorted.
	sorted, fresh []string
	log           [][32]byte
	touched       map[[32]byte]bool
	gathered      map[string]any

	mu sync.Mutex // guards, so that many may read:
	// decoded holds what Recall decoded.
	decoded map[string]any
}

var _ ledger.Writer = (*State)(nil)

// New is the empty state.
func New() *State {
	return &State{records: map[string][]byte{}, touched: map[[32]byte]bool{}, gathered: map[string]any{}, decoded: map[string]any{}}
}

// Get returns the value of a key, nil if there is none.
func (s *State) Get(key []byte) []byte { return s.records[string(key)] }

// Iterate visits the keys with the prefix in ascending order as they were when
// it was called.
func (s *State) Iterate(prefix []byte, visit func(key, value []byte) bool) {
	s.IterateFrom(prefix, nil, visit)
}

// IterateFrom begins at a key.
func (s *State) IterateFrom(prefix, from []byte, visit func(key, value []byte) bool) {
	s.sort()
	first, _ := slices.BinarySearch(s.sorted, max(string(prefix), string(from)))
	for _, key := range s.sorted[first:] {
		if !strings.HasPrefix(key, string(prefix)) {
			return
		}
		value, ok := s.records[key]
		if ok && !visit([]byte(key), value) {
			return
		}
	}
}

// Set stores a copy of the value. An empty value is a mistake of the module.
func (s *State) Set(key, value []byte) {
	if len(value) == 0 {
		panic("ledgertest: empty value set")
	}
	s.put(string(key), bytes.Clone(value))
	if index := ledger.IndexKey(key, value); index != nil {
		s.put(string(index), []byte{1})
	}
}

func (s *State) put(key string, value []byte) {
	if _, had := s.records[key]; !had {
		s.fresh = append(s.fresh, key)
	}
	s.records[key] = value
	s.forget(key)
}

func (s *State) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.decoded, key)
}

// Recall decodes a record or remembers it decoded.
func (s *State) Recall(key []byte, decode func(value []byte) any) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.decoded[string(key)]; ok {
		return v
	}
	value := s.records[string(key)]
	if value == nil {
		return nil
	}
	v := decode(value)
	s.decoded[string(key)] = v
	return v
}

// Gather collects for a module until it forgets.
func (s *State) Gather(name string, fresh func() any) any {
	if s.gathered[name] == nil {
		s.gathered[name] = fresh()
	}
	return s.gathered[name]
}

// Forget drops what was gathered.
func (s *State) Forget(name string) { delete(s.gathered, name) }

// Delete removes a key.
func (s *State) Delete(key []byte) {
	delete(s.records, string(key))
	s.forget(string(key))
}

// AppendLog appends to the ballot log.
func (s *State) AppendLog(txHash [32]byte) uint64 {
	s.log = append(s.log, txHash)
	return uint64(len(s.log) - 1)
}

// Touch marks an election.
func (s *State) Touch(election [32]byte) { s.touched[election] = true }

// Log is the ballot log.
func (s *State) Log() [][32]byte { return slices.Clone(s.log) }

// TakeTouched lists the marked elections in ascending order and forgets them.
func (s *State) TakeTouched() [][32]byte {
	var out [][32]byte
	for id := range s.touched {
		out = append(out, id)
	}
	slices.SortFunc(out, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	s.touched = map[[32]byte]bool{}
	return out
}

// Len is the number of records.
func (s *State) Len() int { return len(s.records) }

// Equal reports whether both hold the same records and log.
func (s *State) Equal(other *State) bool {
	if len(s.records) != len(other.records) || !slices.Equal(s.log, other.log) {
		return false
	}
	for key, value := range s.records {
		if !bytes.Equal(value, other.records[key]) {
			return false
		}
	}
	return true
}

// Clone is an independent copy.
func (s *State) Clone() *State {
	out := New()
	for key, value := range s.records {
		out.records[key] = value // values are never changed in place
		out.fresh = append(out.fresh, key)
	}
	out.log = slices.Clone(s.log)
	for id := range s.touched {
		out.touched[id] = true
	}
	return out
}

// sort makes a new slice, so that a running Iterate keeps its own.
func (s *State) sort() {
	if len(s.fresh) == 0 {
		return
	}
	all := slices.Concat(s.sorted, s.fresh)
	slices.Sort(all)
	s.sorted, s.fresh = slices.Compact(all), nil
}
