package main

import (
	"context"
	"fmt"
	"time"
)

// steps of a voter: a token and a ballot.
const steps = 2

// keepOpen has the commission extend the close, by its quorum and with a
// reason, whenever the voters would not be done in time, until leaveOpen.
func (d *demo) keepOpen(ctx context.Context, c *everybody) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- d.extendWhenDue(ctx, c) }()
	c.leaveOpen = func() error { cancel(); return <-done }
}

func (d *demo) extendWhenDue(ctx context.Context, c *everybody) error {
	began, all := time.Now(), int64(steps*len(d.voters))
	closes := time.UnixMilli(d.definition.Zones[0].ClosesMs)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
		took, n := time.Since(began), c.steps.Load()
		// Nobody is done yet: a guess, which is made better in time.
		left := time.Minute + time.Duration(all)*40*time.Millisecond
		if n > 0 {
			left = time.Duration(float64(took) / float64(n) * float64(all-n))
		}
		// A margin for the slow last ones and for the decision itself.
		const margin = 10 * time.Second
		if until := time.Until(closes); until > 2*margin || until > left+margin {
			continue
		}
		// Half of the time that seems to be missing: whoever is slow at first is
		// faster later, and nobody wants to wait at the end.
		later := time.Now().Add(margin + min(max(left/2, 2*margin), 2*time.Hour)).Truncate(time.Second)
		fmt.Fprintf(d.out, "        the commission moves the close to %s\n", later.Format(time.TimeOnly))
		err := d.decide(ctx, "propose", "extend-close", "--election", d.election(), "--zone", "0",
			"--closes", later.Format(time.RFC3339), "--reason", "voters are still casting")
		switch {
		case err == nil:
			closes = later
		case ctx.Err() == nil && time.Now().After(closes):
			return err
		}
	}
}
