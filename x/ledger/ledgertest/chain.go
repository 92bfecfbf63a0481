package ledgertest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/urna-vote/urna/x/ledger"
)

// ErrClaimed: another transaction of the block claims the same thing.
var ErrClaimed = errors.New("claimed by another transaction of the block")

// Tx is a transaction to be decided. The signature of the envelope is not the
// matter of a module: whoever stands in Signer has signed.
type Tx struct {
	Kind   uint32
	Signer []byte
	Body   []byte
	// Raw defaults to kind, signer and body, one after the other.
	Raw []byte
}

// Message makes a transaction of a message.
func Message(kind uint32, signer []byte, m ledger.Wire) Tx {
	return Tx{Kind: kind, Signer: signer, Body: ledger.MustEncode(m)}
}

// Chain decides blocks over modules in memory.
type Chain struct {
	State *State
	// Context of the last block.
	Context  ledger.Context
	modules  []ledger.Module
	handlers map[uint32]ledger.Handler
}

// NewChain starts a chain at the given block time, at height 0.
func NewChain(chainID string, startMS int64, modules ...ledger.Module) *Chain {
	c := &Chain{
		State:    New(),
		Context:  ledger.Context{ChainID: chainID, TimeMS: startMS, Rules: 1},
		modules:  modules,
		handlers: map[uint32]ledger.Handler{},
	}
	for _, m := range modules {
		for _, h := range m.Handlers {
			c.handlers[h.Kind] = h
		}
	}
	return c
}

// Next is the context of a block stepMS after the last.
func (c *Chain) Next(stepMS int64) ledger.Context {
	ctx := c.Context
	ctx.Height++
	ctx.PreviousTimeMS = ctx.TimeMS
	ctx.TimeMS += stepMS
	return ctx
}

// Block makes a block stepMS after the last one: deadlines first, then every
// transaction is judged against that state, those without a refusal are
// executed in the order of (kind, hash). The answer has an error or nil for
// each transaction; one that is refused is left out of the block.
func (c *Chain) Block(stepMS int64, txs ...Tx) []error {
	ctx := c.Next(stepMS)
	for _, m := range c.modules {
		if m.BeginBlock != nil {
			m.BeginBlock(ctx, c.State)
		}
	}
	verdicts := make([]error, len(txs))
	claimed, used := map[string]bool{}, map[string]uint64{}
	var accepted []*ledger.Tx
	for i, raw := range txs {
		tx, demands, err := c.judge(ctx, raw)
		if err == nil {
			err = claim(claimed, used, demands)
		}
		if verdicts[i] = err; err == nil {
			accepted = append(accepted, tx)
		}
	}
	slices.SortFunc(accepted, func(a, b *ledger.Tx) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), bytes.Compare(a.Hash[:], b.Hash[:]))
	})
	for _, tx := range accepted {
		if err := c.handlers[tx.Kind].Execute(ctx, c.State, tx); err != nil {
			panic(fmt.Sprintf("ledgertest: accepted %s does not execute: %v", c.handlers[tx.Kind].Name, err))
		}
	}
	for _, m := range c.modules {
		if m.EndBlock != nil {
			m.EndBlock(ctx, c.State)
		}
	}
	c.Context = ctx
	return verdicts
}

// Deliver makes a block of one transaction a second after the last.
func (c *Chain) Deliver(tx Tx) error { return c.Block(1000, tx)[0] }

// Check judges a transaction as if it stood in a block a second after the
// last, without making one.
func (c *Chain) Check(tx Tx) error {
	_, _, err := c.judge(c.Next(1000), tx)
	return err
}

// Object finds an object of an election's summary, nil if there is none.
func (c *Chain) Object(election [32]byte, name string) []byte {
	for _, m := range c.modules {
		if m.Summary == nil {
			continue
		}
		for _, o := range m.Summary(c.State, election) {
			if o.Name == name {
				return o.Bytes
			}
		}
	}
	return nil
}

func (c *Chain) judge(ctx ledger.Context, raw Tx) (*ledger.Tx, ledger.Demands, error) {
	h, ok := c.handlers[raw.Kind]
	if !ok {
		return nil, ledger.Demands{}, fmt.Errorf("unknown kind %d", raw.Kind)
	}
	if h.Signed != (raw.Signer != nil) {
		return nil, ledger.Demands{}, fmt.Errorf("%s: signed must be %v", h.Name, h.Signed)
	}
	if len(raw.Body) > h.MaxBytes {
		return nil, ledger.Demands{}, fmt.Errorf("%s: body of %d bytes is larger than %d", h.Name, len(raw.Body), h.MaxBytes)
	}
	message, err := h.Decode(raw.Body)
	if err != nil {
		return nil, ledger.Demands{}, fmt.Errorf("decode %s: %w", h.Name, err)
	}
	if raw.Raw == nil {
		raw.Raw = slices.Concat(ledger.U32(raw.Kind), raw.Signer, raw.Body)
	}
	tx := &ledger.Tx{Kind: raw.Kind, Signer: raw.Signer, Hash: sha256.Sum256(raw.Raw), Raw: raw.Raw, Message: message}
	if h.Validate != nil {
		if err := h.Validate(ctx, tx); err != nil {
			return nil, ledger.Demands{}, err
		}
	}
	demands, err := h.Precheck(ctx, c.State, tx)
	if err != nil {
		return nil, ledger.Demands{}, err
	}
	for _, check := range demands.Checks {
		if err := check.Fact.Verify(); err != nil {
			return nil, ledger.Demands{}, check.Refuse(err)
		}
	}
	return tx, demands, nil
}

func claim(claimed map[string]bool, used map[string]uint64, d ledger.Demands) error {
	for _, c := range d.Claims {
		if claimed[c] {
			return fmt.Errorf("%q: %w", c, ErrClaimed)
		}
	}
	for _, q := range d.Quotas {
		if used[q.Name] >= q.Left {
			return fmt.Errorf("%d left of %q: %w", q.Left, q.Name, ErrClaimed)
		}
	}
	for _, c := range d.Claims {
		claimed[c] = true
	}
	for _, q := range d.Quotas {
		used[q.Name]++
	}
	return nil
}
