package mempool

import (
	"context"
	"time"

	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// Answer to who submitted a transaction.
type Answer struct {
	// Refusal, nil if the transaction waits for a block now.
	Refusal *ledger.Refusal
	// RetryAfter is when to come again with what was refused for want of room.
	RetryAfter time.Duration
}

func refusal(code ledger.Code, reason string) *ledger.Refusal {
	return &ledger.Refusal{Code: code, Field: "transaction", Reason: reason}
}

// Submit takes transactions from a client and waits for their verdicts, or for
// the end of ctx. There is one answer for each, in order. The caller gives the
// bytes away.
func (p *Pool) Submit(ctx context.Context, from Source, raws [][]byte) []Answer {
	answers := make([]Answer, len(raws))
	items := make([]*item, len(raws))
	for i, raw := range raws {
		if len(raw) > envelope.MaxBytes {
			answers[i].Refusal = asRefusal(envelope.CodeTooLarge.Refuse("transaction", "%d bytes are more than the limit of %d", len(raw), envelope.MaxBytes))
			continue
		}
		items[i], answers[i] = p.enqueue(raw, from, false)
	}
	signal(p.wake)
	for i, it := range items {
		if it == nil {
			continue
		}
		select {
		case <-it.done:
			answers[i].Refusal = it.refusal
			if it.refusal != nil && it.refusal.Code == CodeBusy {
				answers[i].RetryAfter = shortestWait
			}
		case <-ctx.Done():
			answers[i] = Answer{Refusal: refusal(CodeBusy, "it is still being checked; ask again"), RetryAfter: time.Second}
		}
	}
	return answers
}

// Insert takes a transaction from another node and returns at once. What it
// refuses may be inserted again.
func (p *Pool) Insert(raw []byte) *ledger.Refusal {
	if len(raw) > envelope.MaxBytes {
		return nil // right in no block: taken, and forgotten
	}
	_, answer := p.enqueue(raw, Source{Group: "nodes"}, true)
	signal(p.wake)
	return answer.Refusal
}

// enqueue queues a transaction. It returns the item to wait for, or the answer:
// a transaction that waits verified is right.
func (p *Pool) enqueue(raw []byte, from Source, peer bool) (*item, Answer) {
	hash := envelope.Hash(raw)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, Answer{Refusal: refusal(CodeStopping, "the node stops; ask another")}
	}
	if e := p.shelf.find(hash); e != nil {
		if !peer && e.peer {
			e.peer = false // a client was promised it
			p.shelf.offer(e)
		}
		return nil, Answer{}
	}
	if it := p.unverified[hash]; it != nil {
		if peer {
			return nil, Answer{}
		}
		if it.peer {
			it.peer = false
			p.unpark(it)
		}
		return it, Answer{}
	}
	it := &item{tx: Tx{Raw: raw, Hash: hash}, from: from, peer: peer, done: make(chan struct{})}
	it.doubted = !peer && p.doubts.of(from)
	if !p.room(int64(len(raw)), peer) || !p.lane(it).push(it) {
		return nil, Answer{Refusal: refusal(CodeBusy, "too many transactions wait"), RetryAfter: p.retryAfter()}
	}
	p.unverified[hash] = it
	p.unverifiedBytes += int64(len(raw))
	if p.queue.len() >= enough || p.queue.bytes() >= batchBytes/2 {
		signal(p.full)
	}
	return it, Answer{}
}

// room reports whether a transaction may come in. The last twentieth is kept
// for what other nodes send: they have promised it to somebody.
func (p *Pool) room(size int64, peer bool) bool {
	count, bytes := p.limits.Size, p.limits.Bytes
	if !peer {
		count, bytes = count-count/20, bytes-bytes/20
	}
	waiting := p.shelf.len() + len(p.unverified)
	return waiting < count && (waiting == 0 || p.shelf.bytes+p.unverifiedBytes+size <= bytes)
}

// lane in which an item waits.
func (p *Pool) lane(it *item) *lane {
	switch {
	case it.peer:
		return p.queue.peers
	case it.doubted:
		return p.queue.doubted
	default:
		return p.queue.clients
	}
}

// unpark gives a parked item its turn at once: a client waits for it.
func (p *Pool) unpark(it *item) {
	for i, parked := range p.parked {
		if parked == it {
			p.parked = append(p.parked[:i], p.parked[i+1:]...)
			p.held = append(p.held, it)
			return
		}
	}
}

func asRefusal(err error) *ledger.Refusal {
	r, ok := err.(*ledger.Refusal)
	if !ok {
		return refusal(CodeBusy, err.Error())
	}
	return r
}
