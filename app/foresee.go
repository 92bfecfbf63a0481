package app

import (
	"errors"

	"github.com/urna-vote/urna/app/foresee"
	"github.com/urna-vote/urna/app/txn"
	"github.com/urna-vote/urna/app/version"
	"github.com/urna-vote/urna/x/ledger"
)

// Foresee tells the application of a block that somebody says will be applied
// soon. It returns at once, and nothing that is decided depends on it. The caller
// gives the bytes away.
func (a *App) Foresee(from string, height, timeMS int64, txs [][]byte) {
	a.foresight.Announce(from, height, timeMS, txs)
}

// foreteller is the application as its foresight sees it.
type foreteller App

// foreseers is how many cores foresight may use: one is left to the engine, which
// would otherwise wait for a turn at every step.
func foreseers(workers int) int { return max(1, workers-1) }

// Foresee opens transactions and verifies what can be said of them by the last
// committed state. A refusal by the state says nothing: it may be too early.
func (p *foreteller) Foresee(txs []*foresee.Tx) (height int64, ok bool) {
	a := (*App)(p)
	var err error
	func() {
		defer a.guard(&err)
		height, err = a.foretell(txs)
	}()
	return height, err == nil || errors.Is(err, errNotBegun)
}

func (a *App) foretell(txs []*foresee.Tx) (int64, error) {
	if err := a.Failure(); err != nil {
		return 0, err
	}
	v := a.View()
	defer v.Close()
	rules, err := version.Active(v.snap, v.Height+1)
	if !v.began || err != nil {
		return v.Height, errors.Join(errNotBegun, err)
	}
	js := make([]judged, len(txs))
	txn.Spread(foreseers(a.workers), len(txs), func(from, to int) {
		for i := from; i < to; i++ {
			t := txs[i]
			if t.Opened == nil {
				if t.Opened, js[i].err = a.open(t.Raw, hashOf(t.Raw)); js[i].err != nil {
					t.Done, t.False = true, true
					continue
				}
			}
			ctx := ledger.Context{ChainID: a.chainID, Height: v.Height + 1, TimeMS: max(t.TimeMS, v.TimeMS), PreviousTimeMS: v.TimeMS, Rules: rules}
			js[i] = a.judgeOne(ctx, v.snap, nil, t.Opened.Tx.Hash, t.Opened)
		}
	})
	items, at := make([]txn.Item, 0, len(js)), make([]int, 0, len(js))
	for i := range js {
		if js[i].err == nil {
			items, at = append(items, js[i].item()), append(at, i)
		}
	}
	for n, err := range a.foreverifier.Verify(items) {
		txs[at[n]].Done, txs[at[n]].False = true, err != nil
	}
	return v.Height, nil
}
