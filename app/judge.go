package app

import (
	"encoding/hex"
	"errors"
	"runtime/debug"

	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/app/txn"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// Refusals by the application itself that a later block may undo.
var (
	codeClaimed  = ledger.NewCode(envelope.Codespace, 32000, "claimed")
	codeNotBegun = ledger.NewCode(envelope.Codespace, 32001, "not-begun")
	codeFault    = ledger.NewCode(envelope.Codespace, 32002, "fault")
)

// judged is a transaction's form and what the state says of it; what
// cryptography says is not yet known.
type judged struct {
	opened  *txn.Opened
	demands ledger.Demands
	err     error
}

// judge opens transactions and asks their modules, on all cores. Nothing may
// write to r meanwhile.
func (a *App) judge(ctx ledger.Context, r ledger.Reader, raws [][]byte) []judged {
	out := make([]judged, len(raws))
	txn.Spread(a.workers, len(raws), func(from, to int) {
		for i := from; i < to; i++ {
			out[i] = a.judgeOne(ctx, r, raws[i])
		}
	})
	return out
}

// judgeOne never lets a fault in a module's code reach the engine: whatever
// makes it panic is refused, by every node alike.
func (a *App) judgeOne(ctx ledger.Context, r ledger.Reader, raw []byte) (j judged) {
	defer func() {
		if p := recover(); p != nil {
			if f, ok := p.(*store.Failure); ok {
				panic(f)
			}
			hash := envelope.Hash(raw)
			a.log.Error("ALARM: a transaction makes the program fail", "hash", hex.EncodeToString(hash[:]), "panic", p, "stack", string(debug.Stack()))
			j = judged{err: codeFault.Refuse("transaction", "the program fails on it; the operators have been told")}
		}
	}()
	o, err := a.router.Open(raw)
	if err != nil {
		return judged{err: err}
	}
	if o.Handler.SignedFirst {
		signature := []txn.Item{{Hash: o.Tx.Hash, Checks: o.Checks(ledger.Demands{})}}
		if err := a.verifier.Verify(signature)[0]; err != nil {
			return judged{err: a.faultless(o, err)}
		}
	}
	if o.Handler.Validate != nil {
		if err := o.Handler.Validate(ctx, o.Tx); err != nil {
			return judged{err: err}
		}
	}
	j.opened = o
	if o.Handler.Precheck != nil {
		j.demands, j.err = o.Handler.Precheck(ctx, r, o.Tx)
	}
	return j
}

// item is what must be verified of a judged transaction.
func (j *judged) item() txn.Item {
	return txn.Item{Hash: j.opened.Tx.Hash, Checks: j.opened.Checks(j.demands)}
}

// verify asks cryptography about the judged transactions that are still right,
// all together.
func (a *App) verify(js []judged) {
	var items []txn.Item
	var at []int
	for i := range js {
		if js[i].err == nil {
			items, at = append(items, js[i].item()), append(at, i)
		}
	}
	for n, err := range a.verifier.Verify(items) {
		if err != nil {
			js[at[n]].err = a.faultless(js[at[n]].opened, err)
		}
	}
}

// faultless gives a check that made the program fail the code of a fault, and
// tells the operators.
func (a *App) faultless(o *txn.Opened, err error) error {
	if !errors.Is(err, txn.ErrFault) {
		return err
	}
	a.log.Error("ALARM: a transaction makes the program fail", "hash", hex.EncodeToString(o.Tx.Hash[:]), "reason", err)
	return codeFault.Refuse("transaction", "the program fails on it; the operators have been told")
}

// claims are what the transactions of a block claim, and how much they use of
// what is limited; nobody claims what another did.
type claims struct {
	claimed map[string]bool
	used    map[string]uint64
}

func newClaims() claims { return claims{claimed: make(map[string]bool), used: make(map[string]uint64)} }

// take takes all of a transaction's claims and quotas, or none.
func (c claims) take(d ledger.Demands) error {
	for _, w := range d.Claims {
		if c.claimed[w] {
			return codeClaimed.Refuse("transaction", "another transaction of this block claims %q", w)
		}
	}
	for _, q := range d.Quotas {
		if c.used[q.Name] >= q.Left {
			return codeClaimed.Refuse("transaction", "other transactions of this block use all %d left of %q", q.Left, q.Name)
		}
	}
	for _, w := range d.Claims {
		c.claimed[w] = true
	}
	for _, q := range d.Quotas {
		c.used[q.Name]++
	}
	return nil
}
