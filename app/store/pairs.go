package store

import "github.com/urna-vote/urna/crypto/merkle"

// Pair of state.
type Pair struct{ Key, Value []byte }

// Pairs visits all pairs of state, ascending by key. The visitor must not keep
// the slices.
func (s *Snapshot) Pairs(visit func(key, value []byte) bool) {
	s.scan([]byte{spaceState}, nil, func(key, value []byte) bool { return visit(key[1:], value) })
}

// LogHashes are up to n transaction hashes of the ballot log in order.
func (s *Snapshot) LogHashes(from uint64, n int) [][32]byte {
	entries := s.LogEntries(from, n)
	out := make([][32]byte, len(entries))
	for i := range entries {
		out[i] = entries[i].Hash
	}
	return out
}

// ElectionsRoot is the leaf "elections" of the application hash.
func ElectionsRoot(leaves []ElectionLeaf) merkle.Hash { return electionsRoot(leaves) }
