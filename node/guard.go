package node

import (
	"context"
	"fmt"
	"sync"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/crypto"
	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
)

// guard stands between engine and application. After an error of the
// application the engine halts consensus and lives on; the guard tells the
// node, which stops instead and says why.
type guard struct {
	abci.Application
	failed *failure
}

// InitChain passes the call on.
func (g guard) InitChain(ctx context.Context, r *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	out, err := g.Application.InitChain(ctx, r)
	g.failed.note("start the chain", err)
	return out, err
}

// ProcessProposal passes the call on.
func (g guard) ProcessProposal(ctx context.Context, r *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	out, err := g.Application.ProcessProposal(ctx, r)
	g.failed.note(fmt.Sprintf("check the proposal of block %d", r.Height), err)
	return out, err
}

// FinalizeBlock passes the call on.
func (g guard) FinalizeBlock(ctx context.Context, r *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	out, err := g.Application.FinalizeBlock(ctx, r)
	g.failed.note(fmt.Sprintf("execute block %d", r.Height), err)
	return out, err
}

// Commit passes the call on.
func (g guard) Commit(ctx context.Context, r *abci.RequestCommit) (*abci.ResponseCommit, error) {
	out, err := g.Application.Commit(ctx, r)
	g.failed.note("store a block", err)
	return out, err
}

// failure is the first thing that went wrong for good.
type failure struct {
	once sync.Once
	err  error
	done chan struct{}
}

func newFailure() *failure { return &failure{done: make(chan struct{})} }

func (f *failure) note(what string, err error) {
	if err == nil {
		return
	}
	f.once.Do(func() {
		f.err = fmt.Errorf("%s: %w", what, err)
		close(f.done)
	})
}

// Err is the failure, nil while there is none.
func (f *failure) Err() error {
	select {
	case <-f.done:
		return f.err
	default:
		return nil
	}
}

// observerKey is the engine's validator of a node that is none: it has a key
// of its own, which is in no validator set, and signs nothing.
type observerKey struct{ public crypto.PubKey }

var _ types.PrivValidator = observerKey{}

func newObserverKey() observerKey { return observerKey{ed25519.GenPrivKey().PubKey()} }

// GetPubKey returns a key that is in no validator set.
func (o observerKey) GetPubKey() (crypto.PubKey, error) { return o.public, nil }

// SignVote refuses.
func (o observerKey) SignVote(string, *cmtproto.Vote) error { return errObserver }

// SignProposal refuses.
func (o observerKey) SignProposal(string, *cmtproto.Proposal) error { return errObserver }
