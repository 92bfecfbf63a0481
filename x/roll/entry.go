package roll

import (
	"github.com/urna-vote/urna/crypto/merkle"
)

// EntryBytes is the length of an entry id.
const EntryBytes = 32

// Entries are stored in pages; the nodes of the tree below a page's are
// computed from it.
const (
	PageLevel   = 6
	PageEntries = 1 << PageLevel
)

// Leaf is the hash of an entry in the tree of its style: the leaf's data is the
// entry id.
func Leaf(entry []byte) merkle.Hash { return merkle.LeafHash(entry) }

// Root is the root of the tree over entry ids, one after the other.
func Root(entries []byte) merkle.Hash {
	var f merkle.Frontier
	for ; len(entries) >= EntryBytes; entries = entries[EntryBytes:] {
		if err := f.Append(Leaf(entries[:EntryBytes]), nil); err != nil {
			panic("roll: tree of entries in memory: " + err.Error())
		}
	}
	return f.Root()
}

// EntryClaim names an entry among the claims of a block: a token for it and its
// removal exclude each other.
func EntryClaim(election [32]byte, entry []byte) string {
	return "entry:" + string(election[:]) + string(entry)
}
