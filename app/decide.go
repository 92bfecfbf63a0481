package app

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"runtime/debug"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/app/txn"
	"github.com/urna-vote/urna/app/version"
	"github.com/urna-vote/urna/x/ledger"
)

// Limits of a block, besides those of the engine's parameters.
const (
	MaxBlockTxs   = 10_000
	MaxBlockBytes = 16 << 20
)

// block is all that decide sees besides the state.
type block struct {
	height int64
	timeMS int64
	txs    [][]byte
}

// decision is an accepted block and what it makes of the state.
type decision struct {
	key     [32]byte
	base    *View
	sealed  *store.Sealed
	results []*abci.ExecTxResult
}

// rejection says why a block is refused. Position is the transaction's, −1 if
// it is none's.
type rejection struct {
	position int
	err      error
}

func (r *rejection) Error() string {
	if r.position < 0 {
		return r.err.Error()
	}
	return fmt.Sprintf("transaction %d: %v", r.position, r.err)
}

func (r *rejection) Unwrap() error { return r.err }

func refuse(position int, format string, args ...any) *rejection {
	return &rejection{position: position, err: fmt.Errorf(format, args...)}
}

// blockKey names a block over a state: the same key means the same decision.
func blockKey(base *View, b block) [32]byte {
	h := sha256.New()
	_, _ = h.Write(base.AppHash[:])
	var n [8]byte
	for _, v := range []uint64{uint64(base.Height), uint64(b.height), uint64(b.timeMS), uint64(len(b.txs))} {
		binary.BigEndian.PutUint64(n[:], v)
		_, _ = h.Write(n[:])
	}
	for _, raw := range b.txs {
		sum := sha256.Sum256(raw)
		_, _ = h.Write(sum[:])
	}
	return [32]byte(h.Sum(nil))
}

// decide is the one function that says whether a block is right and what it
// makes of the state. It depends on the state before, the block and the rule
// version in that state, and on nothing else: no clock, no pool, no memory of
// refusals. A fault in a module's code is a refusal; a failing disk panics with
// *store.Failure.
func (a *App) decide(base *View, b block) (d *decision, rej *rejection) {
	defer func() {
		if p := recover(); p != nil {
			if f, ok := p.(*store.Failure); ok {
				panic(f)
			}
			d, rej = nil, refuse(-1, "the program fails on this block: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, rej := a.context(base, b)
	if rej != nil {
		return nil, rej
	}
	branch := store.NewBranch(base.snap)
	a.begin(ctx, branch)
	js, rej := a.admit(ctx, branch, b)
	if rej != nil {
		return nil, rej
	}
	d = &decision{key: blockKey(base, b), base: base}
	if d.results, rej = execute(ctx, branch, js); rej != nil {
		return nil, rej
	}
	for _, m := range a.rules.Modules {
		if m.EndBlock != nil {
			m.EndBlock(ctx, branch)
		}
	}
	d.sealed = a.seal(ctx, branch)
	return d, nil
}

// context of a block over a state.
func (a *App) context(base *View, b block) (ledger.Context, *rejection) {
	if !base.began {
		return ledger.Context{}, &rejection{position: -1, err: errNotBegun}
	}
	if b.height != base.Height+1 {
		return ledger.Context{}, refuse(-1, "block of height %d over the state of height %d", b.height, base.Height)
	}
	rules, err := version.Active(base.snap, b.height)
	if err != nil {
		return ledger.Context{}, &rejection{position: -1, err: err}
	}
	ctx := ledger.Context{ChainID: a.chainID, Height: b.height, TimeMS: b.timeMS, Rules: rules}
	if b.height > 1 {
		ctx.PreviousTimeMS = base.TimeMS
		if b.timeMS < base.TimeMS {
			return ledger.Context{}, refuse(-1, "header time %d ms is before that of height %d, %d ms", b.timeMS, base.Height, base.TimeMS)
		}
	}
	return ctx, nil
}

// begin applies what is due before any transaction is looked at.
func (a *App) begin(ctx ledger.Context, branch *store.Branch) {
	for _, m := range a.rules.Modules {
		if m.BeginBlock != nil {
			m.BeginBlock(ctx, branch)
		}
	}
	branch.Settle()
}

// admit checks everything about a block's transactions against the state before
// them: limits, form, rules, order, claims, cryptography.
func (a *App) admit(ctx ledger.Context, branch *store.Branch, b block) ([]judged, *rejection) {
	if len(b.txs) > MaxBlockTxs {
		return nil, refuse(-1, "%d transactions are more than %d", len(b.txs), MaxBlockTxs)
	}
	size := 0
	for _, raw := range b.txs {
		size += len(raw)
	}
	if size > MaxBlockBytes {
		return nil, refuse(-1, "%d bytes of transactions are more than %d", size, MaxBlockBytes)
	}
	js := a.judge(ctx, branch, b.txs)
	taken := newClaims()
	for i := range js {
		if js[i].err != nil {
			return nil, &rejection{position: i, err: js[i].err}
		}
		if i > 0 && compareTxs(js[i-1].opened.Tx, js[i].opened.Tx) >= 0 {
			return nil, refuse(i, "not in strictly ascending order of kind and hash")
		}
		if err := taken.take(js[i].demands); err != nil {
			return nil, &rejection{position: i, err: err}
		}
	}
	a.verify(js)
	for i := range js {
		if js[i].err != nil {
			return nil, &rejection{position: i, err: js[i].err}
		}
	}
	return js, nil
}

// compareTxs orders the transactions of a block.
func compareTxs(x, y *ledger.Tx) int {
	return cmp.Or(cmp.Compare(x.Kind, y.Kind), bytes.Compare(x.Hash[:], y.Hash[:]))
}

// execute writes what admitted transactions do. They were judged against the
// state before the block and claim different things, so none disturbs another;
// should one refuse to execute all the same, or make the program fail, the block
// is refused for its sake.
func execute(ctx ledger.Context, branch *store.Branch, js []judged) ([]*abci.ExecTxResult, *rejection) {
	results := make([]*abci.ExecTxResult, len(js))
	for i := range js {
		tx := js[i].opened.Tx
		branch.BeginTx(uint32(i), tx.Kind, tx.Hash)
		if err := executeOne(ctx, branch, js[i].opened); err != nil {
			return nil, refuse(i, "execute %s: %w", js[i].opened.Handler.Name, err)
		}
		results[i] = &abci.ExecTxResult{Code: abci.CodeTypeOK}
		if index, logged := branch.EndTx(); logged {
			results[i].Data = binary.BigEndian.AppendUint64(nil, index)
		}
	}
	return results, nil
}

// executeOne executes a transaction; a fault in its module's code is its own.
func executeOne(ctx ledger.Context, branch *store.Branch, o *txn.Opened) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if f, ok := p.(*store.Failure); ok {
				panic(f)
			}
			err = fmt.Errorf("the program fails on it: %v\n%s", p, debug.Stack())
		}
	}()
	return o.Handler.Execute(ctx, branch, o.Tx)
}

// seal computes the hashes of what the block makes of the state.
func (a *App) seal(ctx ledger.Context, branch *store.Branch) *store.Sealed {
	touched := branch.Touched()
	leaves := make([]store.ElectionLeaf, len(touched))
	for i, id := range touched {
		leaves[i] = store.ElectionLeaf{ID: id, Root: summarize(a.rules.Modules, branch, id).Root}
	}
	return branch.Seal(ctx.Height, ctx.TimeMS, ctx.Rules, leaves, func(n int, part func(from, to int)) {
		txn.Spread(a.workers, n, part)
	})
}
