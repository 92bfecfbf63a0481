package load

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// Random is a list of transactions without meaning, all different, for a chain
// that accepts everything. They are made anew each time they are read.
func Random(n, size int) *List {
	source := randomBytes{size: int64(size)}
	l := &List{file: source, places: make([]place, n)}
	for i := range l.places {
		l.places[i] = place{at: int64(i) * int64(size), size: uint32(size), hash: sha256.Sum256(source.tx(int64(i)))}
	}
	return l
}

// randomBytes reads like a file of transactions of one size.
type randomBytes struct{ size int64 }

func (r randomBytes) tx(i int64) []byte {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(i))
	raw := make([]byte, r.size)
	_, _ = rand.NewChaCha8(seed).Read(raw) // never fails
	return raw
}

// ReadAt reads within one transaction.
func (r randomBytes) ReadAt(p []byte, at int64) (int, error) {
	return copy(p, r.tx(at / r.size)[at%r.size:]), nil
}
