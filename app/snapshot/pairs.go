package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/crypto/lthash"
)

const (
	// ChunkBytes is how large a chunk of pairs may become, unless one pair
	// alone is larger.
	ChunkBytes = 8 << 20
	// MaxChunk is what the engine hands on in one message, with room for its
	// envelope.
	MaxChunk = 15 << 20
)

// appendPair adds a pair: uvarint lengths of key and value, then both.
func appendPair(b, key, value []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(key)))
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(append(b, key...), value...)
}

// pairBytes is less than a pair takes in a chunk of many.
const pairBytes = 44

// splitPairs takes a chunk apart, into memory that may be used. The pairs lie in
// the chunk's bytes. Keys must ascend and follow the one before the chunk.
func splitPairs(chunk, before []byte, pairs []store.Pair) ([]store.Pair, error) {
	pairs = slices.Grow(pairs, len(chunk)/pairBytes)
	for at := chunk; len(at) > 0; {
		k, n := uvarint(at)
		v, o := uvarint(at[n:])
		if n == 0 || o == 0 || k == 0 || v == 0 {
			return nil, fmt.Errorf("%w: pair %d has no right lengths", ErrContent, len(pairs))
		}
		at = at[n+o:]
		if k > uint64(len(at)) || v > uint64(len(at))-k {
			return nil, fmt.Errorf("%w: pair %d goes beyond the chunk", ErrContent, len(pairs))
		}
		p := store.Pair{Key: at[:k:k], Value: at[k : k+v : k+v]}
		at = at[k+v:]
		if bytes.Compare(before, p.Key) >= 0 {
			return nil, fmt.Errorf("%w: pair %d: keys do not ascend", ErrContent, len(pairs))
		}
		before = p.Key
		pairs = append(pairs, p)
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrContent)
	}
	return pairs, nil
}

// uvarint reads a number in its shortest form; 0 bytes read say that there is none.
func uvarint(b []byte) (value uint64, read int) {
	v, n := binary.Uvarint(b)
	if n <= 0 || (n > 1 && b[n-1] == 0) {
		return 0, 0
	}
	return v, n
}

// digestStep pairs are digested at a time by one core.
const digestStep = 256

func digest(pairs []store.Pair, spread store.Spread) lthash.Hash {
	parts := make([]lthash.Hash, (len(pairs)+digestStep-1)/digestStep)
	spread(len(parts), func(from, to int) {
		var a lthash.Adder
		for _, pair := range pairs[from*digestStep : min(len(pairs), to*digestStep)] {
			a.Add(pair.Key, pair.Value)
		}
		parts[from] = a.Sum() // the others of this part stay empty
	})
	var sum lthash.Hash
	for i := range parts {
		sum.Combine(&parts[i])
	}
	return sum
}

// checkState compares a chunk of pairs with what the manifest says of it, and
// takes it apart.
func (m *Manifest) checkState(i int, chunk, before []byte, memory []store.Pair, spread store.Spread) ([]store.Pair, error) {
	// Hashing and taking apart go on at once, but the hash is judged first: a chunk
	// that was altered on its way has no content to speak of.
	var sum [32]byte
	var hashing sync.WaitGroup
	hashing.Go(func() { sum = sha256.Sum256(chunk) })
	pairs, err := splitPairs(chunk, before, memory)
	hashing.Wait()
	if sum != m.State[i].Sum {
		return nil, fmt.Errorf("%w: chunk %d of the state has another hash", ErrTransfer, i)
	}
	if err != nil {
		return nil, fmt.Errorf("chunk %d of the state: %w", i, err)
	}
	if sum := digest(pairs, spread); !sum.Equal(&m.State[i].Digest) {
		return nil, fmt.Errorf("%w: chunk %d of the state has another digest", ErrContent, i)
	}
	return pairs, nil
}
