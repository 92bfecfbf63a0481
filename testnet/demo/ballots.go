package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/voter/receipt"
	"github.com/urna-vote/urna/offchain/voter/session"
)

// One voter in so many casts something else first; the first ones, so that
// nobody waits for them at the end.
const recastEvery = 20

// castBallots lets everybody vote through all nodes; a validator is killed on
// the way and comes back; attempts that must be refused are made.
func (d *demo) castBallots(ctx context.Context) error {
	c := d.everybody
	if err := d.tryBefore(ctx, c); err != nil {
		return err
	}
	if err := d.tryRecast(ctx, c, d.voters[0]); err != nil {
		return err
	}
	progress := d.progress("ballots", len(d.voters))
	defer progress.Done()
	var cast atomic.Int64
	victim := 2
	var outage sync.WaitGroup
	var restarted error
	err := each(ctx, 0, len(d.voters), func() {
		progress.Add(1)
		c.steps.Add(1)
		switch n := cast.Add(1); int(n) {
		case len(d.voters) * 2 / 5:
			fmt.Fprintf(d.out, "        %s is killed with -9\n", d.network.Node(victim).Name)
			outage.Go(func() { restarted = d.outage(ctx, victim) })
		}
	}, func(ctx context.Context, i int) error { return d.vote(ctx, c, i) })
	outage.Wait()
	if err := errors.Join(err, restarted); err != nil {
		return err
	}
	d.meanBytes()
	return errors.Join(d.tryAfter(ctx, c), c.leaveOpen())
}

// vote casts one voter's ballot; some cast another one before it.
func (d *demo) vote(ctx context.Context, c *everybody, i int) error {
	v := d.voters[i]
	s, err := c.session(ctx, i)
	if err != nil {
		return err
	}
	if i <= len(d.voters)/recastEvery {
		if len(v.casts) == 0 {
			if err := d.castOther(ctx, s, i); err != nil {
				return err
			}
		}
		if err := d.recastLater(ctx); err != nil {
			return err
		}
	}
	return d.castOne(ctx, s, v, v.Choices)
}

// castOther casts what the voter does not want in the end.
func (d *demo) castOther(ctx context.Context, s *session.Session, i int) error {
	v := d.voters[i]
	return d.castOne(ctx, s, v, d.electorate.OtherChoice(seeded(d.options.seed, uint64(i)), v.Style))
}

// recastLater waits until the election allows another ballot: its interval is
// block time, which is a little behind.
func (d *demo) recastLater(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(d.definition.Revote.IntervalMs)*time.Millisecond + 2*time.Second):
		return nil
	}
}

func (d *demo) castOne(ctx context.Context, s *session.Session, v *voter, choices [][]int) error {
	cast, err := s.Cast(ctx, scores(d.electorate, v.Style, choices))
	for tries := 0; err != nil && tries < 20; tries++ {
		// "Too early" is a matter of block time; everything else is a failure.
		var refusal *client.Refusal
		if !errors.As(err, &refusal) || refusal.Name != "recast-too-early" {
			return err
		}
		if err := d.recastLater(ctx); err != nil {
			return err
		}
		cast, err = s.Resume(ctx)
	}
	if err != nil {
		return err
	}
	v.casts = append(v.casts, cast.Raw)
	return nil
}

// outage kills a validator and brings it back.
func (d *demo) outage(ctx context.Context, victim int) error {
	if err := d.network.Kill9(victim); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(3 * time.Second):
	}
	if err := d.network.Restart(ctx, victim); err != nil {
		return fmt.Errorf("restart %s: %w", d.network.Node(victim).Name, err)
	}
	fmt.Fprintf(d.out, "        %s is back\n", d.network.Node(victim).Name)
	return nil
}

func (d *demo) meanBytes() {
	total, n := 0, 0
	for _, v := range d.voters {
		for _, raw := range v.casts {
			total += len(raw)
			n++
		}
	}
	if n > 0 {
		d.summary.TxBytesMean = math.Round(float64(total)/float64(n)*10) / 10
	}
}

// checkReceipts fetches every voter's receipt for the ballot that counts and
// checks it as a file, offline: the genesis and the ballot are all it needs.
func (d *demo) checkReceipts(ctx context.Context) error {
	c := d.everybody
	progress := d.progress("receipts", len(d.voters))
	defer progress.Done()
	var checked atomic.Int64
	err := each(ctx, 0, len(d.voters), func() { progress.Add(1) }, func(ctx context.Context, i int) error {
		raw := d.voters[i].casts[len(d.voters[i].casts)-1]
		got, _, err := c.clients[i%len(c.clients)].Receipt(ctx, sha(raw))
		if err != nil {
			return err
		}
		file, err := receipt.Encode(got)
		if err != nil {
			return err
		}
		parsed, err := receipt.Parse(file)
		if err != nil {
			return err
		}
		if _, err := receipt.Verify(d.trust, parsed, raw); err != nil {
			return err
		}
		checked.Add(1)
		return nil
	})
	d.summary.ReceiptsChecked = int(checked.Load())
	return err
}
