package intake_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/mempool"
	"github.com/cometbft/cometbft/types"

	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/intake"
	"github.com/urna-vote/urna/node/public"
)

// application accepts what begins with "good" and fails on demand.
type application struct {
	abci.BaseApplication
	err error
}

func (a *application) CheckTx(_ context.Context, r *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	if a.err != nil {
		return nil, a.err
	}
	if strings.HasPrefix(string(r.Tx), "good") {
		return &abci.ResponseCheckTx{}, nil
	}
	return &abci.ResponseCheckTx{Code: 7, Codespace: "ballot"}, nil
}

func (a *application) FinalizeBlock(context.Context, *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	return &abci.ResponseFinalizeBlock{}, a.err
}

func (a *application) Commit(context.Context, *abci.RequestCommit) (*abci.ResponseCommit, error) {
	return &abci.ResponseCommit{}, a.err
}

// engine is a pool that asks the application as the engine does.
type engine struct {
	pool  *intake.Pool
	size  int
	bytes int64
	err   error
}

func (e *engine) CheckTx(tx types.Tx, callback func(*abci.ResponseCheckTx), _ mempool.TxInfo) error {
	if e.err != nil {
		return e.err
	}
	r, err := e.pool.CheckTx(context.Background(), &abci.RequestCheckTx{Tx: tx})
	callback(r)
	return err
}

func (e *engine) Size() int        { return e.size }
func (e *engine) SizeBytes() int64 { return e.bytes }

func newPool() (*intake.Pool, *application, *engine, *intake.Failure) {
	a, failed := &application{}, intake.NewFailure()
	p := intake.New(a, config.Mempool{Size: 100, Bytes: 1000}, failed)
	e := &engine{pool: p}
	p.Join(e)
	return p, a, e, failed
}

func block(t *testing.T, p *intake.Pool, height int64, txs ...string) {
	t.Helper()
	r := &abci.RequestFinalizeBlock{Height: height}
	for _, tx := range txs {
		r.Txs = append(r.Txs, []byte(tx))
	}
	if _, err := p.FinalizeBlock(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	for _, tx := range txs {
		if !waits(p, tx) {
			t.Errorf("%q is neither waiting nor stored", tx)
		}
	}
	if _, err := p.Commit(context.Background(), &abci.RequestCommit{}); err != nil {
		t.Fatal(err)
	}
}

func recheck(t *testing.T, p *intake.Pool, tx string) {
	t.Helper()
	if _, err := p.CheckTx(context.Background(), &abci.RequestCheckTx{Tx: []byte(tx), Type: abci.CheckTxType_Recheck}); err != nil {
		t.Fatal(err)
	}
}

func waits(p *intake.Pool, tx string) bool { return p.Waits(sha256.Sum256([]byte(tx))) }

func TestTransactionWaitsUntilABlockHasIt(t *testing.T) {
	p, _, _, _ := newPool()
	if code, _, err := p.Offer([]byte("good 1")); code != 0 || err != nil {
		t.Fatal(code, err)
	}
	if code, space, err := p.Offer([]byte("bad")); code != 7 || space != "ballot" || err != nil {
		t.Fatal(code, space, err)
	}
	if !waits(p, "good 1") || waits(p, "bad") {
		t.Fatal("the wrong ones wait")
	}
	for h := range int64(5) {
		block(t, p, h+1)
		recheck(t, p, "good 1")
	}
	if !waits(p, "good 1") {
		t.Error("a transaction that the engine asks about after each block no longer waits")
	}
	block(t, p, 6, "good 1")
	if waits(p, "good 1") {
		t.Error("it is in a block and waits")
	}
}

// The engine may drop a transaction without a word.
func TestTransactionThatIsNotAskedAboutAgainNoLongerWaits(t *testing.T) {
	p, _, _, _ := newPool()
	if _, _, err := p.Offer([]byte("good")); err != nil {
		t.Fatal(err)
	}
	for h := range int64(4) {
		block(t, p, h+1)
	}
	if waits(p, "good") {
		t.Error("it waits still")
	}
}

func TestNearlyFullPoolIsBusy(t *testing.T) {
	p, _, e, _ := newPool()
	for name, fill := range map[string]func(){
		"count":    func() { e.size = 95 },
		"bytes":    func() { e.bytes = 950 },
		"full":     func() { e.err = mempool.ErrMempoolIsFull{} },
		"rechecks": func() { e.err = mempool.ErrRecheckFull },
	} {
		e.size, e.bytes, e.err = 0, 0, nil
		fill()
		if _, _, err := p.Offer([]byte("good")); !errors.Is(err, public.ErrBusy) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e.size, e.bytes, e.err = 0, 0, mempool.ErrTxInCache
	if _, _, err := p.Offer([]byte("good")); !errors.Is(err, public.ErrSeen) {
		t.Errorf("seen: %v", err)
	}
}

func TestErrorOfTheApplicationIsNotedOnce(t *testing.T) {
	p, a, _, failed := newPool()
	if failed.Err() != nil {
		t.Fatal(failed.Err())
	}
	a.err = errors.New("block 7 refused")
	if _, err := p.FinalizeBlock(context.Background(), &abci.RequestFinalizeBlock{Height: 7}); !errors.Is(err, a.err) {
		t.Errorf("the engine is told %v", err)
	}
	first := a.err
	a.err = errors.New("disk full")
	if _, err := p.Commit(context.Background(), &abci.RequestCommit{}); err == nil {
		t.Error("the engine is told nothing")
	}
	<-failed.Done()
	if !errors.Is(failed.Err(), first) || !strings.Contains(failed.Err().Error(), "execute block 7") {
		t.Errorf("noted %v", failed.Err())
	}
}

// The engine panics when CheckTx fails: a stopping node must not bring that about.
func TestCheckNeverFailsTowardsTheEngine(t *testing.T) {
	p, a, _, _ := newPool()
	a.err = errors.New("application stopped")
	r, err := p.CheckTx(context.Background(), &abci.RequestCheckTx{Tx: []byte("good")})
	if err != nil || r.Code == 0 {
		t.Errorf("failed application: %v, %v", r, err)
	}
	a.err = nil
	p.Stop()
	if r, err := p.CheckTx(context.Background(), &abci.RequestCheckTx{Tx: []byte("good")}); err != nil || r.Code == 0 {
		t.Errorf("stopping: %v, %v", r, err)
	}
	if _, _, err := p.Offer([]byte("good")); !errors.Is(err, public.ErrBusy) {
		t.Errorf("offer while stopping: %v", err)
	}
}
