package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/voter/receipt"
)

// sampler fetches receipts of some ballots as their voters would, as soon as the
// meter says that they verify, and verifies each whole.
type sampler struct {
	run   *Run
	meter *Meter
	list  *List
	from  int
	most  int
	// after is how much later than the meter said, total from the due time.
	after, total []float64
}

// work looks every tenth of a second for ballots that have just become done.
func (s *sampler) work(ctx context.Context) error {
	every := max(1, len(s.run.state)/s.most)
	asked := make([]bool, len(s.run.state)/every+1)
	for {
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return nil
		}
		for k := range asked {
			i := k * every
			if asked[k] || i >= len(s.run.state) {
				continue
			}
			s.run.mu.Lock()
			state, verified, planned := s.run.state[i], s.run.verified[i], s.run.planned[i]
			s.run.mu.Unlock()
			if state != done {
				continue
			}
			asked[k] = true
			if err := s.verify(ctx, i, verified, planned); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return err
			}
		}
	}
}

func (s *sampler) verify(ctx context.Context, i int, verified, planned time.Duration) error {
	asked := s.meter.Now()
	raw, err := s.list.Read(s.from + i)
	if err != nil {
		return err
	}
	got, _, err := s.meter.client.Receipt(ctx, s.list.Hash(s.from+i))
	if errors.Is(err, client.ErrUnavailable) {
		return nil // the node is stopped; the sample has one less
	}
	if err != nil {
		return fmt.Errorf("sample: receipt of ballot %d: %w", i, err)
	}
	if _, err := receipt.Verify(s.meter.client.Trust(), got, raw); err != nil {
		return fmt.Errorf("sample: ballot %d: %w", i, err)
	}
	// The sampler's own turn to ask is not the voter's wait.
	took := s.meter.Now() - asked
	s.after = append(s.after, took.Seconds())
	s.total = append(s.total, (verified + took - planned).Seconds())
	return nil
}

// into puts the sample into a report; the work has ended.
func (s *sampler) into(r *Report) {
	slices.Sort(s.after)
	slices.Sort(s.total)
	r.Receipts = len(s.after)
	r.ReceiptAfter, r.ReceiptP95 = Quantile(s.after, 0.5), Quantile(s.total, 0.95)
}
