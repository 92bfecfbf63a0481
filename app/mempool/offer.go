package mempool

import "github.com/urna-vote/urna/app/txn"

// How long a transaction is awaited, in blocks that had room for it, before it
// is offered to other nodes: one that came from another was sent to all by that
// one. Each time it is put off twice as long.
const (
	peerPatience  = 3
	ownPatience   = 4
	mostPatience  = 64
	frame         = 8 // bytes around a transaction in a message, at most
	leastReaping  = 1 << 16
	defaultReaped = 1 << 20
)

// schedule says when a new entry is offered; the lock is held.
func (p *Pool) schedule(e *entry) {
	if e.peer {
		e.step, e.again = peerPatience, p.roomy+peerPatience
		return
	}
	e.step, e.again = ownPatience, p.roomy+ownPatience
	p.shelf.offer(e)
}

// offerAgain offers an entry that blocks with room passed over.
func (p *Pool) offerAgain(e *entry) {
	if p.roomy < e.again {
		return
	}
	e.step = min(2*e.step, mostPatience)
	e.again = p.roomy + e.step
	p.shelf.offer(e)
}

// Reap lists transactions to be sent to other nodes now, of so many bytes; 0 is
// a default.
func (p *Pool) Reap(maxBytes int64) [][]byte {
	if maxBytes <= 0 {
		maxBytes = defaultReaped
	}
	maxBytes = max(maxBytes, leastReaping)
	p.mu.RLock()
	none := p.shelf.offers.len() == 0
	p.mu.RUnlock()
	if none {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var out [][]byte
	for size := int64(0); p.shelf.offers.len() > 0 && size < maxBytes; {
		e := p.shelf.offers.pop()
		e.offered = false
		if p.shelf.find(e.opened.Tx.Hash) != e {
			continue
		}
		out = append(out, e.opened.Tx.Raw)
		size += int64(len(e.opened.Tx.Raw)) + frame
	}
	return out
}

// Candidates for a block of so many bytes, transactions and nanoseconds of
// verification, each with framing around it, in the order in which they were
// verified. What is too large for the room left gives way to smaller ones.
func (p *Pool) Candidates(bytes, framing int64, count int, work int64) []*txn.Opened {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var out []*txn.Opened
	misses := 0
	for e := p.shelf.first; e != nil && len(out) < count && misses < 64; e = e.after {
		size := int64(len(e.opened.Tx.Raw)) + framing
		if size > bytes || len(out) > 0 && e.work > work {
			misses++
			continue
		}
		bytes -= size
		work -= e.work
		out = append(out, e.opened)
	}
	return out
}
