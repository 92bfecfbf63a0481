package foresee

import (
	"cmp"
	"slices"
	"sync"

	"github.com/urna-vote/urna/app/txn"
)

// Limits of what is kept.
const (
	// MaxBytes of transactions that were announced. The engine holds the same bytes,
	// unless a peer announces what is not applied.
	MaxBytes = 96 << 20
	// Ahead is of how many bytes of transactions, besides the block that comes next,
	// the judge is asked: opened they take several times as much, and the router
	// remembers no more than these for certain.
	Ahead = 8 << 20
	// batch is how many transactions are verified together, at least, unless there
	// are no more: whole blocks are taken until there are so many.
	batch = 512
	// again is after how many blocks that were applied meanwhile a block is looked
	// at again of which the state refused something: it may have been too early.
	again = 4
	// faults is how many blocks of one source may have something that does not
	// verify. Honest ones have none, but for an older state than their own.
	faults = 8
	// sources are remembered for their faults; with more nobody is listened to.
	sources = 1024
)

// Tx is a transaction of a block to come.
type Tx struct {
	Raw []byte
	// TimeMS of the block's header.
	TimeMS int64
	// Opened form, once it is known.
	Opened *txn.Opened
	// Done: it need not be looked at again.
	Done bool
	// False: it has no right form, or cryptography refuses it.
	False bool
}

// Judge opens, judges by the last committed state and verifies what it can,
// and says so in the transactions. It returns the height of that state, and
// whether it can go on.
type Judge interface {
	Foresee(txs []*Tx) (height int64, ok bool)
}

// block that was announced.
type block struct {
	from   string
	height int64
	bytes  int
	txs    []Tx
	// seen is the height of the state by which it was last judged, −1 before.
	seen int64
	done bool
	// busy while the judge has it.
	busy bool
}

// Foresight looks at blocks before they are applied. Many goroutines may use it.
type Foresight struct {
	judge Judge

	mu      sync.Mutex // guards:
	change  *sync.Cond
	blocks  []*block // ascending by height
	bytes   int
	applied int64 // no block up to here is of use
	faults  map[string]int
	running bool
	closed  bool
	ended   sync.WaitGroup
}

// New foresight, idle until a block is announced.
func New(judge Judge) *Foresight {
	f := &Foresight{judge: judge, faults: make(map[string]int)}
	f.change = sync.NewCond(&f.mu)
	return f
}

// Announce a block that somebody says will be applied. It returns at once. The
// caller gives the bytes away.
func (f *Foresight) Announce(from string, height, timeMS int64, raws [][]byte) {
	if len(raws) == 0 {
		return
	}
	b := &block{from: from, height: height, seen: -1, txs: make([]Tx, len(raws))}
	for i, raw := range raws {
		b.txs[i] = Tx{Raw: raw, TimeMS: timeMS}
		b.bytes += len(raw)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || height <= f.applied || f.faults[from] >= faults || len(f.faults) >= sources {
		return
	}
	at, known := slices.BinarySearchFunc(f.blocks, height, func(b *block, h int64) int { return cmp.Compare(b.height, h) })
	if known || !f.room(b) {
		return
	}
	f.blocks = slices.Insert(f.blocks, at, b)
	f.bytes += b.bytes
	if !f.running {
		f.running = true
		f.ended.Go(f.run)
	}
	f.change.Broadcast()
}

// room is made for a block at the cost of higher ones, if that is enough. It is
// called with the lock held.
func (f *Foresight) room(b *block) bool {
	left, keep := f.bytes+b.bytes, len(f.blocks)
	for left > MaxBytes && keep > 0 && f.blocks[keep-1].height > b.height && !f.blocks[keep-1].busy {
		keep--
		left -= f.blocks[keep].bytes
	}
	if left > MaxBytes {
		return false
	}
	for _, gone := range f.blocks[keep:] {
		f.bytes -= gone.bytes
	}
	f.blocks = slices.Delete(f.blocks, keep, len(f.blocks))
	return true
}

// Take ends the foresight of all blocks up to a height that is applied now. If
// one of them is being verified at the moment Take waits for that, which takes
// no longer than to verify it again.
func (f *Foresight) Take(height int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.applied = max(f.applied, height)
	for f.busy(height) {
		f.change.Wait()
	}
	f.drop(func(b *block) bool { return b.height <= height })
	f.change.Broadcast()
}

// Forget drops what was announced: blocks are not fetched any more.
func (f *Foresight) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(func(b *block) bool { return !b.busy })
}

// busy reports whether the judge has a block up to a height.
func (f *Foresight) busy(height int64) bool {
	return slices.ContainsFunc(f.blocks, func(b *block) bool { return b.height <= height && b.busy })
}

// Bytes of transactions that are kept.
func (f *Foresight) Bytes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bytes
}

// Close ends it and waits until the judge is not asked any more.
func (f *Foresight) Close() {
	f.mu.Lock()
	f.closed = true
	f.change.Broadcast()
	f.mu.Unlock()
	f.ended.Wait()
}
