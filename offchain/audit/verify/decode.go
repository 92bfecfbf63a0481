package verify

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// opened is a block whose transactions are decoded.
type opened struct {
	block *chain.Block
	hash  [32]byte
	data  [32]byte
	txs   []openedTx
}

// openedTx is a transaction and what is wrong with its bytes, if anything.
type openedTx struct {
	tx        *ledger.Tx
	rule      *rule
	signature fact
	err       error
}

// decodeAhead reads and decodes blocks up to last, with all cores for the
// transactions of one block; it returns errEnd, or what stopped it.
func decodeAhead(ctx context.Context, rec *record.Record, chainID string, last int64, workers int, out chan<- *opened) error {
	for block, err := range rec.Blocks() {
		if err != nil {
			return err
		}
		if block.Header.Height > last {
			return errEnd
		}
		b, err := open(block, chainID, workers)
		if err != nil {
			return err
		}
		select {
		case out <- b:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return errEnd
}

func open(block *chain.Block, chainID string, workers int) (*opened, error) {
	hash, err := chain.HeaderHash(&block.Header)
	if err != nil {
		return nil, err
	}
	b := &opened{block: block, hash: hash, data: chain.DataHash(block.Data.Txs), txs: make([]openedTx, len(block.Data.Txs))}
	var group errgroup.Group
	group.SetLimit(workers)
	const stretch = 32
	for from := 0; from < len(b.txs); from += stretch {
		group.Go(func() error {
			for i := from; i < min(from+stretch, len(b.txs)); i++ {
				b.txs[i] = openTx(block.Data.Txs[i], chainID)
			}
			return nil
		})
	}
	return b, group.Wait()
}

// openTx checks everything about a transaction that its bytes alone show.
func openTx(raw []byte, chainID string) openedTx {
	o := openedTx{tx: &ledger.Tx{Hash: envelope.Hash(raw), Raw: raw}}
	env, err := envelope.Decode(raw, chainID)
	if err != nil {
		o.err = refused(err)
		return o
	}
	o.tx.Kind = env.Kind
	r, ok := rules[env.Kind]
	switch {
	case !ok:
		o.err = breaks("tx/unknown-kind", "kind", "%d is no kind of transaction", env.Kind)
		return o
	case r.signed && len(env.Signer) == 0:
		o.err = breaks("tx/signer-missing", "signer", "%s needs a signer", r.name)
		return o
	case !r.signed && len(env.Signer) != 0:
		o.err = breaks("tx/signer-not-allowed", "signer", "%s has no signer", r.name)
		return o
	case len(env.Body) > r.maxBytes:
		o.err = breaks("tx/too-large", "body", "%d bytes, %s has at most %d", len(env.Body), r.name, r.maxBytes)
		return o
	}
	o.rule = r
	if r.signed {
		o.tx.Signer = env.Signer
		o.signature = envelope.NewSignatureFact(env)
	}
	if o.tx.Message, err = r.decode(env.Body); err != nil {
		o.err = refusedAs(r.check+"/malformed", "body", err)
		return o
	}
	if err := r.validate(o.tx); err != nil {
		o.err = refused(err)
	}
	return o
}

// refused turns a refusal of the modules' types into a broken rule.
func refused(err error) error { return refusedAs("tx/malformed", "transaction", err) }

func refusedAs(code, what string, err error) error {
	var r *ledger.Refusal
	if errors.As(err, &r) {
		return &broken{code: r.Code.Module + "/" + r.Code.Name, what: r.Field, why: r.Reason}
	}
	return &broken{code: code, what: what, why: err.Error()}
}
