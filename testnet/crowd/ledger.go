package crowd

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/proto/api"
)

// Ledger is one node as many voters use it at once. It is a session.Ledger.
type Ledger struct {
	client *client.Client
	blocks *Blocks
	queue  chan submission
}

type submission struct {
	raw    []byte
	answer chan<- outcome
}

type outcome struct {
	submitted api.Submitted
	err       error
}

// lostAfter is how long a transaction may wait for its block until it is handed
// in again: the node that admitted it may have stopped.
const lostAfter = 8 * time.Second

// NewLedger hands transactions to a client's nodes. Run must run beside it.
func NewLedger(c *client.Client, blocks *Blocks) *Ledger {
	return &Ledger{client: c, blocks: blocks, queue: make(chan submission)}
}

// Run hands in what is queued, until the context ends.
func (l *Ledger) Run(ctx context.Context) {
	// While one batch is checked the next is gathered.
	places := make(chan struct{}, 2)
	for {
		batch := l.gather(ctx)
		if batch == nil {
			return
		}
		places <- struct{}{}
		go func() {
			defer func() { <-places }()
			l.send(ctx, batch)
		}()
	}
}

// gatherFor is how long a batch waits for company.
const gatherFor = 30 * time.Millisecond

func (l *Ledger) gather(ctx context.Context) (batch []submission) {
	var first submission
	select {
	case <-ctx.Done():
		return nil
	case first = <-l.queue:
	}
	batch, size := []submission{first}, len(first.raw)
	end := time.After(gatherFor)
	for len(batch) < client.MaxBatch/2 && size < client.MaxBatchBytes/2 {
		select {
		case next := <-l.queue:
			batch, size = append(batch, next), size+len(next.raw)
		case <-end:
			return batch
		case <-ctx.Done():
			return batch
		}
	}
	return batch
}

func (l *Ledger) send(ctx context.Context, batch []submission) {
	raws := make([][]byte, len(batch))
	for i, s := range batch {
		raws[i] = s.raw
	}
	answers, err := l.client.SubmitBatch(ctx, raws)
	for i, s := range batch {
		if err != nil {
			s.answer <- outcome{err: err}
			continue
		}
		s.answer <- outcome{submitted: answers[i]}
	}
}

// submit hands one transaction in, with others. A refusal is a *client.Refusal.
func (l *Ledger) submit(ctx context.Context, raw []byte) error {
	answer := make(chan outcome, 1)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case l.queue <- submission{raw, answer}:
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case o := <-answer:
		if o.err != nil {
			return o.err
		}
		if o.submitted.Code != 0 {
			return &client.Refusal{Submitted: o.submitted}
		}
		return nil
	}
}

// SubmitAndWait implements session.Ledger.
func (l *Ledger) SubmitAndWait(ctx context.Context, raw []byte) (int64, error) {
	hash := sha256.Sum256(raw)
	in := l.blocks.In(hash)
	for try := 1; ; try++ {
		err := l.submit(ctx, raw)
		wait := lostAfter
		if busy(err) {
			try, wait = try-1, again(err)
			err = nil
		}
		if err != nil {
			if try == 1 || !errors.Is(err, client.ErrRefused) {
				return 0, fmt.Errorf("submit transaction %x: %w", hash[:4], err)
			}
			// It may be refused because it is in a block already, or in the pool.
			wait = lostAfter / 4
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case height := <-in:
			return height, nil
		case <-time.After(wait):
			if err != nil {
				return 0, fmt.Errorf("submit transaction %x again: %w", hash[:4], err)
			}
		}
	}
}

// again is when a busy node asks to come again.
func again(err error) time.Duration {
	var r *client.Refusal
	if errors.As(err, &r) && r.RetryAfterMS > 0 {
		return time.Duration(r.RetryAfterMS) * time.Millisecond
	}
	return time.Second
}

// busy: the node asks to come again; it has not judged the transaction.
func busy(err error) bool {
	var r *client.Refusal
	return errors.As(err, &r) && r.Codespace == "node" && r.Retry
}

// WaitProvable implements session.Ledger: the block has a successor.
func (l *Ledger) WaitProvable(ctx context.Context, hash [32]byte) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case height := <-l.blocks.In(hash):
		return l.blocks.After(ctx, height)
	}
}

// EntryClaims implements session.ClaimLedger.
func (l *Ledger) EntryClaims(ctx context.Context, election, entry [32]byte) (*api.EntryClaims, error) {
	return l.client.EntryClaims(ctx, election, entry)
}

// Refused implements session.Ledger.
func (l *Ledger) Refused(err error) (refused, later bool) {
	var r *client.Refusal
	if !errors.As(err, &r) {
		return false, false
	}
	return true, r.Retry
}
