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
}

// Pace is an application that sets the pause and leaves everything else to the
// one it is put before.
type Pace struct {
	abci.Application
	cfg Config
	// last is the number of transactions in the block that is executed, bytes
	// the mean of theirs. Blocks come one after the other.
	last, bytes int64
	pause       atomic.Int64
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

func (p *Pace) next(waiting, ready int) time.Duration {
	switch {
	case p.bytes > 0 && int64(ready)*p.bytes >= p.cfg.FullBlock:
		return 0
	// The block after one with transactions carries their proofs: it makes
	// haste too.
	case waiting > 0 || p.last > 0:
		return p.cfg.Busy
	default:
		return max(p.cfg.Busy, p.cfg.Idle)
	}
}
