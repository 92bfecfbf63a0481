package snapshot

import (
	"fmt"
	"sync"

	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/crypto/lthash"
)

// Restoring takes the chunks of a snapshot whose manifest was checked, in
// order, into a store.
type Restoring struct {
	Manifest *Manifest
	to       *store.Restore
	spread   store.Spread

	next   int
	last   []byte
	digest lthash.Hash
	// pairs of the chunk that is checked, and of the one that is written.
	pairs [2][]store.Pair

	// A chunk that was checked is written while the next is checked.
	writing sync.WaitGroup
	failed  error
}

// Begin empties the store for the snapshot.
func Begin(m *Manifest, to *store.Store, spread store.Spread) (*Restoring, error) {
	r, err := to.BeginRestore()
	if err != nil {
		return nil, err
	}
	return &Restoring{Manifest: m, to: r, spread: spread}, nil
}

// Next is the index of the chunk that is wanted.
func (r *Restoring) Next() int { return r.next }

// Apply checks the next chunk and takes it. ErrTransfer says that another copy
// of the chunk may be right; ErrContent that the whole snapshot is wrong; any
// other error is one of this machine. After the last chunk the store stands at
// the snapshot's height and done is true. The chunk must not be changed
// afterwards.
func (r *Restoring) Apply(chunk []byte) (done bool, err error) {
	m := r.Manifest
	if r.next == m.Chunks() {
		return true, nil
	}
	if len(chunk) > MaxChunk {
		return false, fmt.Errorf("%w: it has %d bytes", ErrTransfer, len(chunk))
	}
	var write func() error
	if r.next < len(m.State) {
		pairs, err := m.checkState(r.next, chunk, r.last, r.pairs[r.next%2][:0], r.spread)
		if err != nil {
			return false, err
		}
		r.pairs[r.next%2] = pairs
		r.last = pairs[len(pairs)-1].Key
		r.digest.Combine(&m.State[r.next].Digest)
		write = func() error { return r.to.Pairs(pairs) }
	} else {
		tiles, err := m.checkLog(r.next-len(m.State), chunk, r.spread)
		if err != nil {
			return false, err
		}
		write = func() error { return r.to.Log(chunk, tiles) }
	}
	if err := r.wait(); err != nil {
		return false, err
	}
	r.writing.Go(func() { r.failed = write() })
	if r.next++; r.next < m.Chunks() {
		return false, nil
	}
	if err := r.wait(); err != nil {
		return false, err
	}
	head := store.Height{Height: m.Height, Leaves: m.Leaves, AppHash: m.Leaves.AppHash()}
	return true, r.to.Finish(head, r.digest, m.Elections)
}

func (r *Restoring) wait() error {
	r.writing.Wait()
	return r.failed
}

// Abandon waits for what is being written and leaves the store as it is: it is
// emptied when it is opened.
func (r *Restoring) Abandon() {
	r.writing.Wait()
	r.to.Wait()
}

// Abort leaves an empty store, unless the snapshot was taken whole.
func (r *Restoring) Abort() error {
	r.writing.Wait()
	return r.to.Abort()
}
