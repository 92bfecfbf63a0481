package verify

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/urna-vote/urna/offchain/audit/table"
)

// store keeps on disk whatever there is one of for each ballot key or entry of
// a roll. Its first error stays and ends the run: what was concluded from a
// read that failed is worth nothing.
type store struct {
	// spent ballot keys of the whole chain.
	spent *table.Table
	// tokens by election and entry.
	tokens *table.Table
	// roll has the place of each staged entry, and the entries of each staging.
	roll *table.Table
	// listed are the ballot keys by election and zone.
	listed *table.Sorter
	err    error
}

// The names of the tables, of their files and in a checkpoint.
const (
	spentName  = "spent"
	tokensName = "tokens"
	rollName   = "roll"
	listedName = "listed"
)

// listedBytes: number of the election and of the zone, ballot key.
const listedBytes = 8 + table.KeySize

// bounds of the memory of a store; zero values mean the default.
type bounds struct{ pages, run int }

func newStore(dir string, b bounds) (*store, error) {
	s := new(store)
	var err error
	if s.listed, err = table.NewSorter(dir, listedName, listedBytes, b.run); err != nil {
		return nil, err
	}
	for _, t := range s.tables() {
		if *t.at, err = table.Create(dir, t.name, b.pages); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// named is a table of the store.
type named struct {
	name string
	at   **table.Table
}

func (s *store) tables() []named {
	return []named{{spentName, &s.spent}, {tokensName, &s.tokens}, {rollName, &s.roll}}
}

func (s *store) close() error {
	var all []error
	if s.listed != nil {
		all = append(all, s.listed.Close())
	}
	for _, t := range s.tables() {
		if *t.at != nil {
			all = append(all, (*t.at).Close())
		}
	}
	return errors.Join(all...)
}

func (s *store) failed(err error) {
	if s.err == nil && err != nil {
		s.err = fmt.Errorf("keep state on disk: %w", err)
	}
}

// get finds a value, nil if there is none; it is a copy.
func (s *store) get(t *table.Table, key [32]byte) []byte {
	b, ok, err := t.Get(key)
	s.failed(err)
	if err != nil || !ok {
		return nil
	}
	return slices.Clone(b)
}

func (s *store) has(t *table.Table, key [32]byte) bool {
	_, ok, err := t.Get(key)
	s.failed(err)
	return ok
}

func (s *store) put(t *table.Table, key [32]byte, value []byte) { s.failed(t.Put(key, value)) }

// list notes the ballot key of a zone.
func (s *store) list(z *zone, key [32]byte) {
	s.failed(s.listed.Add(append(z.prefix(), key[:]...)))
}

// prefix of the zone's keys in the list.
func (z *zone) prefix() []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(make([]byte, 0, listedBytes), z.election.number), z.index)
}

// keyFor is the key of a record that has several names.
func keyFor(parts ...[]byte) [32]byte {
	var all []byte
	for _, p := range parts {
		all = binary.BigEndian.AppendUint32(all, uint32(len(p)))
		all = append(all, p...)
	}
	return sha256.Sum256(all)
}

// cells reads a value written by appending. Values are this program's own, kept
// under a hash: too short a one contradicts that.
type cells struct{ b []byte }

func (c *cells) u32() uint32 { return binary.BigEndian.Uint32(c.take(4)) }
func (c *cells) u64() uint64 { return binary.BigEndian.Uint64(c.take(8)) }

func (c *cells) take(n int) []byte {
	b := c.b[:n:n]
	c.b = c.b[n:]
	return b
}
