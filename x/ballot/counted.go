package ballot

import (
	"encoding/binary"
	"fmt"

	"github.com/urna-vote/urna/crypto/merkle"
)

const (
	// ChunkLevel: the list of counted ballots is kept in chunks of 2^ChunkLevel leaves.
	ChunkLevel = 10
	// ListingPerBlock is how many keys a block adds to the lists of closed zones.
	ListingPerBlock = 20_000
)

// CountedData is the leaf data of a ballot key's last accepted ballot.
func CountedData(ballotKey [32]byte, sequence uint32, logIndex uint64) []byte {
	b := append(make([]byte, 0, 44), ballotKey[:]...)
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, sequence), logIndex)
}

// ChunkValue is what stands at ChunkKey: the chunk's first ballot key and its root.
func ChunkValue(first []byte, root merkle.Hash) []byte {
	return append(append(make([]byte, 0, 64), first...), root[:]...)
}

// SplitChunk reads what ChunkValue made.
func SplitChunk(value []byte) (first []byte, root merkle.Hash, err error) {
	if len(value) != 64 {
		return nil, merkle.Hash{}, fmt.Errorf("read chunk of the counted list: %d bytes, not 64", len(value))
	}
	return value[:32], merkle.Hash(value[32:]), nil
}
