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

// logStep entries are hashed at a time by one core.
const logStep = 1 << 12

// logRoot is the root of a chunk's entries: 32 bytes each.
func logRoot(chunk []byte, spread store.Spread) merkle.Hash {
	n := len(chunk) / merkle.HashSize
	roots := make([]merkle.Hash, (n+logStep-1)/logStep)
	spread(len(roots), func(from, to int) {
		leaves := make([]merkle.Hash, 0, logStep)
		for p := from; p < to; p++ {
			leaves = leaves[:0]
			for i := p * logStep; i < min(n, (p+1)*logStep); i++ {
				leaves = append(leaves, merkle.LeafHash(chunk[i*merkle.HashSize:(i+1)*merkle.HashSize]))
			}
			roots[p] = treeRoot(leaves)
		}
	})
	return treeRoot(roots)
}

// checkLog compares a chunk of the log with its root. The root is bound to the
// application hash, so a chunk with another was altered by whoever sent it.
func (m *Manifest) checkLog(i int, chunk []byte, spread store.Spread) error {
	want := min(LogChunk, m.Leaves.LogSize-uint64(i)*LogChunk)
	if uint64(len(chunk)) != want*merkle.HashSize {
		return fmt.Errorf("%w: chunk %d of the log has %d bytes, want %d entries", ErrTransfer, i, len(chunk), want)
	}
	if logRoot(chunk, spread) != m.Log[i] {
		return fmt.Errorf("%w: chunk %d of the log has another root", ErrTransfer, i)
	}
	return nil
}
