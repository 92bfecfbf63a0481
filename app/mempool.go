package app

import (
	"context"
	"errors"

	abci "github.com/cometbft/cometbft/abci/types"
)

// errPool: the pool of waiting transactions is the engine's ("flood"), which
// asks by CheckTx.
var errPool = errors.New(`the pool is the engine's: set mempool.type = "flood"`)

// InsertTx belongs to a pool in the application, which this is not.
func (a *App) InsertTx(context.Context, *abci.RequestInsertTx) (*abci.ResponseInsertTx, error) {
	return nil, errPool
}

// ReapTxs belongs to a pool in the application, which this is not.
func (a *App) ReapTxs(context.Context, *abci.RequestReapTxs) (*abci.ResponseReapTxs, error) {
	return nil, errPool
}
