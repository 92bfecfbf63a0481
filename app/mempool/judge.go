package mempool

import (
	"github.com/urna-vote/urna/app/txn"
	"github.com/urna-vote/urna/x/ledger"
)

// Tx is a transaction that is to be judged.
type Tx struct {
	Raw  []byte
	Hash [32]byte
	// Opened before, or nil.
	Opened *txn.Opened
}

// Verdict is what the state of a height says of a transaction and, if it was
// verified, cryptography.
type Verdict struct {
	// Refusal is nil as long as nothing is wrong.
	Refusal *ledger.Refusal
	// Committed: it is in a block already, whatever the refusal says.
	Committed bool
	Opened    *txn.Opened
	Demands   ledger.Demands
	// Height of the state that was asked.
	Height int64
	// Reads of that state.
	Reads Reads
	// Work is what verifying it costs another, in nanoseconds of a core.
	Work int64
}

// Judge says what the application says. It returns one verdict for each
// transaction, in order.
type Judge interface {
	// Look judges form and state, by the last committed state.
	Look(txs []Tx) []Verdict
	// Verify asks cryptography about verdicts without a refusal, all together,
	// and sets the refusals.
	Verify(vs []*Verdict)
	// Sift does so with all but the dearest checks, and remembers nothing: of
	// several that claim the same it finds those that anybody could have made.
	Sift(vs []*Verdict)
}

// Reads is what a judgement read of the state.
type Reads struct {
	keys []string
	// everything: it visited ranges, any change may concern it.
	everything bool
}

// Change is a block's changes of the state.
type Change interface {
	// Wrote reports whether the block set or deleted a key.
	Wrote(key string) bool
}

// concern reports whether a block changed something that was read.
func (r *Reads) concern(c Change) bool {
	if r.everything {
		return true
	}
	for _, k := range r.keys {
		if c.Wrote(k) {
			return true
		}
	}
	return false
}

// Trace reads a state and notes what was read. It serves one judgement, on one
// goroutine.
type Trace struct {
	from  ledger.Reader
	reads Reads
}

var _ ledger.Reader = (*Trace)(nil)

// NewTrace begins a judgement.
func NewTrace(from ledger.Reader) *Trace { return &Trace{from: from} }

// Get implements ledger.Reader.
func (t *Trace) Get(key []byte) []byte {
	t.reads.keys = append(t.reads.keys, string(key))
	return t.from.Get(key)
}

// Iterate implements ledger.Reader.
func (t *Trace) Iterate(prefix []byte, visit func(key, value []byte) bool) {
	t.reads.everything = true
	t.from.Iterate(prefix, visit)
}

// IterateFrom implements ledger.Reader.
func (t *Trace) IterateFrom(prefix, from []byte, visit func(key, value []byte) bool) {
	t.reads.everything = true
	t.from.IterateFrom(prefix, from, visit)
}

// Recall reads a record that the reader beneath may keep decoded.
func (t *Trace) Recall(key []byte, decode func(value []byte) any) any {
	t.reads.keys = append(t.reads.keys, string(key))
	if r, ok := t.from.(interface {
		Recall(key []byte, decode func(value []byte) any) any
	}); ok {
		return r.Recall(key, decode)
	}
	if value := t.from.Get(key); value != nil {
		return decode(value)
	}
	return nil
}

// Aside implements ledger.Asider: what is read only to say how much of a quota
// is left.
func (t *Trace) Aside() ledger.Reader { return t.from }

// Reads are those so far.
func (t *Trace) Reads() Reads { return t.reads }
