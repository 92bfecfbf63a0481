package load

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// Play is how transactions are handed in.
type Play struct {
	Meter *Meter
	// Nodes are base addresses; batches take turns over them.
	Nodes []string
	List  *List
	// From and To are the voters whose transactions are played.
	From, To int
	// Schedule of due times. Without one it goes as fast as possible, for at
	// most Length if that is not 0.
	Schedule Schedule
	Length   time.Duration
	// Outstanding bounds, as fast as possible, those that are in no block yet.
	Outstanding int
	// Tick is how long transactions wait for company in a batch; 10 ms if 0.
	Tick time.Duration
	// Connections to each node; 16 if 0, so that what is on its way does not bound
	// what a node can do.
	Connections int
	// Source is the local address to dial from, "" for any.
	Source string
	// Sample is how many receipts are fetched and verified whole; 0 for none.
	Sample int
	// Wait for what is not in a block at the end; 60 s if 0.
	Wait time.Duration
	// Tell is called every second, with how many are sent and in blocks.
	Tell func(sent, inBlocks int)
	// Flood makes it a flood: what is sent is expected to be refused, and
	// nothing is waited for or sent again.
	Flood bool
}

// Bounds of one request.
const (
	maxBatch      = 250
	maxBatchBytes = 1 << 20
)

// resendAfter is how long an admitted transaction may be in no block until it
// is handed in again, to another node.
const resendAfter = 15 * time.Second

// batch for one node.
type batch struct {
	of    []int
	delay time.Duration
}

// player is a play at work.
type player struct {
	Play
	run    *Run
	begun  time.Duration
	queues []chan batch
	again  chan batch
	pace   pace
}

// Run plays and reports. It returns when everything sent is in a block, refused,
// or was waited for in vain.
func (p Play) Run(ctx context.Context) (Report, error) {
	if p.From < 0 || p.To > p.List.Len() || p.From >= p.To {
		return Report{}, fmt.Errorf("play: voters %d to %d of %d", p.From, p.To, p.List.Len())
	}
	if len(p.Nodes) == 0 {
		return Report{}, errors.New("play: no node runs: its log says why")
	}
	if p.Tick <= 0 {
		p.Tick = 10 * time.Millisecond
	}
	if p.Connections <= 0 {
		p.Connections = 16
	}
	if p.Outstanding <= 0 {
		p.Outstanding = 15_000
	}
	if p.Wait <= 0 {
		p.Wait = time.Minute
	}
	hashes := make([][32]byte, p.To-p.From)
	for i := range hashes {
		hashes[i] = p.List.Hash(p.From + i)
	}
	w := &player{Play: p, run: newRun(hashes), again: make(chan batch, 1<<16), pace: pace{most: p.Outstanding, now: p.Outstanding}}
	w.Meter.attach(w.run)
	defer w.Meter.detach(w.run)
	return w.play(ctx)
}

func (p *player) play(ctx context.Context) (Report, error) {
	work, stop := context.WithCancel(ctx)
	defer stop()
	group, work := errgroup.WithContext(work)
	for _, url := range p.Nodes {
		queue := make(chan batch, 1<<12)
		p.queues = append(p.queues, queue)
		sender := newSender(url, p.Source, p.Connections)
		for range p.Connections {
			group.Go(func() error { return p.serve(work, sender, queue) })
		}
	}
	var sample sampler
	if p.Sample > 0 {
		sample.run, sample.meter, sample.list, sample.from, sample.most = p.run, p.Meter, p.List, p.From, p.Sample
		group.Go(func() error { return sample.work(work) })
	}
	p.begun = p.Meter.Now()
	err := p.dispatch(work)
	if err == nil {
		err = p.settle(work, time.Now().Add(p.Wait))
	}
	stop()
	if ended := group.Wait(); ended != nil && !errors.Is(ended, context.Canceled) {
		err = ended
	}
	if err != nil {
		return Report{}, fmt.Errorf("play: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return Report{}, err
	}
	out := p.run.report(func(i int) int { return p.List.Size(p.From + i) }, p.Meter.Blocks(p.begun))
	sample.into(&out)
	return out, nil
}

// dispatch hands out what is due, tick by tick, until all is or time is up.
func (p *player) dispatch(ctx context.Context) error {
	tick := time.NewTicker(p.Tick)
	defer tick.Stop()
	total, next, node := p.To-p.From, 0, 0
	told := time.Now()
	for next < total {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		now := p.Meter.Now() - p.begun
		due, over := p.due(now, next, total)
		for next < due {
			b, more := p.gather(next, due)
			if p.Schedule != nil {
				for _, i := range b.of {
					p.run.sending(i, p.begun+p.Schedule.At(i), p.Meter.Now())
				}
			} else {
				for _, i := range b.of {
					at := p.Meter.Now()
					p.run.sending(i, at, at)
				}
			}
			next = more
			if err := p.queue(ctx, node, b); err != nil {
				return err
			}
			node++
		}
		if err := p.repeat(ctx); err != nil {
			return err
		}
		if p.Tell != nil && time.Since(told) > time.Second {
			told = time.Now()
			_, in, _ := p.run.counts()
			p.Tell(next, in)
		}
		if over {
			break
		}
	}
	return nil
}

// due is the number of the first transaction that is not due yet.
func (p *player) due(now time.Duration, next, total int) (due int, over bool) {
	if p.Schedule != nil {
		return min(total, p.Schedule.Due(now)), now >= p.Schedule.Length()
	}
	if p.Length > 0 && now >= p.Length {
		return next, true
	}
	open, _, _ := p.run.counts()
	return min(total, next+max(0, p.pace.window(now)-open)), false
}

// gather takes the next batch: all that is due, shared out over the nodes.
func (p *player) gather(next, due int) (b batch, more int) {
	share := max(1, (due-next+len(p.Nodes)-1)/len(p.Nodes))
	size := 0
	for more = next; more < due && len(b.of) < min(maxBatch, max(share, 16)); more++ {
		if size += p.List.Size(p.From + more); size > maxBatchBytes && len(b.of) > 0 {
			break
		}
		b.of = append(b.of, more)
	}
	return b, more
}

func (p *player) queue(ctx context.Context, node int, b batch) error {
	select {
	case p.queues[node%len(p.queues)] <- b:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// repeat hands in again what nodes were too busy for, when its time has come.
func (p *player) repeat(ctx context.Context) error {
	for range len(p.again) {
		b := <-p.again
		if p.Meter.Now() < b.delay {
			p.again <- b
			continue
		}
		for _, i := range b.of {
			p.run.sending(i, 0, p.Meter.Now())
		}
		// Another node than the first one: any will do.
		if err := p.queue(ctx, b.of[0]+int(b.delay/time.Second), b); err != nil {
			return err
		}
	}
	return nil
}

// settle waits for what is open, and hands in again what waits too long.
func (p *player) settle(ctx context.Context, until time.Time) error {
	if p.Flood {
		return nil
	}
	looked := time.Now()
	for time.Now().Before(until) {
		open, in, proved := p.run.counts()
		if open == 0 && in == proved {
			return nil
		}
		if err := p.repeat(ctx); err != nil {
			return err
		}
		if time.Since(looked) > time.Second {
			looked = time.Now()
			late := p.run.overdue(p.Meter.Now() - resendAfter)
			for len(late) > 0 {
				n := min(len(late), maxBatch)
				p.again <- batch{of: late[:n]}
				late = late[n:]
			}
		}
		if err := p.Meter.wait(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// serve sends a node's batches over one connection.
func (p *player) serve(ctx context.Context, s *sender, queue <-chan batch) error {
	for {
		var b batch
		select {
		case <-ctx.Done():
			return nil
		case b = <-queue:
		}
		raws := make([][]byte, len(b.of))
		for j, i := range b.of {
			raw, err := p.List.Read(p.From + i)
			if err != nil {
				return err
			}
			raws[j] = raw
		}
		answers, wait, err := s.send(ctx, raws)
		if ctx.Err() != nil {
			return nil
		}
		later := batch{delay: p.Meter.Now() + wait}
		if err != nil {
			// The node stopped or is overloaded: as if every one were told so.
			p.run.broken(len(b.of))
			later.of = b.of
		}
		if anyAgain(answers) || err != nil {
			p.pace.busy(p.Meter.Now()-p.begun, p.run)
		}
		for j, a := range answers {
			p.run.answered(b.of[j], a.reason, a.again)
			if a.again {
				later.of = append(later.of, b.of[j])
			}
		}
		if len(later.of) > 0 && !p.Flood {
			p.again <- later
		}
	}
}

// anyAgain: the node asks to come again with some.
func anyAgain(answers []verdict) bool {
	for _, a := range answers {
		if a.again {
			return true
		}
	}
	return false
}

// broken notes a request that came to nothing.
func (r *Run) broken(int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed++
}
