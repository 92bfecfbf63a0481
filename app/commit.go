package app

import (
	"context"
	"errors"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/libs/fail"
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
	a.forget()
	a.advance()
	a.considerSnapshot()
	return &abci.ResponseCommit{}, nil
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
