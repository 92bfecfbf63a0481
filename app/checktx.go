package app

import (
	"context"
	"errors"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app/version"
	"github.com/urna-vote/urna/x/ledger"
)

// CheckTx says whether a transaction may wait in the engine's pool. After each
// block the engine asks again: then only the state is asked, cryptography has
// spoken.
func (a *App) CheckTx(_ context.Context, req *abci.RequestCheckTx) (_ *abci.ResponseCheckTx, err error) {
	defer a.guard(&err)
	if err := a.Failure(); err != nil {
		return nil, err
	}
	refusal := a.check([][]byte{req.Tx}, req.Type == abci.CheckTxType_New)[0]
	if refusal == nil {
		return &abci.ResponseCheckTx{Code: abci.CodeTypeOK}, nil
	}
	return &abci.ResponseCheckTx{Code: refusal.Code.Number, Codespace: refusal.Code.Module, Log: refusal.Error()}, nil
}

// CheckRaw says why a transaction would not be admitted now, nil if it would.
// It is what CheckTx answers, with field and reason.
func (a *App) CheckRaw(raw []byte) (*ledger.Refusal, error) {
	rs, err := a.CheckRaws([][]byte{raw})
	if err != nil {
		return nil, err
	}
	return rs[0], nil
}

// CheckRaws is CheckRaw of many, verified together: the acceptance of each is
// remembered, so that admitting it afterwards costs little.
func (a *App) CheckRaws(raws [][]byte) (_ []*ledger.Refusal, err error) {
	defer a.guard(&err)
	if err := a.Failure(); err != nil {
		return nil, err
	}
	return a.check(raws, true), nil
}

// check judges transactions by the last committed state, as of the next height
// and the time of the last block. Many may check at once, beside a block.
func (a *App) check(raws [][]byte, cryptography bool) []*ledger.Refusal {
	v := a.View()
	defer v.Close()
	out := make([]*ledger.Refusal, len(raws))
	rules, err := version.Active(v.snap, v.Height+1)
	if !v.began || err != nil {
		for i := range out {
			out[i] = asRefusal(codeNotBegun.Refuse("transaction", "this node cannot judge: %v", errors.Join(errNotBegun, err)))
		}
		return out
	}
	ctx := ledger.Context{ChainID: a.chainID, Height: v.Height + 1, TimeMS: v.TimeMS, PreviousTimeMS: v.TimeMS, Rules: rules}
	js := a.judge(ctx, v.snap, raws)
	if cryptography {
		a.verify(js)
	}
	for i := range js {
		out[i] = asRefusal(js[i].err)
	}
	return out
}

// asRefusal gives a module's plain error the code of a fault: modules refuse
// with codes.
func asRefusal(err error) *ledger.Refusal {
	if err == nil {
		return nil
	}
	var r *ledger.Refusal
	if errors.As(err, &r) {
		return r
	}
	return &ledger.Refusal{Code: codeFault, Field: "transaction", Reason: err.Error()}
}
