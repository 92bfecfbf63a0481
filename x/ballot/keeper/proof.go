package keeper

import (
	"bytes"
	"fmt"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/ledger"
)

// CountedProof proves what is counted for a ballot key: its leaf in the zone's
// finished list. It fails while the list is not finished and for a key that
// cast no ballot in the zone.
func (k *Keeper) CountedProof(r ledger.Reader, id [32]byte, zone uint32, ballotKey [32]byte) (merkle.InclusionProof, error) {
	counted, ok := k.Counted(r, id, zone)
	if !ok {
		return merkle.InclusionProof{}, fmt.Errorf("prove counted ballot: the list of zone %d is not finished", zone)
	}
	ref := k.zoneRef(r, id, zone)
	if spent, ok := k.Spent(r, ballotKey[:]); !ok || spent.Number != ref.number || spent.Zone != zone {
		return merkle.InclusionProof{}, fmt.Errorf("prove counted ballot: key %x cast no ballot in zone %d", ballotKey, zone)
	}
	list := &chunkedList{r: r, zone: ref, size: counted.Size_}
	chunk, err := list.chunkOf(ballotKey[:])
	if err != nil {
		return merkle.InclusionProof{}, fmt.Errorf("prove counted ballot: %w", err)
	}
	if err := list.load(chunk); err != nil {
		return merkle.InclusionProof{}, fmt.Errorf("prove counted ballot: %w", err)
	}
	for i, key := range list.keys {
		if bytes.Equal(key, ballotKey[:]) {
			return merkle.ProveInclusion(list, chunk*chunkSize+uint64(i), counted.Size_)
		}
	}
	return merkle.InclusionProof{}, fmt.Errorf("prove counted ballot: key %x is not in its chunk %d", ballotKey, chunk)
}

// chunkedList reads the nodes of a finished list: above the chunks from their
// roots, within a chunk from its leaves, of which one chunk is at hand.
type chunkedList struct {
	r      ledger.Reader
	zone   zoneRef
	size   uint64
	loaded uint64
	keys   [][]byte
	leaves *merkle.Tree
}

// Node is the root of a perfect subtree.
func (l *chunkedList) Node(id merkle.NodeID) (merkle.Hash, error) {
	if id.Level < ballot.ChunkLevel {
		chunk := id.Index >> (ballot.ChunkLevel - id.Level)
		if err := l.load(chunk); err != nil {
			return merkle.Hash{}, err
		}
		return l.leaves.Node(merkle.NodeID{Level: id.Level, Index: id.Index - chunk<<(ballot.ChunkLevel-id.Level)})
	}
	if id.Level == ballot.ChunkLevel {
		_, root, err := l.chunk(id.Index)
		return root, err
	}
	left, err := l.Node(merkle.NodeID{Level: id.Level - 1, Index: 2 * id.Index})
	if err != nil {
		return merkle.Hash{}, err
	}
	right, err := l.Node(merkle.NodeID{Level: id.Level - 1, Index: 2*id.Index + 1})
	if err != nil {
		return merkle.Hash{}, err
	}
	return merkle.NodeHash(left, right), nil
}

func (l *chunkedList) chunk(n uint64) (first []byte, root merkle.Hash, err error) {
	return ballot.SplitChunk(l.r.Get(ballot.ChunkKey(l.zone.election, l.zone.zone, uint32(n))))
}

// chunkOf finds the last chunk that begins at or before the key.
func (l *chunkedList) chunkOf(key []byte) (uint64, error) {
	low, high := uint64(0), (l.size+chunkSize-1)/chunkSize
	for high-low > 1 {
		middle := (low + high) / 2
		first, _, err := l.chunk(middle)
		if err != nil {
			return 0, err
		}
		if bytes.Compare(first, key) <= 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return low, nil
}

// load reads the leaves of a chunk.
func (l *chunkedList) load(n uint64) error {
	if l.leaves != nil && l.loaded == n {
		return nil
	}
	first, _, err := l.chunk(n)
	if err != nil {
		return err
	}
	l.loaded, l.keys, l.leaves = n, nil, new(merkle.Tree)
	eachOf(l.r, l.zone, first, func(key []byte, spent *ballot.Spent) bool {
		l.keys = append(l.keys, key)
		err = l.leaves.Append(leafOf(key, spent))
		return err == nil && len(l.keys) < chunkSize
	})
	if err == nil && (len(l.keys) == 0 || !bytes.Equal(l.keys[0], first)) {
		err = fmt.Errorf("read chunk %d of the counted list: its first key is missing", n)
	}
	return err
}
