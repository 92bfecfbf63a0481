package app

import (
	"context"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app/genesis"
	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/app/version"
	"github.com/urna-vote/urna/x/ledger"
)

// protocolVersion is the engine's "app version" in headers. Rules change by
// app/version, within one protocol.
const protocolVersion = 1

// Info tells the engine at which height this application stands, so that it
// replays what is missing.
func (a *App) Info(context.Context, *abci.RequestInfo) (*abci.ResponseInfo, error) {
	if err := a.Failure(); err != nil {
		return nil, err
	}
	v := a.View()
	defer v.Close()
	r := &abci.ResponseInfo{Data: "urna", AppVersion: protocolVersion}
	if v.Height > 0 {
		r.LastBlockHeight = v.Height
		r.LastBlockAppHash = v.AppHash[:]
	}
	return r, nil
}

// InitChain writes the genesis as height 0. A node that stopped before its
// first block is asked again and must come to the same.
func (a *App) InitChain(_ context.Context, req *abci.RequestInitChain) (_ *abci.ResponseInitChain, err error) {
	defer a.guard(&err)
	a.consensus.Lock()
	defer a.consensus.Unlock()
	if err := a.Failure(); err != nil {
		return nil, err
	}
	if req.ChainId != a.chainID {
		return nil, fmt.Errorf("begin chain: the genesis is of %q, this directory of %q", req.ChainId, a.chainID)
	}
	if req.InitialHeight > 1 {
		return nil, fmt.Errorf("begin chain: initial_height is %d, a chain begins at 1", req.InitialHeight)
	}
	state, err := genesis.Parse(req.AppStateBytes)
	if err != nil {
		return nil, fmt.Errorf("begin chain: %w", err)
	}
	v := a.View()
	defer v.Close()
	if v.Height > 0 {
		return nil, fmt.Errorf("begin chain: the state is at height %d already", v.Height)
	}
	sealed, err := a.genesis(state, req.Time.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("begin chain: %w", err)
	}
	hash := sealed.Height.AppHash
	if v.began {
		if hash != v.AppHash {
			return nil, fmt.Errorf("begin chain: the genesis gives application hash %x, this directory began with %x: it is of another genesis", hash, v.AppHash)
		}
		return &abci.ResponseInitChain{AppHash: hash[:]}, nil
	}
	if err := a.store.Commit(sealed); err != nil {
		return nil, a.stop(err)
	}
	a.advance()
	return &abci.ResponseInitChain{AppHash: hash[:]}, nil
}

// genesis computes the state of height 0 over an empty one.
func (a *App) genesis(state *genesis.State, timeMS int64) (*store.Sealed, error) {
	branch := store.NewBranch(store.Empty())
	if err := version.Init(branch, state.Rules); err != nil {
		return nil, err
	}
	genesis.Init(branch, state)
	if err := a.rules.Genesis(branch, state); err != nil {
		return nil, err
	}
	return a.seal(ledger.Context{ChainID: a.chainID, TimeMS: timeMS, Rules: state.Rules}, branch), nil
}
