package app

import (
	"context"
	"errors"
	"math"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app/mempool"
	"github.com/urna-vote/urna/app/txn"
	"github.com/urna-vote/urna/app/version"
	"github.com/urna-vote/urna/x/ledger"
)

// Pool of transactions that wait for a block.
func (a *App) Pool() *mempool.Pool { return a.pool }

// InsertTx takes a transaction that another node sent. It is queued and judged
// later: the engine hands over one after the other.
func (a *App) InsertTx(_ context.Context, req *abci.RequestInsertTx) (*abci.ResponseInsertTx, error) {
	if r := a.pool.Insert(req.Tx); r != nil {
		return &abci.ResponseInsertTx{Code: r.Code.Number}, nil
	}
	return &abci.ResponseInsertTx{Code: abci.CodeTypeOK}, nil
}

// ReapTxs lists what is to be sent to other nodes now.
func (a *App) ReapTxs(_ context.Context, req *abci.RequestReapTxs) (*abci.ResponseReapTxs, error) {
	return &abci.ResponseReapTxs{Txs: a.pool.Reap(int64(min(req.MaxBytes, math.MaxInt64)))}, nil
}

// rpcPatience is how long the engine's own interface waits for a verdict.
const rpcPatience = 5 * time.Second

// CheckTx is asked by the engine's own interface only: it submits.
func (a *App) CheckTx(ctx context.Context, req *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	if err := a.Failure(); err != nil {
		return &abci.ResponseCheckTx{Code: mempool.CodeStopping.Number, Codespace: mempool.CodeStopping.Module, Log: err.Error()}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, rpcPatience)
	defer cancel()
	refusal := a.pool.Submit(ctx, mempool.Source{Group: "rpc"}, [][]byte{req.Tx})[0].Refusal
	if refusal == nil {
		return &abci.ResponseCheckTx{Code: abci.CodeTypeOK}, nil
	}
	return &abci.ResponseCheckTx{Code: refusal.Code.Number, Codespace: refusal.Code.Module, Log: refusal.Error()}, nil
}

// CheckRaw says why a transaction would not be admitted now, nil if it would,
// without admitting it.
func (a *App) CheckRaw(raw []byte) (_ *ledger.Refusal, err error) {
	defer a.guard(&err)
	if err := a.Failure(); err != nil {
		return nil, err
	}
	v := (*judge)(a).Look([]mempool.Tx{{Raw: raw, Hash: hashOf(raw)}})
	if v[0].Refusal == nil {
		(*judge)(a).Verify([]*mempool.Verdict{&v[0]})
	}
	return v[0].Refusal, nil
}

// judge is the application as its pool sees it.
type judge App

// Look judges transactions by the last committed state, as of the next height
// and the time of the last block. Many may be judged at once, beside a block.
func (p *judge) Look(txs []mempool.Tx) []mempool.Verdict {
	a := (*App)(p)
	out := make([]mempool.Verdict, len(txs))
	if err := a.look(txs, out); err != nil {
		for i := range out {
			out[i].Refusal = asRefusal(codeNotBegun.Refuse("transaction", "this node cannot judge: %v", err))
		}
	}
	return out
}

func (a *App) look(txs []mempool.Tx, out []mempool.Verdict) (err error) {
	defer a.guard(&err)
	if err := a.Failure(); err != nil {
		return err
	}
	v := a.View()
	defer v.Close()
	rules, err := version.Active(v.snap, v.Height+1)
	if !v.began || err != nil {
		return errors.Join(errNotBegun, err)
	}
	ctx := ledger.Context{ChainID: a.chainID, Height: v.Height + 1, TimeMS: v.TimeMS, PreviousTimeMS: v.TimeMS, Rules: rules}
	txn.Spread(a.workers, len(txs), func(from, to int) {
		for i := from; i < to; i++ {
			trace := mempool.NewTrace(v.snap)
			j := a.judgeOne(ctx, trace, txs[i].Raw, txs[i].Hash, txs[i].Opened)
			out[i] = mempool.Verdict{Refusal: asRefusal(j.err), Opened: j.opened, Demands: j.demands, Height: v.Height, Reads: trace.Reads()}
			if j.err == nil {
				out[i].Work = work(&j)
			} else {
				_, out[i].Committed = v.TxByHash(txs[i].Hash)
			}
		}
	})
	return nil
}

// Verify asks cryptography.
func (p *judge) Verify(vs []*mempool.Verdict) {
	a := (*App)(p)
	js := make([]judged, len(vs))
	for i, v := range vs {
		js[i] = judged{opened: v.Opened, demands: v.Demands}
	}
	a.verify(js, a.verifier.Verify)
	for i, v := range vs {
		v.Refusal = asRefusal(js[i].err)
	}
}

// Sift asks cryptography about all but proofs of ballots.
func (p *judge) Sift(vs []*mempool.Verdict) {
	a := (*App)(p)
	items := make([]txn.Item, len(vs))
	for i, v := range vs {
		items[i].Checks = txn.Cheap(v.Opened.Checks(v.Demands))
	}
	for i, err := range a.verifier.Verify(items) {
		if err != nil {
			vs[i].Refusal = asRefusal(a.faultless(vs[i].Opened, err))
		}
	}
}

// What verifying takes another node, by rough measure, in nanoseconds of a core:
// for each check, and for each byte of a proof.
const (
	workOfCheck = 40_000
	workOfByte  = 60
	// mostWork of a proposal: a slow machine of two cores checks it within the
	// time for which a proposal is awaited.
	mostWork = 2_000_000_000
)

// work says what verifying a transaction takes.
func work(j *judged) int64 {
	return workOfCheck*int64(1+len(j.demands.Checks)) + workOfByte*int64(len(j.opened.Tx.Raw))
}
