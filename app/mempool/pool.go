package mempool

import (
	"log/slog"
	"sync"
	"time"

	"github.com/urna-vote/urna/app/txn"
	"github.com/urna-vote/urna/x/ledger"
)

// Refusals by a node itself, never in a block's judgement.
var (
	CodeStopping = ledger.NewCode("node", ledger.RetryFrom, "stopping")
	CodeBusy     = ledger.NewCode("node", ledger.RetryFrom+1, "busy")
	codeHeld     = ledger.NewCode("node", ledger.RetryFrom+3, "another-waits")
)

// Limits of a pool.
type Limits struct {
	// Size and Bytes of what waits, verified or not.
	Size  int
	Bytes int64
}

// DefaultLimits hold some seconds of full blocks.
func DefaultLimits() Limits { return Limits{Size: 20_000, Bytes: 256 << 20} }

// The queue of what is not verified yet, at most: about a second's work of a core.
const (
	queueCount = 8192
	queueBytes = 64 << 20
)

// Config of a pool.
type Config struct {
	Judge  Judge
	Limits Limits
	Logger *slog.Logger
}

// Pool of transactions that wait for a block. Many goroutines may use it.
type Pool struct {
	judge  Judge
	limits Limits
	log    *slog.Logger

	wake chan struct{} // there is something to do
	full chan struct{} // there is enough for a batch
	over chan struct{} // a batch is over
	stop chan struct{} // closed by Close
	done chan struct{} // closed when the collector has ended

	works sync.WaitGroup // batches at work

	mu     sync.RWMutex // guards:
	closed bool
	queue  queue
	// held items had their turn beside another of the same claims.
	held []*item
	// claimed by what is being verified, in atWork batches.
	claimed map[string]bool
	atWork  int
	// parked items of other nodes are wrong by this state and perhaps right by
	// the next.
	parked []*item
	// unverified finds what is queued, held, parked or at work.
	unverified      map[[32]byte]*item
	unverifiedBytes int64
	shelf           shelf
	fates           fates
	doubts          doubts
	height          int64
	// roomy counts blocks that could have taken more.
	roomy int64
	// holds is how many want no batch to be begun; free is closed when none does.
	holds int
	free  chan struct{}
	// blocks that not all entries were compared with.
	blocks []Block
	pace   pace
}

// New makes a pool and starts its collector.
func New(cfg Config) *Pool {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Pool{
		judge: cfg.Judge, limits: cfg.Limits, log: cfg.Logger,
		wake: make(chan struct{}, 1), full: make(chan struct{}, 1), over: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
		queue:      newQueue(min(queueCount, cfg.Limits.Size), min(queueBytes, cfg.Limits.Bytes)),
		unverified: make(map[[32]byte]*item), claimed: make(map[string]bool), shelf: newShelf(), fates: newFates(), doubts: newDoubts(),
	}
	go p.collect()
	return p
}

// Close refuses everything from now on, answers those who wait, and returns
// when the collector has ended.
func (p *Pool) Close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.stop)
	}
	p.mu.Unlock()
	<-p.done
}

// Hold keeps the collector from beginning a batch until Release: whoever decides
// a block needs the cores. It does not wait for the batch at work.
func (p *Pool) Hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.holds++; p.holds == 1 {
		p.free = make(chan struct{})
	}
}

// Release ends a Hold.
func (p *Pool) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.holds--; p.holds == 0 {
		close(p.free)
		p.free = nil
	}
}

// Size is how many transactions wait, verified or not.
func (p *Pool) Size() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.unverified) + p.shelf.len()
}

// Ready is how many are verified and wait for a block.
func (p *Pool) Ready() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.shelf.len()
}

// Status says where a transaction stands that is in no block: it waits, or it
// was dropped for a reason, or neither is known.
func (p *Pool) Status(hash [32]byte) (waits bool, dropped *ledger.Refusal) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.shelf.find(hash) != nil {
		return true, nil
	}
	if _, queued := p.unverified[hash]; queued {
		return true, nil
	}
	return false, p.fates.find(hash)
}

// Verified reports whether a transaction waits and was verified.
func (p *Pool) Verified(hash [32]byte) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.shelf.find(hash) != nil
}

// Opened finds the opened form of a transaction that waits, nil if it does not.
func (p *Pool) Opened(hash [32]byte) *txn.Opened {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if e := p.shelf.find(hash); e != nil {
		return e.opened
	}
	return nil
}

// signal never waits.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// pace is how fast the collector is, for those who ask when to come again.
type pace struct {
	// each is how long a transaction took lately, on all cores together.
	each time.Duration
	// ended is when the last batch was over, last its size.
	ended time.Time
	last  int
}

func (p *pace) batch(n int, took time.Duration, now time.Time) {
	p.ended, p.last = now, n
	if n == 0 {
		return
	}
	each := took / time.Duration(n)
	if p.each == 0 {
		p.each = each
		return
	}
	p.each += (each - p.each) / 8
}

// Waits that clients are asked for.
const (
	shortestWait = 100 * time.Millisecond
	longestWait  = 5 * time.Second
)

// retryAfter estimates when there will be room again; the lock is held.
func (p *Pool) retryAfter() time.Duration {
	wait := p.pace.each * time.Duration(len(p.unverified)) / 2
	if p.shelf.len()+len(p.unverified) >= p.limits.Size || p.shelf.bytes+p.unverifiedBytes >= p.limits.Bytes {
		wait = max(wait, time.Second) // blocks make room, not the collector
	}
	return min(max(wait, shortestWait), longestWait)
}
