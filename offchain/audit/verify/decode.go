package verify

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// opened is a block whose transactions are decoded.
type opened struct {
	block *chain.Block
	bytes int64
	hash  [32]byte
	data  [32]byte
	txs   []openedTx
	// ready is closed when all this is there, or err.
	ready chan struct{}
	err   error
}

// openedTx is a transaction and what is wrong with its bytes, if anything.
type openedTx struct {
	tx        *ledger.Tx
	rule      *rule
	signature fact
	err       error
}

const (
	// aheadBytes of blocks are decoded before their turn; decoded they take
	// several times as much.
	aheadBytes = 8 << 20
	// aheadBlocks are read before their turn, however small.
	aheadBlocks = 64
)

// stream decodes blocks ahead of their turn: one goroutine reads, as many as
// there are workers decode, in any order, and the receiver gets them in order.
type stream struct {
	source Source
	// from and last are the heights that are wanted.
	from, last int64
	chainID    string
	workers    int
	// room is how many bytes may be ahead.
	room *semaphore.Weighted
	out  chan *opened
}

// run reads until the last height, errEnd, or says what stopped it.
func (s *stream) run(ctx context.Context) error {
	defer close(s.out)
	work := make(chan *opened, aheadBlocks)
	group, ctx := errgroup.WithContext(ctx)
	for range s.workers {
		group.Go(func() error {
			for b := range work {
				b.err = b.open(s.chainID)
				close(b.ready)
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(work)
		return s.read(ctx, work)
	})
	return group.Wait()
}

func (s *stream) read(ctx context.Context, work chan<- *opened) error {
	if s.from > s.last {
		return errEnd
	}
	for block, err := range s.source.BlocksFrom(ctx, s.from) {
		if err != nil {
			return err
		}
		if block.Header.Height > s.last {
			return errEnd
		}
		b := &opened{block: block, bytes: int64(block.Size()), ready: make(chan struct{})}
		if err := s.room.Acquire(ctx, b.weight()); err != nil {
			return context.Cause(ctx)
		}
		for _, to := range []chan<- *opened{work, s.out} {
			select {
			case to <- b:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	return errEnd
}

// weight is what a block takes of the room ahead.
func (b *opened) weight() int64 { return min(b.bytes, aheadBytes) }

// errEnd ends decoding without a fault.
var errEnd = errors.New("end of the record")

func (b *opened) open(chainID string) error {
	var err error
	if b.hash, err = chain.HeaderHash(&b.block.Header); err != nil {
		return err
	}
	b.data, b.txs = chain.DataHash(b.block.Data.Txs), make([]openedTx, len(b.block.Data.Txs))
	for i, raw := range b.block.Data.Txs {
		b.txs[i] = openTx(raw, chainID)
	}
	return nil
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
