package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/testnet/load"
	"github.com/urna-vote/urna/testnet/stage"
)

// Multiples of the busiest five minutes of 2024 (160 ballots a second).
const (
	atPeak = 1
	atFive = 5
)

// Voters whose ballots a flood spoils.
const floodVoters = 200

// shares of the ballots of the network of four.
type shares struct {
	peak, five, fast, flood [2]int
	peakFor, fiveFor        time.Duration
	floodFor                time.Duration
}

// share divides n ballots: the peak for the whole length, five times the peak
// for as long as a third of the ballots last, a flood beside the peak for half
// the length, the rest as fast as possible.
func share(n int, length time.Duration) (s shares, err error) {
	peak, err := load.Peak(atPeak, time.Second)
	if err != nil {
		return s, err
	}
	rate := float64(peak.Count())
	limit := func(d time.Duration, most, rate float64) time.Duration {
		return min(d, time.Duration(most/rate*float64(time.Second)))
	}
	s.peakFor = limit(length, float64(n)/4, rate)
	s.fiveFor = limit(length, float64(n)/3, atFive*rate)
	s.floodFor = limit(length/2, float64(n)/8, rate)
	at := 0
	take := func(k int) [2]int { at += k; return [2]int{at - k, at} }
	s.peak = take(int(s.peakFor.Seconds() * rate))
	s.five = take(int(s.fiveFor.Seconds() * rate * atFive))
	s.flood = take(int(s.floodFor.Seconds() * rate))
	s.fast = take(n - at - floodVoters)
	if s.fast[0] >= s.fast[1] {
		return s, fmt.Errorf("%d ballots are too few for a network of four", n)
	}
	return s, nil
}

// four measures a network of four validators on this machine's cores: the curve
// of 2024 at its peak and five times it, as fast as possible, and a flood.
func (b *bench) four(ctx context.Context) (err error) {
	n := b.options.four
	s, err := share(n, b.options.length)
	if err != nil {
		return err
	}
	if err := b.floor(ctx, 4, "floor_tx_per_s_4v"); err != nil {
		return err
	}
	t, err := b.start(ctx, stage.Spec{Dir: b.path("four"), Validators: 4}, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.stop()) }()
	if _, err := t.open(ctx, n, 0); err != nil {
		return err
	}
	issued, err := t.issue(ctx, n)
	if err != nil {
		return err
	}
	b.results.set("issued_per_s_4v", round(issued.PerSecond))
	var errs []error
	for _, step := range []func(context.Context, shares) error{t.peak, t.five, t.flooded, t.fast} {
		if err := step(ctx, s); err != nil {
			errs = append(errs, err)
			b.say("%v", err)
		}
		if err := quiet(ctx, 2*time.Second); err != nil {
			return err
		}
	}
	return errors.Join(append(errs, b.floor(ctx, 4, "floor_tx_per_s_4v"))...)
}

func (t *trial) peak(ctx context.Context, s shares) error {
	return t.curve(ctx, "p95_s_peak", "the peak of 2024", atPeak, s.peak, s.peakFor)
}

func (t *trial) five(ctx context.Context, s shares) error {
	return t.curve(ctx, "p95_s_5x", "five times the peak of 2024", atFive, s.five, s.fiveFor)
}

// curve plays the busiest rate of the trace at a multiple.
func (t *trial) curve(ctx context.Context, key, what string, multiple float64, of [2]int, length time.Duration) error {
	schedule, err := load.Peak(multiple, length)
	if err != nil {
		return err
	}
	r, err := t.play(ctx, what, load.Play{List: &t.file.Ballots, From: of[0], To: of[1], Schedule: schedule, Sample: t.options.sample})
	t.results.put("runs", key, generic(r))
	if err != nil {
		return err
	}
	t.results.set(key, round(r.P95))
	t.results.set("lost_"+key[len("p95_s_"):], float64(r.Lost))
	t.results.set("doubled_"+key[len("p95_s_"):], float64(r.Doubled))
	return nil
}

// fast plays as fast as possible.
func (t *trial) fast(ctx context.Context, s shares) error {
	r, err := t.play(ctx, "four validators as fast as possible", load.Play{
		List: &t.file.Ballots, From: s.fast[0], To: s.fast[1], Length: t.options.length, Sample: t.options.sample, Wait: 3 * time.Minute,
	})
	t.results.put("runs", "accepted_4v", generic(r))
	if err != nil {
		return err
	}
	t.results.set("accepted_per_s_4v", round(r.PerSecond))
	return nil
}

// flooder is where a flood comes from: another address of this machine, so that
// nodes can tell it from the voters.
const flooder = "127.0.0.66"

// flooded plays good ballots at the peak's rate beside a flood of invalid ones.
func (t *trial) flooded(ctx context.Context, s shares) error {
	rate, n := t.options.flood, t.file.Ballots.Len()
	invalid, err := t.maker.Invalid(&t.file.Ballots, n-floodVoters, n, int(rate*s.floodFor.Seconds()))
	if err != nil {
		return err
	}
	schedule, err := load.Peak(atPeak, s.floodFor)
	if err != nil {
		return err
	}
	group, each := errgroup.WithContext(ctx)
	var bad, good load.Report
	group.Go(func() (err error) {
		bad, err = load.Play{
			Meter: t.meter, Nodes: t.network.Running(0), List: invalid, To: invalid.Len(), Schedule: load.Constant(rate, s.floodFor),
			Source: flooder, Flood: true,
		}.Run(each)
		return err
	})
	group.Go(func() (err error) {
		good, err = t.play(each, "good ballots in a flood", load.Play{List: &t.file.Ballots, From: s.flood[0], To: s.flood[1], Schedule: schedule})
		return err
	})
	err = group.Wait()
	// What nodes answered, not what was to be sent.
	handled := float64(bad.Refused+bad.Busy) / s.floodFor.Seconds()
	t.results.put("runs", "flood_good", generic(good))
	t.results.put("runs", "flood_bad", generic(bad))
	t.say("flood: %.0f invalid a second, %d refused %v, %d busy; %.2f %% of %d good ones in a block within 5 s", handled, bad.Refused, bad.Reasons, bad.Busy, 100*good.WithinFive, good.Sent)
	if err != nil {
		return err
	}
	t.results.set("flood_per_s", round(handled))
	t.results.set("flood_good_within_5s", round(good.WithinFive))
	if bad.InBlocks != 0 {
		return fmt.Errorf("flood: %d invalid ballots are in blocks", bad.InBlocks)
	}
	return nil
}
