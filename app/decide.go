package app

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"slices"

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
	base    *View
	block   block
	sealed  *store.Sealed
	changes store.Changes
	results []*abci.ExecTxResult
	hashes  [][32]byte
}

// of reports whether the decision is of this block over this state. It compares
// the bytes, which costs less than hashing them.
func (d *decision) of(base *View, b block) bool {
	return d.base.Height == base.Height && d.base.AppHash == base.AppHash &&
		d.block.height == b.height && d.block.timeMS == b.timeMS && slices.EqualFunc(d.block.txs, b.txs, bytes.Equal)
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

// decide is the one function that says whether a block is right and what it
// makes of the state. It depends on the state before, the block and the rule
// version in that state, and on nothing else: no clock, no pool, no memory of
// refusals. A fault in a module's code is a refusal; a failing disk panics with
// *store.Failure.
func (a *App) decide(base *View, b block) (d *decision, rej *rejection) {
	defer a.faults(&d, &rej)
	ctx, branch, rej := a.start(base, b)
	if rej != nil {
		return nil, rej
	}
	if rej := fits(b); rej != nil {
		return nil, rej
	}
	return a.conclude(ctx, branch, base, b, a.judge(ctx, branch, b.txs))
}

// decideJudged is decide of a block whose transactions were judged over the same
// start.
func (a *App) decideJudged(base *View, b block, js []judged) (d *decision, rej *rejection) {
	defer a.faults(&d, &rej)
	ctx, branch, rej := a.start(base, b)
	if rej != nil {
		return nil, rej
	}
	if rej := fits(b); rej != nil {
		return nil, rej
	}
	return a.conclude(ctx, branch, base, b, js)
}

// faults makes a panic of the program a refusal of the block; it is deferred.
func (a *App) faults(d **decision, rej **rejection) {
	if p := recover(); p != nil {
		if f, ok := p.(*store.Failure); ok {
			panic(f)
		}
		*d, *rej = nil, refuse(-1, "the program fails on this block: %v\n%s", p, debug.Stack())
	}
}

// start is the state that a block's transactions are judged by: that before the
// block with what is due at its header's time.
func (a *App) start(base *View, b block) (ledger.Context, *store.Branch, *rejection) {
	ctx, rej := a.context(base, b)
	if rej != nil {
		return ctx, nil, rej
	}
	branch := store.NewBranch(base.snap)
	a.begin(ctx, branch)
	return ctx, branch, nil
}

// conclude admits judged transactions, executes them and seals the state.
func (a *App) conclude(ctx ledger.Context, branch *store.Branch, base *View, b block, js []judged) (*decision, *rejection) {
	if rej := a.admit(js); rej != nil {
		return nil, rej
	}
	results, rej := execute(ctx, branch, js)
	if rej != nil {
		return nil, rej
	}
	for _, m := range a.rules.Modules {
		if m.EndBlock != nil {
			m.EndBlock(ctx, branch)
		}
	}
	d := &decision{base: base, block: b, results: results, hashes: make([][32]byte, len(js))}
	for i := range js {
		d.hashes[i] = js[i].opened.Tx.Hash
	}
	d.sealed, d.changes = a.seal(ctx, branch), branch.Changes()
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

// fits refuses a block that is larger than any may be.
func fits(b block) *rejection {
	if len(b.txs) > MaxBlockTxs {
		return refuse(-1, "%d transactions are more than %d", len(b.txs), MaxBlockTxs)
	}
	size := 0
	for _, raw := range b.txs {
		size += len(raw)
	}
	if size > MaxBlockBytes {
		return refuse(-1, "%d bytes of transactions are more than %d", size, MaxBlockBytes)
	}
	return nil
}

// admit checks everything about a block's transactions against the state before
// them: form and rules, which they were judged by, order, claims, cryptography.
func (a *App) admit(js []judged) *rejection {
	taken := newClaims(len(js))
	for i := range js {
		if js[i].err != nil {
			return &rejection{position: i, err: js[i].err}
		}
		if i > 0 && compareTxs(js[i-1].opened.Tx, js[i].opened.Tx) >= 0 {
			return refuse(i, "not in strictly ascending order of kind and hash")
		}
		if err := taken.take(js[i].demands); err != nil {
			return &rejection{position: i, err: err}
		}
	}
	a.verify(js, a.verifyBlock)
	for i := range js {
		if js[i].err != nil {
			return &rejection{position: i, err: js[i].err}
		}
	}
	return nil
}

// verifyBlock verifies what a block needs. If there is something new the pool
// begins no batch meanwhile: it would verify the same beside it, and the block
// waits for the cores.
func (a *App) verifyBlock(items []txn.Item) []error {
	if slices.ContainsFunc(items, func(it txn.Item) bool { return !it.Verified() }) {
		a.pool.Hold()
		defer a.pool.Release()
	}
	return a.verifier.VerifyBlock(items)
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
