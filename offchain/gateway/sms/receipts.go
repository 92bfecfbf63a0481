package sms

import (
	"sync"

	"github.com/urna-vote/urna/offchain/gateway/notice"
)

// How many receipts are waited for, and how many that nobody waits for yet are
// kept: some centres report before they answer.
const (
	maxAwaited = 100_000
	maxEarly   = 1024
)

// tracker follows one message over the receipts of its parts.
type tracker struct {
	left    int                 // parts without a receipt
	outcome chan notice.Outcome // has room for one
}

func newTracker(parts int) *tracker {
	return &tracker{left: parts, outcome: make(chan notice.Outcome, 1)}
}

// take counts a part's receipt: the first failure or the last delivery decides.
// It is called under receipts.mu.
func (t *tracker) take(delivered bool) {
	if t.left <= 0 {
		return
	}
	if !delivered {
		t.left = 0
		t.outcome <- notice.Outcome{Reason: notice.Undelivered}
		return
	}
	if t.left--; t.left == 0 {
		t.outcome <- notice.Outcome{Delivered: true}
	}
}

// receipts joins what the centre reports with what was sent, over connections.
// A receipt that comes twice, or for nobody, changes nothing.
type receipts struct {
	mu      sync.Mutex
	awaited bounded[*tracker]
	early   bounded[bool]
}

func newReceipts() *receipts {
	return &receipts{awaited: newBounded[*tracker](maxAwaited), early: newBounded[bool](maxEarly)}
}

// expect begins to wait for a part's receipt.
func (r *receipts) expect(id string, t *tracker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if delivered, ok := r.early.take(id); ok {
		t.take(delivered)
		return
	}
	r.awaited.put(id, t)
}

// come takes a receipt in.
func (r *receipts) come(p report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t, ok := r.awaited.take(p.id); ok {
		t.take(p.delivered)
		return
	}
	r.early.put(p.id, p.delivered)
}

// bounded is a map that forgets its oldest entry when it is full.
type bounded[V any] struct {
	max   int
	held  map[string]V
	order []string // insertion order; may name what was taken out
}

func newBounded[V any](n int) bounded[V] {
	return bounded[V]{max: n, held: map[string]V{}}
}

func (b *bounded[V]) put(key string, v V) {
	if _, known := b.held[key]; !known {
		b.order = append(b.order, key)
	}
	b.held[key] = v
	for len(b.held) > b.max || len(b.order) > 2*b.max {
		delete(b.held, b.order[0])
		b.order = b.order[1:]
	}
}

func (b *bounded[V]) take(key string) (V, bool) {
	v, ok := b.held[key]
	delete(b.held, key)
	return v, ok
}
