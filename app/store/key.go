package store

import (
	"encoding/binary"

	"github.com/urna-vote/urna/crypto/merkle"
)

// First bytes of the database's keys.
const (
	spaceMeta     = 'm'
	spaceHeight   = 'h'
	spaceState    = 's'
	spaceElection = 'e'
	spaceNode     = 'l'
	spaceLogged   = 'g'
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
const format = 1

func stateKey(key []byte) []byte {
	out := make([]byte, 0, 1+len(key))
	return append(append(out, spaceState), key...)
}

func heightKey(height int64) []byte {
	return binary.BigEndian.AppendUint64([]byte{spaceHeight}, uint64(height))
}

func electionKey(id [32]byte) []byte { return append([]byte{spaceElection}, id[:]...) }

func nodeKey(id merkle.NodeID) []byte {
	return binary.BigEndian.AppendUint64([]byte{spaceNode, byte(id.Level)}, id.Index)
}

func loggedKey(index uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{spaceLogged}, index)
}

func txKey(hash [32]byte) []byte { return append([]byte{spaceTx}, hash[:]...) }

func ofKey(election [32]byte, kind uint32, index uint64) []byte {
	b := append([]byte{spaceOf}, election[:]...)
	b = binary.BigEndian.AppendUint32(b, kind)
	return binary.BigEndian.AppendUint64(b, index)
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
