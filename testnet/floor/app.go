package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	abci "github.com/cometbft/cometbft/abci/types"
)

// tally is all the state that there is.
type tally struct {
	Height, TimeMS      int64
	Transactions, Bytes uint64
	Hash                [32]byte
}

const tallySize = 4*8 + 32 + 32

// encode ends with a checksum.
func (t tally) encode() []byte {
	b := make([]byte, 0, tallySize)
	b = binary.BigEndian.AppendUint64(b, uint64(t.Height))
	b = binary.BigEndian.AppendUint64(b, uint64(t.TimeMS))
	b = binary.BigEndian.AppendUint64(b, t.Transactions)
	b = binary.BigEndian.AppendUint64(b, t.Bytes)
	b = append(b, t.Hash[:]...)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

func decodeTally(b []byte) (t tally, err error) {
	if len(b) != tallySize {
		return t, fmt.Errorf("read state: %d bytes, want %d", len(b), tallySize)
	}
	body := b[:tallySize-32]
	if sha256.Sum256(body) != [32]byte(b[tallySize-32:]) {
		return t, errors.New("read state: the checksum is wrong")
	}
	t.Height, t.TimeMS = int64(binary.BigEndian.Uint64(body)), int64(binary.BigEndian.Uint64(body[8:]))
	t.Transactions, t.Bytes = binary.BigEndian.Uint64(body[16:]), binary.BigEndian.Uint64(body[24:])
	t.Hash = [32]byte(body[32:])
	return t, nil
}

// floorApp accepts every transaction and counts it.
type floorApp struct {
	abci.BaseApplication
	pool *pool
	file *os.File

	mu        sync.RWMutex
	committed tally
	// next is the block that is executed and not yet stored; the engine calls
	// for blocks one after the other.
	next tally
}

var _ abci.Application = (*floorApp)(nil)

// openApp reads what the last process stored in the file.
func openApp(file string, p *pool) (*floorApp, error) {
	a := &floorApp{pool: p}
	raw, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("read state: %w", err)
	default:
		if a.committed, err = decodeTally(raw); err != nil {
			return nil, err
		}
	}
	if a.file, err = os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	return a, nil
}

func (a *floorApp) close() error { return a.file.Close() }

// state is that of the last stored block.
func (a *floorApp) state() tally {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.committed
}

// Info tells the engine where the application stands.
func (a *floorApp) Info(context.Context, *abci.RequestInfo) (*abci.ResponseInfo, error) {
	t := a.state()
	out := &abci.ResponseInfo{LastBlockHeight: t.Height}
	if t.Height > 0 {
		out.LastBlockAppHash = t.Hash[:]
	}
	return out, nil
}

// InsertTx takes what a peer sent.
func (a *floorApp) InsertTx(_ context.Context, r *abci.RequestInsertTx) (*abci.ResponseInsertTx, error) {
	if !a.pool.add(sha256.Sum256(r.Tx), r.Tx, false) {
		return &abci.ResponseInsertTx{Code: abci.CodeTypeRetry}, nil
	}
	return &abci.ResponseInsertTx{}, nil
}

// ReapTxs gives what peers have not been sent yet.
func (a *floorApp) ReapTxs(context.Context, *abci.RequestReapTxs) (*abci.ResponseReapTxs, error) {
	return &abci.ResponseReapTxs{Txs: a.pool.reap()}, nil
}

// PrepareProposal fills a block in order of arrival.
func (a *floorApp) PrepareProposal(_ context.Context, r *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	return &abci.ResponsePrepareProposal{Txs: a.pool.choose(r.MaxTxBytes)}, nil
}

// ProcessProposal accepts.
func (a *floorApp) ProcessProposal(context.Context, *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

// fine is the outcome of every transaction; the engine only reads it.
var fine = &abci.ExecTxResult{}

// FinalizeBlock counts.
func (a *floorApp) FinalizeBlock(_ context.Context, r *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	a.next = a.state()
	a.next.Height, a.next.TimeMS = r.Height, r.Time.UnixMilli()
	a.next.Transactions += uint64(len(r.Txs))
	results := make([]*abci.ExecTxResult, len(r.Txs))
	for i, tx := range r.Txs {
		results[i] = fine
		a.next.Bytes += uint64(len(tx))
	}
	a.pool.remove(r.Txs)
	a.next.Hash = sha256.Sum256(a.next.encode())
	return &abci.ResponseFinalizeBlock{TxResults: results, AppHash: a.next.Hash[:]}, nil
}

// Commit stores the state. It need not be durable: the engine executes again
// what is missing.
func (a *floorApp) Commit(context.Context, *abci.RequestCommit) (*abci.ResponseCommit, error) {
	if _, err := a.file.WriteAt(a.next.encode(), 0); err != nil {
		return nil, fmt.Errorf("store state: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.committed = a.next
	return &abci.ResponseCommit{}, nil
}
