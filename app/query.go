package app

import (
	"context"
	"encoding/binary"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/x/ledger"
)

var codeQuery = ledger.NewCode("query", 1, "unknown-path")

// Query answers the engine's own clients with what identifies a height: path
// "height", data a big-endian height of 8 bytes or empty for the last one. The
// public API is the node's.
func (a *App) Query(_ context.Context, req *abci.RequestQuery) (_ *abci.ResponseQuery, err error) {
	defer a.guard(&err)
	if err := a.Failure(); err != nil {
		return nil, err
	}
	v := a.View()
	defer v.Close()
	height := v.Height
	if len(req.Data) == 8 {
		height = int64(binary.BigEndian.Uint64(req.Data))
	}
	record, ok := v.At(height)
	if req.Path != "height" || (len(req.Data) != 0 && len(req.Data) != 8) || !ok {
		return &abci.ResponseQuery{Code: codeQuery.Number, Codespace: codeQuery.Module, Height: v.Height,
			Log: `only path "height" with a committed height is answered here; see the public API`}, nil
	}
	return &abci.ResponseQuery{Key: req.Data, Value: record.AppHash[:], Height: record.Height}, nil
}
