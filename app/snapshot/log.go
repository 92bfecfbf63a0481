package snapshot

import (
	"fmt"
	"math/bits"

	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/crypto/merkle"
)

// LogChunk is the number of entries in a chunk of the ballot log: a power of
// two, so that a chunk is a subtree of the log's tree.
const LogChunk = 1 << 18

func logChunks(size uint64) uint64 { return (size + LogChunk - 1) / LogChunk }

// treeRoot is the root over the roots of equal perfect subtrees, of which the
// last may be smaller (RFC 6962 §2.1).
func treeRoot(roots []merkle.Hash) merkle.Hash {
	switch len(roots) {
	case 0:
		return merkle.EmptyRoot()
	case 1:
		return roots[0]
	}
	k := 1 << (bits.Len(uint(len(roots)-1)) - 1)
	return merkle.NodeHash(treeRoot(roots[:k]), treeRoot(roots[k:]))
}

// checkLog compares a chunk of the log with its root. The root is bound to the
// application hash, so a chunk with another was altered by whoever sent it. The
// roots of its tiles are of further use.
func (m *Manifest) checkLog(i int, chunk []byte, spread store.Spread) (tiles []merkle.Hash, err error) {
	want := min(LogChunk, m.Leaves.LogSize-uint64(i)*LogChunk)
	if uint64(len(chunk)) != want*merkle.HashSize {
		return nil, fmt.Errorf("%w: chunk %d of the log has %d bytes, want %d entries", ErrTransfer, i, len(chunk), want)
	}
	if tiles = store.TileRoots(chunk, spread); treeRoot(tiles) != m.Log[i] {
		return nil, fmt.Errorf("%w: chunk %d of the log has another root", ErrTransfer, i)
	}
	return tiles, nil
}
