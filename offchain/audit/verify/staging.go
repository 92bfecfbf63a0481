package verify

import (
	"encoding/binary"
	"fmt"
	"sort"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/x/roll"
)

// The table of the roll has for each staged entry its position: style ‖ index;
// and for each staging the tree before it and what it appended: length of the
// tree's edge ‖ edge ‖ entries. With these the tree can be had at any size.

func (p position) encode() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, p.style), p.index)
}

func (e *elect) positionKey(author, entry []byte) [32]byte {
	return keyFor([]byte("entry"), e.id[:], author, entry)
}

func (e *elect) stagingKey(at styleOf, n uint64) [32]byte {
	number := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, at.style), n)
	return keyFor([]byte("staging"), e.id[:], []byte(at.author), number)
}

func encodeStaging(before *merkle.Frontier, entries []byte) []byte {
	edge := before.Marshal()
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(edge)+len(entries)), uint32(len(edge)))
	return append(append(b, edge...), entries...)
}

// staging reads what a member's transaction staged, and the tree before it.
func (v *verifier) staging(e *elect, at styleOf, n uint64) (*merkle.Frontier, []byte, error) {
	b := v.store.get(v.store.roll, e.stagingKey(at, n))
	if b == nil {
		return nil, nil, fmt.Errorf("staging %d of the tree is not kept", n)
	}
	c := cells{b}
	before, err := merkle.UnmarshalFrontier(c.take(int(c.u32())))
	return before, c.b, err
}

// rootAt is the root that a member's tree had at a size it has reached.
func (v *verifier) rootAt(e *elect, at styleOf, size uint64) (merkle.Hash, error) {
	s := e.staged[at]
	if size == s.frontier.Size() {
		return s.frontier.Root(), nil
	}
	var fault error
	// The first staging that begins beyond the size; the one before has its end.
	n := sort.Search(int(s.stagings), func(i int) bool {
		before, _, err := v.staging(e, at, uint64(i))
		if err != nil {
			fault = err
			return true
		}
		return before.Size() > size
	})
	if fault != nil {
		return merkle.Hash{}, fault
	}
	tree, entries, err := v.staging(e, at, uint64(n-1))
	if err != nil {
		return merkle.Hash{}, err
	}
	for ; tree.Size() < size; entries = entries[roll.EntryBytes:] {
		if err := tree.Append(merkle.LeafHash(entries[:roll.EntryBytes]), nil); err != nil {
			return merkle.Hash{}, err
		}
	}
	return tree.Root(), nil
}

// position finds an entry within the approved roll.
func (v *verifier) position(e *elect, entry []byte) (position, bool) {
	if e.roll == nil || len(entry) != roll.EntryBytes {
		return position{}, false
	}
	b := v.store.get(v.store.roll, e.positionKey(e.roll.Author, entry))
	if b == nil {
		return position{}, false
	}
	c := cells{b}
	p := position{style: c.u32(), index: c.u64()}
	return p, p.index < e.sizes[p.style]
}
