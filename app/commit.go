package app

import (
	"context"
	"errors"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/libs/fail"

	"github.com/urna-vote/urna/app/mempool"
)

// Commit makes the finalized block durable. Crash before: the engine replays
// the block. Crash after: the state stands at it. There is nothing between: it
// is one synced batch.
func (a *App) Commit(context.Context, *abci.RequestCommit) (_ *abci.ResponseCommit, err error) {
	defer a.guard(&err)
	a.consensus.Lock()
	defer a.consensus.Unlock()
	if err := a.Failure(); err != nil {
		return nil, err
	}
	if a.pending == nil {
		return nil, errors.New("commit: no block was finalized")
	}
	fail.Fail() // before the batch
	if err := a.store.Commit(a.pending.sealed); err != nil {
		return nil, a.stop(err)
	}
	fail.Fail() // after the sync
	done := a.pending
	a.forget()
	a.advance()
	a.pool.Commit(mempool.Block{Height: done.block.height, Hashes: done.hashes, Change: done.changes, Roomy: a.roomy(done)})
	a.considerSnapshot()
	return &abci.ResponseCommit{}, nil
}

// defaultRoom for transactions in a block, as long as the engine has not said
// how much there is.
const defaultRoom = 4 << 20

// roomy reports whether a block could have taken more.
func (a *App) roomy(d *decision) bool {
	size, left := int64(0), int64(mostWork)
	for _, raw := range d.block.txs {
		size += int64(len(raw)) + framing
		left -= 3*workOfCheck + workOfByte*int64(len(raw))
	}
	return size < a.room/4*3 && left > mostWork/4 && len(d.block.txs) < MaxBlockTxs/4*3
}

// advance makes the committed height the one that is read.
func (a *App) advance() {
	next := a.newView()
	a.mu.Lock()
	old := a.previous
	a.previous, a.latest = a.latest, next
	a.mu.Unlock()
	if old != nil {
		old.Close()
	}
}
