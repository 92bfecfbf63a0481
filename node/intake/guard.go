package intake

import (
	"context"
	"fmt"
	"sync"

	abci "github.com/cometbft/cometbft/abci/types"
)

// guard stands between engine and application. After an error of the
// application the engine halts consensus and lives on; the guard tells the
// node, which stops instead and says why.
type guard struct {
	abci.Application
	failed *Failure
}

// Guard puts a guard before an application. failed hears what the application
// cannot go on after.
func Guard(app abci.Application, failed *Failure) abci.Application {
	return guard{Application: app, failed: failed}
}

// InitChain passes the call on.
func (g guard) InitChain(ctx context.Context, r *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	out, err := g.Application.InitChain(ctx, r)
	g.failed.Note("start the chain", err)
	return out, err
}

// ProcessProposal passes the call on.
func (g guard) ProcessProposal(ctx context.Context, r *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	out, err := g.Application.ProcessProposal(ctx, r)
	g.failed.Note(fmt.Sprintf("check the proposal of block %d", r.Height), err)
	return out, err
}

// FinalizeBlock passes the call on.
func (g guard) FinalizeBlock(ctx context.Context, r *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	out, err := g.Application.FinalizeBlock(ctx, r)
	g.failed.Note(fmt.Sprintf("execute block %d", r.Height), err)
	return out, err
}

// Commit passes the call on.
func (g guard) Commit(ctx context.Context, r *abci.RequestCommit) (*abci.ResponseCommit, error) {
	out, err := g.Application.Commit(ctx, r)
	g.failed.Note("store a block", err)
	return out, err
}

// Failure is the first thing that went wrong for good.
type Failure struct {
	once sync.Once
	err  error
	done chan struct{}
}

// NewFailure is none yet.
func NewFailure() *Failure { return &Failure{done: make(chan struct{})} }

// Note keeps the first error; a nil error is none.
func (f *Failure) Note(what string, err error) {
	if err == nil {
		return
	}
	f.once.Do(func() {
		f.err = fmt.Errorf("%s: %w", what, err)
		close(f.done)
	})
}

// Done is closed when something failed.
func (f *Failure) Done() <-chan struct{} { return f.done }

// Err is the failure, nil while there is none.
func (f *Failure) Err() error {
	select {
	case <-f.done:
		return f.err
	default:
		return nil
	}
}
