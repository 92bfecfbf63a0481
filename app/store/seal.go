package store

import (
	"bytes"
	"slices"

	"github.com/urna-vote/urna/crypto/lthash"
	"github.com/urna-vote/urna/crypto/merkle"
)

// Spread runs a function over parts of 0..n−1 that together cover it, perhaps
// at once on several cores.
type Spread func(n int, part func(from, to int))

// Sealed is a block's effect with its hashes, ready to be committed over the
// height it was made from, or to be thrown away.
type Sealed struct {
	// Height is the record the commit will write.
	Height Height

	base      int64
	hasBase   bool
	digest    lthash.Hash
	frontier  *merkle.Frontier
	elections []ElectionLeaf
	changed   []ElectionLeaf
	keys      []string
	values    [][]byte
	// existed says of each key whether it had a value before.
	existed []bool
	branch  *Branch
}

// Seal computes what the block makes of the state. The leaves are those of all
// touched elections. The branch must not be written afterwards.
func (b *Branch) Seal(height, timeMS int64, rules uint32, leaves []ElectionLeaf, spread Spread) *Sealed {
	if b.current.open {
		panic("store: block sealed within a transaction")
	}
	head, hasBase := b.base.Head()
	s := &Sealed{
		base: head.Height, hasBase: hasBase, frontier: b.frontier, changed: leaves, branch: b,
		elections: mergeLeaves(b.base.elections, leaves),
		keys:      b.over.all(),
	}
	s.values = make([][]byte, len(s.keys))
	for i, k := range s.keys {
		s.values[i] = b.over.changes[k].value
	}
	s.existed = make([]bool, len(s.keys))
	s.digest = b.digest(s, spread)
	s.Height = Height{Height: height, Leaves: Leaves{
		TimeMS: timeMS, Rules: rules,
		LogSize: b.frontier.Size(), LogRoot: b.frontier.Root(),
		State: s.digest.Sum32(),
	}}
	if len(leaves) == 0 && hasBase {
		s.Height.Elections = head.Elections
	} else {
		s.Height.Elections = electionsRoot(s.elections)
	}
	s.Height.AppHash = s.Height.Leaves.AppHash()
	return s
}

// digest takes the old values out of the state digest and puts the new in. The
// sum does not depend on how the work is spread.
func (b *Branch) digest(s *Sealed, spread Spread) lthash.Hash {
	const step = 256 // an Adder is the better the more it adds
	keys, values := s.keys, s.values
	parts := make([]lthash.Hash, (len(keys)+step-1)/step)
	spread(len(parts), func(from, to int) {
		for p := from; p < to; p++ {
			var added, removed lthash.Adder
			for i := p * step; i < min(len(keys), (p+1)*step); i++ {
				key := []byte(keys[i])
				old := b.before(key)
				s.existed[i] = old != nil
				if bytes.Equal(old, values[i]) {
					continue
				}
				if old != nil {
					removed.Add(key, old)
				}
				if values[i] != nil {
					added.Add(key, values[i])
				}
			}
			gone := removed.Sum()
			parts[p] = added.Sum()
			parts[p].Subtract(&gone)
		}
	})
	sum := b.base.digest
	for i := range parts {
		sum.Combine(&parts[i])
	}
	return sum
}

// mergeLeaves puts new leaves in the place of old ones. Both ascend by id, and
// so does the result.
func mergeLeaves(old, changed []ElectionLeaf) []ElectionLeaf {
	out := slices.Clone(old)
	for _, c := range changed {
		i, found := slices.BinarySearchFunc(out, c, CompareLeaves)
		if found {
			out[i] = c
		} else {
			out = slices.Insert(out, i, c)
		}
	}
	return out
}

// CompareLeaves orders leaves by id.
func CompareLeaves(x, y ElectionLeaf) int { return bytes.Compare(x.ID[:], y.ID[:]) }
