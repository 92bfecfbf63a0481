package verify

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/x/ledger"
)

// Limits of a block, as the specification has them.
const (
	maxBlockTxs   = 10_000
	maxBlockBytes = 16 << 20
)

// rule is what the ledger demands of one kind of transaction.
type rule struct {
	name     string
	signed   bool
	maxBytes int
	// check is the line of the report.
	check    string
	decode   func(body []byte) (any, error)
	validate func(tx *ledger.Tx) error
	// precheck reads the state before the block.
	precheck func(v *verifier, c *chance, tx *ledger.Tx) error
	// execute changes it; what a later transaction of the block may have made
	// wrong is an error.
	execute func(v *verifier, ctx ledger.Context, tx *ledger.Tx) error
}

// rules by kind; each module's file adds its own.
var rules = map[uint32]*rule{}

// chance is a transaction under judgement: what it claims and what must hold.
type chance struct {
	ctx    ledger.Context
	index  int
	check  string
	claims []string
	quotas []quota
	facts  []statement
}

// quota is a thing of which the state before the block leaves so many.
type quota struct {
	name string
	left uint64
}

func (c *chance) claim(names ...string) { c.claims = append(c.claims, names...) }

// use says that the transaction uses one of what is left.
func (c *chance) use(name string, left uint64) { c.quotas = append(c.quotas, quota{name, left}) }

// state adds a statement of cryptography that must hold.
func (c *chance) state(check, code, what string, f fact) {
	c.facts = append(c.facts, statement{
		fact: f, check: check, code: code, what: what, height: c.ctx.Height, tx: c.index,
		part: check == c.check,
	})
}

// block applies a block: deadlines, every transaction judged by the state after
// them, then all executed, then the block's end.
func (v *verifier) block(b *opened) {
	ctx := v.context(b)
	v.began = ctx.TimeMS
	v.beginBlock(ctx)
	v.limits(ctx, b)
	admitted := make([]bool, len(b.txs))
	taken := takings{claimed: map[string]int{}, used: map[string]uint64{}}
	for i := range b.txs {
		admitted[i] = v.judge(ctx, b, i, taken)
	}
	data := make([][]byte, len(b.txs))
	for i := range b.txs {
		if !admitted[i] {
			continue
		}
		v.logged = nil
		if err := b.txs[i].rule.execute(v, ctx, b.txs[i].tx); err != nil {
			v.brokenBy(ctx, i, b.txs[i].rule.check, err)
		}
		if v.logged != nil {
			data[i] = binary.BigEndian.AppendUint64(nil, *v.logged)
		}
	}
	v.endBlock(ctx)
	v.last.results = chain.ResultsHash(data)
}

func (v *verifier) context(b *opened) ledger.Context {
	h := &b.block.Header
	ctx := ledger.Context{ChainID: v.genesis.ChainID, Height: h.Height, TimeMS: chain.TimeMS(h.Time), Rules: v.genesis.State.Rules}
	if h.Height > 1 {
		ctx.PreviousTimeMS = v.began
	}
	return ctx
}

// limits checks number, size and order of the block's transactions.
func (v *verifier) limits(ctx ledger.Context, b *opened) {
	v.found.count(checkOrder, 1)
	size := 0
	for i, raw := range b.block.Data.Txs {
		size += len(raw)
		if i == 0 {
			continue
		}
		x, y := b.txs[i-1].tx, b.txs[i].tx
		if cmp.Or(cmp.Compare(x.Kind, y.Kind), bytes.Compare(x.Hash[:], y.Hash[:])) >= 0 {
			v.found.add(checkOrder, Finding{Code: "block/order", Height: ctx.Height, Tx: i, What: "transactions",
				Why: "not in strictly ascending order of kind and hash"})
		}
	}
	if len(b.txs) > maxBlockTxs || size > maxBlockBytes {
		v.found.add(checkOrder, Finding{Code: "block/limits", Height: ctx.Height, Tx: -1, What: "transactions", Why: "too many or too large"})
	}
}

// judge checks one transaction against the state before the block.
func (v *verifier) judge(ctx ledger.Context, b *opened, i int, taken takings) bool {
	o := &b.txs[i]
	v.found.count(checkEncoding, 1)
	if o.err != nil {
		v.brokenBy(ctx, i, checkEncoding, o.err)
		return false
	}
	v.found.count(o.rule.check, 1)
	c := &chance{ctx: ctx, index: i, check: o.rule.check}
	if err := o.rule.precheck(v, c, o.tx); err != nil {
		v.brokenBy(ctx, i, o.rule.check, err)
		return false
	}
	if err := taken.take(c); err != nil {
		v.brokenBy(ctx, i, o.rule.check, err)
		return false
	}
	if o.signature != nil {
		c.state(checkSignatures, "tx/bad-signature", "signature", o.signature)
	}
	for _, s := range c.facts {
		s.bytes = len(o.tx.Raw)
		v.bench.state(s)
	}
	return true
}

// takings are what the transactions of a block claim, by the first that does,
// and how much they use of what is limited.
type takings struct {
	claimed map[string]int
	used    map[string]uint64
}

// take takes all that a transaction claims and uses, or nothing.
func (t takings) take(c *chance) error {
	for _, name := range c.claims {
		if first, taken := t.claimed[name]; taken {
			return breaks("block/claimed", "transaction", "transaction %d of the block claims %q too", first, name)
		}
	}
	for _, q := range c.quotas {
		if t.used[q.name] >= q.left {
			return breaks("block/claimed", "transaction", "other transactions of the block use all %d left of %q", q.left, q.name)
		}
	}
	for _, name := range c.claims {
		t.claimed[name] = c.index
	}
	for _, q := range c.quotas {
		t.used[q.name]++
	}
	return nil
}

// brokenBy notes the rule that a transaction breaks.
func (v *verifier) brokenBy(ctx ledger.Context, i int, check string, err error) {
	f := Finding{Code: "tx/broken", Height: ctx.Height, Tx: i, What: "transaction", Why: err.Error()}
	var b *broken
	if errors.As(err, &b) {
		f.Code, f.What, f.Why = b.code, b.what, b.why
	}
	v.found.add(check, f)
}

// appendLog appends a transaction to the ballot log.
func (v *verifier) appendLog(tx *ledger.Tx) uint64 {
	index := v.log.Size()
	if err := v.log.Append(merkle.LeafHash(tx.Hash[:]), nil); err != nil {
		panic("verify: ballot log larger than any chain: " + err.Error())
	}
	v.logged = &index
	return index
}
