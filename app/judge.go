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

// open finds the opened form of a transaction, or opens it.
func (a *App) open(raw []byte, hash [32]byte) (*txn.Opened, error) {
	if o := a.pool.Opened(hash); o != nil {
		return o, nil
	}
	return a.router.OpenHashed(raw, hash)
}

// hashOf is the hash of a transaction, unless it is so large that it is refused
// without.
func hashOf(raw []byte) [32]byte {
	if len(raw) > envelope.MaxBytes {
		return [32]byte{}
	}
	return envelope.Hash(raw)
}

// judge opens transactions and asks their modules, on all cores. Nothing may
// write to r meanwhile.
func (a *App) judge(ctx ledger.Context, r ledger.Reader, raws [][]byte) []judged {
	out := make([]judged, len(raws))
	txn.Spread(a.workers, len(raws), func(from, to int) {
		for i := from; i < to; i++ {
			out[i] = a.judgeOne(ctx, r, raws[i], hashOf(raws[i]), nil)
		}
	})
	return out
}

// judgeOpened is judge of what was opened before.
func (a *App) judgeOpened(ctx ledger.Context, r ledger.Reader, opened []*txn.Opened) []judged {
	out := make([]judged, len(opened))
	txn.Spread(a.workers, len(opened), func(from, to int) {
		for i := from; i < to; i++ {
			out[i] = a.judgeOne(ctx, r, nil, opened[i].Tx.Hash, opened[i])
		}
	})
	return out
}

// judgeOne judges a transaction, opened before or not. It never lets a fault in
// a module's code reach the engine: whatever makes it panic is refused, by every
// node alike.
func (a *App) judgeOne(ctx ledger.Context, r ledger.Reader, raw []byte, hash [32]byte, o *txn.Opened) (j judged) {
	defer func() {
		if p := recover(); p != nil {
			if f, ok := p.(*store.Failure); ok {
				panic(f)
			}
			a.log.Error("ALARM: a transaction makes the program fail", "hash", hex.EncodeToString(hash[:]), "panic", p, "stack", string(debug.Stack()))
			j = judged{err: codeFault.Refuse("transaction", "the program fails on it; the operators have been told")}
		}
	}()
	if o == nil {
		var err error
		if o, err = a.open(raw, hash); err != nil {
			return judged{err: err}
		}
	}
	if o.Handler.SignedFirst {
		signature := []txn.Item{{Memo: &o.Signed, Checks: o.Checks(ledger.Demands{})}}
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
	return txn.Item{Memo: &j.opened.Accepted, Checks: j.opened.Checks(j.demands)}
}

// verify asks cryptography about the judged transactions that are still right,
// all together, in one of the verifier's two ways.
func (a *App) verify(js []judged, ask func([]txn.Item) []error) {
	items, at := make([]txn.Item, 0, len(js)), make([]int, 0, len(js))
	for i := range js {
		if js[i].err == nil {
			items, at = append(items, js[i].item()), append(at, i)
		}
	}
	for n, err := range ask(items) {
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

func newClaims(n int) claims {
	return claims{claimed: make(map[string]bool, n), used: make(map[string]uint64)}
}

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

// asRefusal gives a module's plain error the code of a fault: modules refuse
// with codes.
func asRefusal(err error) *ledger.Refusal {
	if err == nil {
		return nil
	}
	var r *ledger.Refusal
	if errors.As(err, &r) {
		return r
	}
	return &ledger.Refusal{Code: codeFault, Field: "transaction", Reason: err.Error()}
}
