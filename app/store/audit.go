package store

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/lthash"
	"github.com/urna-vote/urna/crypto/merkle"
)

// Audit reads everything the application hash speaks of and recomputes it:
// state digest, ballot log from its entries, elections. It tells of the first
// difference. Memory does not grow with the store.
func (s *Snapshot) Audit() (err error) {
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(*Failure)
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("audit store: %w", f)
		}
	}()
	var digest lthash.Hash
	s.scan([]byte{spaceState}, nil, func(key, value []byte) bool {
		digest.Add(key[1:], value)
		return true
	})
	if digest.Sum32() != s.head.State {
		return fmt.Errorf("audit store: state digest %x, height %d says %x: %w", digest.Sum32(), s.head.Height, s.head.State, errCorrupt)
	}
	var log merkle.Frontier
	s.EachLogged(0, s.head.LogSize, func(e Entry) bool {
		if e.Index != log.Size() {
			return false // an entry is missing
		}
		if aerr := log.Append(merkle.LeafHash(e.Hash[:]), nil); aerr != nil {
			fail("audit ballot log", aerr)
		}
		return true
	})
	if log.Size() != s.head.LogSize || (s.hasHead && log.Root() != s.head.LogRoot) {
		return fmt.Errorf("audit store: ballot log of %d entries with root %x, height %d says %d and %x: %w",
			log.Size(), log.Root(), s.head.Height, s.head.LogSize, s.head.LogRoot, errCorrupt)
	}
	return nil
}
