package store

import (
	"encoding/binary"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/x/ledger"
)

// First bytes of the database's keys.
const (
	spaceMeta     = 'm'
	spaceHeight   = 'h'
	spaceState    = 's'
	spaceIndex    = 'x'
	spaceElection = 'e'
	spaceNode     = 'l'
	spacePage     = 'g'
	spaceTx       = 't'
	spaceOf       = 'i'
)

var (
	keyChain  = []byte("mchain")
	keyFormat = []byte("mformat")
	keyHead   = []byte("mhead")
	keyDigest = []byte("mdigest")
)

// format of the whole database.
const format = 2

// stateKey is where a key of state stands: keys of an index have a space of
// their own, because they are no state.
func stateKey(key []byte) []byte {
	space := byte(spaceState)
	if ledger.IsIndex(key) {
		space = spaceIndex
	}
	return append(append(make([]byte, 0, 1+len(key)), space), key...)
}

func heightKey(height int64) []byte {
	return binary.BigEndian.AppendUint64([]byte{spaceHeight}, uint64(height))
}

func electionKey(id [32]byte) []byte { return append([]byte{spaceElection}, id[:]...) }

func nodeKey(id merkle.NodeID) []byte {
	return binary.BigEndian.AppendUint64([]byte{spaceNode, byte(id.Level)}, id.Index)
}

// pageKey is where the page of the ballot log stands that begins with an entry.
func pageKey(first uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{spacePage}, first)
}

// txPrefix is how much of a transaction's hash its key in the index has. Two
// transactions of one beginning, which take 2^48 attempts to make, leave the
// later one in the index; what it says is checked against the whole hash.
const txPrefix = 12

func txKey(hash [32]byte) []byte { return append([]byte{spaceTx}, hash[:txPrefix]...) }

// ofKey says that a page has entries of one kind that touched an election.
func ofKey(election [32]byte, kind uint32, page uint64) []byte {
	b := append([]byte{spaceOf}, election[:]...)
	b = binary.BigEndian.AppendUint32(b, kind)
	return binary.BigEndian.AppendUint64(b, page)
}

// after is the first key behind all keys that begin with the prefix, nil if
// there is none.
func after(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			out := append([]byte(nil), prefix[:i+1]...)
			out[i]++
			return out
		}
	}
	return nil
}
