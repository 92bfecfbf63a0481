package app

import (
	"context"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
)

// FinalizeBlock computes what a decided block makes of the state. A block that
// this node accepted as a proposal is not decided again; one that comes by
// catching up is. If it breaks a rule the node stops, with the block kept as
// evidence: the others have accepted what the rules refuse, or this machine is
// broken.
func (a *App) FinalizeBlock(_ context.Context, req *abci.RequestFinalizeBlock) (_ *abci.ResponseFinalizeBlock, err error) {
	defer a.guard(&err)
	a.consensus.Lock()
	defer a.consensus.Unlock()
	if err := a.Failure(); err != nil {
		return nil, err
	}
	a.foresight.Take(req.Height)
	base := a.View()
	defer base.Close()
	b := block{height: req.Height, timeMS: req.Time.UnixMilli(), txs: req.Txs}
	d := a.kept(base, b)
	if d == nil {
		var rej *rejection
		if d, rej = a.decide(base, b); rej != nil {
			return nil, a.stop(a.refuseDecided(req, rej))
		}
		a.keep(d)
	} else {
		a.foresight.Forget() // blocks come as proposals
	}
	a.pending = d
	hash := d.sealed.Height.AppHash
	return &abci.ResponseFinalizeBlock{TxResults: d.results, AppHash: hash[:]}, nil
}

// refuseDecided keeps the evidence and says what happened.
func (a *App) refuseDecided(req *abci.RequestFinalizeBlock, rej *rejection) error {
	path, err := a.keepEvidence(req)
	if err != nil {
		return fmt.Errorf("the network decided block %d (%X), which the rules refuse: %w; the block could not be kept as evidence: %w", req.Height, req.Hash, rej, err)
	}
	return fmt.Errorf("the network decided block %d (%X), which the rules refuse: %w; the block is kept in %s: compare it with other operators before starting again", req.Height, req.Hash, rej, path)
}
