package pace

import (
	"context"
	"sync/atomic"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtconfig "github.com/cometbft/cometbft/config"
)

// Config of the pace.
type Config struct {
	// Engine is the configuration that the engine was given. Its TimeoutCommit
	// is altered after each block.
	Engine *cmtconfig.ConsensusConfig
	// Busy is the pause after a block with transactions or while some wait, Idle
	// after others, if it is longer.
	Busy, Idle time.Duration
	// FullBlock is the bytes of a block for which nothing is waited.
	FullBlock int64
	// Waiting is the number of transactions that wait for a block, Ready that of
	// those among them that could be in the next one. Blocks that are made faster
	// than transactions are verified would only take the cores from verifying.
	Waiting, Ready func() int
	// Due is the first deadline at or after an instant, by the last block; false
	// if there is none.
	Due func(from time.Time) (time.Time, bool)
	// Unfinished reports whether the next block goes on with work of the last.
	Unfinished func() bool
	Now        func() time.Time
}

// Pace is an application that sets the pause and leaves everything else to the
// one it is put before.
type Pace struct {
	abci.Application
	cfg Config
	// last is the number of transactions in the block that is executed, bytes
	// the mean of theirs. Blocks come one after the other.
	last, bytes int64
	// due is the next deadline by the block before, zero if there was none.
	due   time.Time
	pause atomic.Int64
}

var _ abci.Application = (*Pace)(nil)

// Before puts the pace before an application.
func Before(app abci.Application, cfg Config) *Pace {
	p := &Pace{Application: app, cfg: cfg}
	p.pause.Store(int64(cfg.Engine.TimeoutCommit))
	return p
}

// FinalizeBlock passes the call on and looks at the size of transactions.
func (p *Pace) FinalizeBlock(ctx context.Context, r *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	out, err := p.Application.FinalizeBlock(ctx, r)
	p.last = int64(len(r.Txs))
	if p.last > 0 {
		sum := int64(0)
		for _, tx := range r.Txs {
			sum += int64(len(tx))
		}
		p.bytes = sum / p.last
	}
	return out, err
}

// Commit passes the call on and sets the pause that follows.
func (p *Pace) Commit(ctx context.Context, r *abci.RequestCommit) (*abci.ResponseCommit, error) {
	out, err := p.Application.Commit(ctx, r)
	if err == nil {
		pause := p.next(p.cfg.Waiting(), p.cfg.Ready())
		p.cfg.Engine.TimeoutCommit = pause
		p.pause.Store(int64(pause))
	}
	return out, err
}

// Pause is the one that was set last.
func (p *Pace) Pause() time.Duration { return time.Duration(p.pause.Load()) }

// overdue is for how long after a deadline blocks make haste: one whose gates
// are shut stays due for as long as it takes.
const overdue = 5 * time.Second

func (p *Pace) next(waiting, ready int) time.Duration {
	now := p.cfg.Now()
	due, _ := p.cfg.Due(now.Add(-overdue))
	effect := !due.Equal(p.due)
	p.due = due
	switch {
	case p.bytes > 0 && int64(ready)*p.bytes >= p.cfg.FullBlock:
		return 0
	// The block after one with transactions, or in which a deadline took effect,
	// carries their proofs: it makes haste too.
	case waiting > 0 || p.last > 0 || effect || p.cfg.Unfinished():
		return p.cfg.Busy
	// A block is dated by the votes for the one before it: that one comes when
	// the deadline has come, and its successor, in which it takes effect, at once.
	case !due.IsZero() && due.Before(now.Add(p.cfg.Idle)):
		return max(p.cfg.Busy, due.Sub(now))
	default:
		return max(p.cfg.Busy, p.cfg.Idle)
	}
}
