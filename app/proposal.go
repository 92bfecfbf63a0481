package app

import (
	"context"
	"runtime/debug"
	"slices"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app/store"
)

// PrepareProposal makes a block of what waits in the pool: what is right, in
// the order of arrival as far as there is room, then sorted so that arrival
// tells nothing. The block is decided as others will decide it; a transaction
// for whose sake it fails is dropped and the operators are alarmed, and if it
// still fails after maxCulprits of them an empty block is proposed.
func (a *App) PrepareProposal(_ context.Context, req *abci.RequestPrepareProposal) (_ *abci.ResponsePrepareProposal, err error) {
	defer a.guard(&err)
	a.consensus.Lock()
	defer a.consensus.Unlock()
	if err := a.Failure(); err != nil {
		return nil, err
	}
	base := a.View()
	defer base.Close()
	b := block{height: req.Height, timeMS: req.Time.UnixMilli()}
	a.room = req.MaxTxBytes
	js := a.choose(base, b, req.Txs, req.MaxTxBytes)
	for range maxCulprits + 1 {
		b.txs = make([][]byte, len(js))
		for i := range js {
			b.txs[i] = js[i].opened.Tx.Raw
		}
		d, rej := a.decideJudged(base, b, js)
		if rej == nil {
			a.keep(d)
			return &abci.ResponsePrepareProposal{Txs: b.txs}, nil
		}
		a.log.Error("ALARM: own proposal is refused", "height", b.height, "transactions", len(b.txs), "reason", rej)
		if rej.position < 0 {
			break
		}
		a.pool.Drop(js[rej.position].opened.Tx.Hash, asRefusal(rej.err))
		js = slices.Delete(js, rej.position, rej.position+1)
	}
	a.log.Error("ALARM: an empty block is proposed", "height", b.height)
	return &abci.ResponsePrepareProposal{}, nil
}

// maxCulprits is how many transactions that do not execute, each a fault of the
// program, are dropped from a proposal: few enough that the engine does not wait
// for it in vain, more than one so that a pair that waits does not stop the rest.
const maxCulprits = 16

// choose takes candidates that are right, whose claims are free and for which
// there is room, judged over the block's start: from the engine, which has none
// while the pool is the application's, and from the pool. What the state refuses
// leaves the pool.
func (a *App) choose(base *View, b block, candidates [][]byte, maxBytes int64) (chosen []judged) {
	defer func() {
		if p := recover(); p != nil {
			if f, ok := p.(*store.Failure); ok {
				panic(f)
			}
			a.log.Error("ALARM: no proposal can be made", "height", b.height, "panic", p, "stack", string(debug.Stack()))
			chosen = nil
		}
	}()
	room := min(maxBytes, MaxBlockBytes)
	waiting := a.pool.Candidates(room, framing, MaxBlockTxs, mostWork)
	if len(candidates)+len(waiting) == 0 {
		return nil
	}
	ctx, branch, rej := a.start(base, b)
	if rej != nil {
		return nil
	}
	js := append(a.judge(ctx, branch, candidates), a.judgeOpened(ctx, branch, waiting)...)
	a.verify(js, a.verifier.Verify)
	taken := newClaims(len(js))
	seen := make(map[[32]byte]bool, len(js))
	chosen = make([]judged, 0, len(js))
	for i := range js {
		if js[i].err != nil {
			if at := i - len(candidates); at >= 0 {
				a.pool.Drop(waiting[at].Tx.Hash, asRefusal(js[i].err))
			}
			continue
		}
		tx := js[i].opened.Tx
		size := int64(len(tx.Raw)) + framing
		if len(chosen) == MaxBlockTxs || seen[tx.Hash] || size > room || taken.take(js[i].demands) != nil {
			continue
		}
		seen[tx.Hash] = true
		room -= size
		chosen = append(chosen, js[i])
	}
	slices.SortFunc(chosen, func(x, y judged) int { return compareTxs(x.opened.Tx, y.opened.Tx) })
	return chosen
}

// framing is what the engine adds to a transaction in a block, at most: a tag
// and a length.
const framing = 6

// ProcessProposal accepts another's block if and only if decide does.
func (a *App) ProcessProposal(_ context.Context, req *abci.RequestProcessProposal) (_ *abci.ResponseProcessProposal, err error) {
	defer a.guard(&err)
	a.consensus.Lock()
	defer a.consensus.Unlock()
	if err := a.Failure(); err != nil {
		return nil, err
	}
	base := a.View()
	defer base.Close()
	b := block{height: req.Height, timeMS: req.Time.UnixMilli(), txs: req.Txs}
	if a.kept(base, b) == nil {
		d, rej := a.decide(base, b)
		if rej != nil {
			a.log.Warn("proposal refused", "height", b.height, "transactions", len(b.txs), "reason", rej)
			return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}, nil
		}
		a.keep(d)
	}
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

// rounds is how many decisions of one height are kept: one for each round that
// is likely to matter.
const rounds = 3

// keep keeps a decision until the height is decided.
func (a *App) keep(d *decision) {
	if a.kept(d.base, d.block) != nil {
		return
	}
	if len(a.decided) == rounds {
		a.decided[0].base.Close()
		a.decided = slices.Delete(a.decided, 0, 1)
	}
	d.base.retain()
	a.decided = append(a.decided, d)
}

// kept finds the decision of a block over a state.
func (a *App) kept(base *View, b block) *decision {
	for _, d := range a.decided {
		if d.of(base, b) {
			return d
		}
	}
	return nil
}

// forget drops all decisions of this height.
func (a *App) forget() {
	for _, d := range a.decided {
		d.base.Close()
	}
	a.decided, a.pending = nil, nil
}

// ExtendVote: votes carry nothing of ours.
func (a *App) ExtendVote(context.Context, *abci.RequestExtendVote) (*abci.ResponseExtendVote, error) {
	return &abci.ResponseExtendVote{}, nil
}

// VerifyVoteExtension accepts the empty extension only.
func (a *App) VerifyVoteExtension(_ context.Context, req *abci.RequestVerifyVoteExtension) (*abci.ResponseVerifyVoteExtension, error) {
	if len(req.VoteExtension) != 0 {
		return &abci.ResponseVerifyVoteExtension{Status: abci.ResponseVerifyVoteExtension_REJECT}, nil
	}
	return &abci.ResponseVerifyVoteExtension{Status: abci.ResponseVerifyVoteExtension_ACCEPT}, nil
}
