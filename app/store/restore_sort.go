package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/urna-vote/urna/crypto/merkle"
)

// sorterBytes of entries become a table: memory does not grow with the state.
const sorterBytes = 48 << 20

// sorter collects entries of one space that come in no order, and makes a table of
// them when it is full. The zero value is empty.
type sorter struct {
	// slabs hold keys and values; none is ever copied to grow.
	slabs   [][]byte
	entries []sortEntry
	// runs is how many tables it made. What they hold overlaps.
	runs int
}

type sortEntry struct {
	// prefix is the beginning of the key behind the space: most comparisons end there.
	prefix     uint64
	slab, at   uint32
	key, value uint16
}

const slabBytes = 1 << 20

// expect makes room for so many entries.
func (r *sorter) expect(n int) { r.entries = slices.Grow(r.entries, n) }

func (r *sorter) add(key, value []byte) {
	last := len(r.slabs) - 1
	if last < 0 || cap(r.slabs[last])-len(r.slabs[last]) < len(key)+len(value) {
		r.slabs = append(r.slabs, make([]byte, 0, max(slabBytes, len(key)+len(value))))
		last++
	}
	var p [8]byte
	copy(p[:], key[1:])
	r.entries = append(r.entries, sortEntry{
		prefix: binary.BigEndian.Uint64(p[:]), slab: uint32(last), at: uint32(len(r.slabs[last])),
		key: uint16(len(key)), value: uint16(len(value)),
	})
	r.slabs[last] = append(append(r.slabs[last], key...), value...)
}

func (r *sorter) full() bool { return len(r.slabs)*slabBytes > sorterBytes }

func (r *sorter) keyOf(e sortEntry) []byte { return r.slabs[e.slab][e.at : e.at+uint32(e.key)] }

func (r *sorter) valueOf(e sortEntry) []byte {
	from := e.at + uint32(e.key)
	return r.slabs[e.slab][from : from+uint32(e.value)]
}

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
		return cmp.Or(cmp.Compare(a.slab, b.slab), cmp.Compare(a.at, b.at))
	})
	err := t.write(r.runs, func(set func(key, value []byte) error) error {
		for i, e := range r.entries {
			key := r.keyOf(e)
			if i+1 < len(r.entries) && bytes.Equal(key, r.keyOf(r.entries[i+1])) {
				continue
			}
			if err := set(key, r.valueOf(e)); err != nil {
				return err
			}
		}
		return nil
	})
	r.slabs, r.entries = nil, nil
	r.runs++
	return err
}

// txSorter is a sorter of where transactions of the ballot log stand: what is
// needed of them is small and of one size.
type txSorter struct {
	entries []txEntry
	runs    int
}

// txEntry is the beginning of a transaction's hash and its index in the log.
type txEntry struct {
	first uint64
	then  uint32
	index uint64
}

const txEntries = sorterBytes / 24

// add takes those of some hashes, which begin at an index, whose first bit is that
// of this half.
func (r *txSorter) add(t *tables, half byte, first uint64, hashes []byte) error {
	n := len(hashes) / merkle.HashSize
	r.entries = slices.Grow(r.entries, n/2+n/32)
	for i := range n {
		h := hashes[i*merkle.HashSize:]
		if h[0]>>7 != half {
			continue
		}
		r.entries = append(r.entries, txEntry{
			first: binary.BigEndian.Uint64(h), then: binary.BigEndian.Uint32(h[8:]), index: first + uint64(i),
		})
		if len(r.entries) >= txEntries {
			if err := r.end(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// end makes a table of what was collected. Of entries with one key the last stands.
func (r *txSorter) end(t *tables) error {
	if len(r.entries) == 0 {
		return nil
	}
	r.sort()
	err := t.write(r.runs, func(set func(key, value []byte) error) error {
		var key [1 + txPrefix]byte
		key[0] = spaceTx
		var value [binary.MaxVarintLen64]byte
		for i, e := range r.entries {
			if i+1 < len(r.entries) && e.first == r.entries[i+1].first && e.then == r.entries[i+1].then {
				continue
			}
			binary.BigEndian.PutUint64(key[1:], e.first)
			binary.BigEndian.PutUint32(key[9:], e.then)
			if err := set(key[:], appendLoggedTx(value[:0], e.index)); err != nil {
				return err
			}
		}
		return nil
	})
	r.entries = nil
	r.runs++
	return err
}

// sort puts the entries in order. Hashes are spread evenly: after they are dealt
// out by their first bits, few are left to compare with each other. Whoever made
// hashes that are not would only have them sorted as others are.
func (r *txSorter) sort() {
	const perBucket = 8
	width := bits.Len(uint(len(r.entries) / perBucket))
	bucket := func(e txEntry) uint64 { return e.first << 1 >> (64 - width) } // their first bit is one and the same
	starts := make([]uint32, 1<<width+1)
	for _, e := range r.entries {
		starts[bucket(e)+1]++
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	next, dealt := slices.Clone(starts), make([]txEntry, len(r.entries))
	for _, e := range r.entries {
		b := bucket(e)
		dealt[next[b]] = e
		next[b]++
	}
	for i := 1; i < len(starts); i++ {
		slices.SortFunc(dealt[starts[i-1]:starts[i]], func(a, b txEntry) int {
			if a.first != b.first {
				return cmp.Compare(a.first, b.first)
			}
			return cmp.Or(cmp.Compare(a.then, b.then), cmp.Compare(a.index, b.index))
		})
	}
	r.entries = dealt
}
