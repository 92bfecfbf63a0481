package main

import (
	"crypto/sha256"
	"sync"

	"github.com/cometbft/cometbft/types"
)

// remembered is how many transactions of blocks are known again at least, so
// that one that comes late by gossip is not put into a second block.
const remembered = 200_000

// pool of transactions that wait for a block, in order of arrival.
type pool struct {
	maxCount int
	maxBytes int64

	mu    sync.Mutex
	queue []*waiting
	// known are those that wait.
	known map[[32]byte]*waiting
	bytes int64
	// fresh are this node's own that peers have not been sent.
	fresh [][]byte
	// recent and older are hashes of what blocks took.
	recent, older map[[32]byte]struct{}
}

type waiting struct {
	raw  []byte
	gone bool
}

func newPool(maxCount int, maxBytes int64) *pool {
	return &pool{maxCount: maxCount, maxBytes: maxBytes, known: map[[32]byte]*waiting{}, recent: map[[32]byte]struct{}{}}
}

// add reports whether the transaction waits now or did, or is in a block; it
// does not if there is no room. Own ones are sent to peers.
func (p *pool) add(hash [32]byte, raw []byte, own bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.known[hash]; ok || p.took(hash) {
		return true
	}
	if len(p.known) >= p.maxCount || p.bytes+int64(len(raw)) > p.maxBytes {
		return false
	}
	w := &waiting{raw: raw}
	p.known[hash] = w
	p.queue = append(p.queue, w)
	p.bytes += int64(len(raw))
	if own {
		p.fresh = append(p.fresh, raw)
	}
	return true
}

// took reports whether a block took it lately. The lock is held.
func (p *pool) took(hash [32]byte) bool {
	_, recent := p.recent[hash]
	_, older := p.older[hash]
	return recent || older
}

// reap gives own transactions once.
func (p *pool) reap() [][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.fresh
	p.fresh = nil
	return out
}

// choose is the longest beginning of the queue that fits a block.
func (p *pool) choose(room int64) [][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out [][]byte
	for _, w := range p.queue {
		if w.gone {
			continue
		}
		room -= types.ComputeProtoSizeForTxs([]types.Tx{w.raw})
		if room < 0 {
			break
		}
		out = append(out, w.raw)
	}
	return out
}

// remove takes out what a block took.
func (p *pool) remove(raws [][]byte) {
	hashes := make([][32]byte, len(raws))
	for i, raw := range raws {
		hashes[i] = sha256.Sum256(raw)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, hash := range hashes {
		p.recent[hash] = struct{}{}
		if w := p.known[hash]; w != nil {
			delete(p.known, hash)
			w.gone, w.raw = true, nil
			p.bytes -= int64(len(raws[i]))
		}
	}
	if len(p.recent) > remembered {
		p.recent, p.older = map[[32]byte]struct{}{}, p.recent
	}
	first := 0
	for first < len(p.queue) && p.queue[first].gone {
		first++
	}
	p.queue = p.queue[first:]
}

// size is how many wait.
func (p *pool) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.known)
}
