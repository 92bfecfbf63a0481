package intake

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/mempool"
	"github.com/cometbft/cometbft/types"

	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/public"
	"github.com/urna-vote/urna/x/ledger"
)

var codeStopping = ledger.NewCode("node", ledger.RetryFrom, "stopping")

// Pool is the engine's pool of waiting transactions as the API sees it. The
// engine does not tell what waits, so the pool listens to what the engine asks
// the application: a transaction waits from its first check until a block has
// it, or until it is not asked about again after a block.
type Pool struct {
	guard

	engine Engine
	limits config.Mempool

	mu      sync.RWMutex
	stopped bool
	height  int64
	// deciding is the block that is executed and not yet stored.
	deciding *abci.RequestFinalizeBlock
	// waiting holds the height at which each was last found good.
	waiting map[[32]byte]int64
}

var (
	_ public.Pool      = (*Pool)(nil)
	_ abci.Application = (*Pool)(nil)
)

// Engine is the engine's own pool.
type Engine interface {
	CheckTx(tx types.Tx, callback func(*abci.ResponseCheckTx), info mempool.TxInfo) error
	Size() int
	SizeBytes() int64
}

// New makes the pool around an application. failed hears what the application
// cannot go on after.
func New(app abci.Application, limits config.Mempool, failed *Failure) *Pool {
	return &Pool{guard: guard{Application: app, failed: failed}, limits: limits, waiting: map[[32]byte]int64{}}
}

// Join tells the pool of the engine that was made with it. Nothing may be
// offered before.
func (p *Pool) Join(m Engine) { p.engine = m }

// CheckTx is the engine's question about a transaction that comes, or waits.
func (p *Pool) CheckTx(ctx context.Context, r *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	if p.stops() {
		return &abci.ResponseCheckTx{Code: codeStopping.Number, Codespace: codeStopping.Module}, nil
	}
	out, err := p.guard.CheckTx(ctx, r)
	if err != nil {
		// The engine would panic; the node stops for the reason it has.
		return &abci.ResponseCheckTx{Code: codeStopping.Number, Codespace: codeStopping.Module}, nil
	}
	hash := sha256.Sum256(r.Tx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if out.Code == abci.CodeTypeOK {
		p.waiting[hash] = p.height
	} else {
		delete(p.waiting, hash)
	}
	return out, nil
}

// FinalizeBlock is the engine's call to execute a block.
func (p *Pool) FinalizeBlock(ctx context.Context, r *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	out, err := p.guard.FinalizeBlock(ctx, r)
	if err != nil {
		return out, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deciding = r
	return out, nil
}

// Commit is the engine's call to store the block just executed. Its
// transactions wait until then, so that each is found here or there.
func (p *Pool) Commit(ctx context.Context, r *abci.RequestCommit) (*abci.ResponseCommit, error) {
	out, err := p.guard.Commit(ctx, r)
	if err != nil {
		return out, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.deciding == nil {
		return out, nil
	}
	for _, tx := range p.deciding.Txs {
		delete(p.waiting, sha256.Sum256(tx))
	}
	// What still waits was asked about after the last block.
	for hash, seen := range p.waiting {
		if seen < p.height-1 {
			delete(p.waiting, hash)
		}
	}
	p.height, p.deciding = p.deciding.Height, nil
	return out, nil
}

// Offer hands a transaction to the engine. It returns public.ErrBusy if there is
// no room, and the code with which the application refused it at last.
func (p *Pool) Offer(raw []byte) (code uint32, codespace string, err error) {
	if p.stops() {
		return 0, "", fmt.Errorf("offer transaction: the node stops: %w", public.ErrBusy)
	}
	if p.nearlyFull() {
		return 0, "", fmt.Errorf("offer transaction: %w", public.ErrBusy)
	}
	answer := make(chan *abci.ResponseCheckTx, 1)
	err = p.engine.CheckTx(raw, func(r *abci.ResponseCheckTx) { answer <- r }, mempool.TxInfo{SenderID: mempool.UnknownPeerID})
	var full mempool.ErrMempoolIsFull
	switch {
	case errors.As(err, &full), errors.Is(err, mempool.ErrRecheckFull):
		return 0, "", fmt.Errorf("offer transaction: %w", public.ErrBusy)
	case errors.Is(err, mempool.ErrTxInCache):
		return 0, "", public.ErrSeen
	case err != nil:
		return 0, "", fmt.Errorf("offer transaction: %w", err)
	}
	r := <-answer
	return r.Code, r.Codespace, nil
}

// nearlyFull keeps the last twentieth of the room for transactions that peers
// send: several feeders that meet a full pool at once can be told "accepted"
// by the engine and lose their transactions.
func (p *Pool) nearlyFull() bool {
	return p.engine.Size() >= p.limits.Size-p.limits.Size/20 || p.engine.SizeBytes() >= p.limits.Bytes-p.limits.Bytes/20
}

// Waits reports whether a transaction waits for a block.
func (p *Pool) Waits(hash [32]byte) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	_, ok := p.waiting[hash]
	return ok
}

// Size is how many transactions wait.
func (p *Pool) Size() int { return p.engine.Size() }

// Stop refuses everything from now on, so that the application can be closed.
func (p *Pool) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
}

func (p *Pool) stops() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.stopped
}
