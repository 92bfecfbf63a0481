package notice

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Config is what an Outbox is made of.
type Config struct {
	// Senders by channel; a channel without one is absent.
	Senders map[Channel]Sender
	// Capacity is how many messages of a channel may wait.
	Capacity int
	// Workers is how many messages of a channel are handed over at once.
	Workers int
	// Retry is the wait after the first failure; it doubles to RetryMax.
	Retry, RetryMax time.Duration
	// SlowAfter is how long a message may take before its channel counts as slow.
	SlowAfter time.Duration
	// Keep is how long the state of a message is remembered after its last moment.
	Keep time.Duration
	// Now is the clock, and Random the source of tickets.
	Now    func() time.Time
	Random io.Reader
	// Log is told when a channel begins to fail and when it works again; nil
	// is told nothing.
	Log *slog.Logger
}

// Default is a configuration for a gateway, without senders, clock and
// randomness.
func Default() Config {
	return Config{
		Capacity: 10_000, Workers: 32,
		Retry: time.Second, RetryMax: 20 * time.Second,
		SlowAfter: 20 * time.Second, Keep: 5 * time.Minute,
	}
}

func (c Config) validate() error {
	switch {
	case c.Capacity < 1 || c.Workers < 1:
		return errors.New("make outbox: capacity and workers must be at least 1")
	case c.Retry <= 0 || c.RetryMax < c.Retry:
		return errors.New("make outbox: retry must be positive and at most retry_max")
	case c.SlowAfter <= 0 || c.Keep <= 0:
		return errors.New("make outbox: slow_after and keep must be positive")
	case c.Now == nil || c.Random == nil:
		return errors.New("make outbox: it needs a clock and randomness")
	}
	for ch, s := range c.Senders {
		if s == nil {
			return fmt.Errorf("make outbox: channel %v has no sender", ch)
		}
	}
	return nil
}

// Outbox is the queue of all channels.
type Outbox struct {
	cfg    Config
	queues map[Channel]*queue // never changes
	ctx    context.Context    // ends when the outbox stops trying
	cancel context.CancelFunc
	work   sync.WaitGroup // workers and the sweeper

	mu     sync.Mutex
	closed bool
	held   map[Ticket]*item // every message until Keep after its last moment
}

// item is one message. Its fields but the first three belong to Outbox.mu.
type item struct {
	ticket  Ticket
	offered time.Time
	until   time.Time
	message Message // emptied when no longer needed
	state   State
	receipt <-chan Outcome
	inHand  bool // a worker is sending it
	judged  bool // it has counted for the channel's speed
}

// New makes an outbox and starts its workers; Close ends them.
func New(cfg Config) (*Outbox, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	o := &Outbox{cfg: cfg, ctx: ctx, cancel: cancel, queues: map[Channel]*queue{}, held: map[Ticket]*item{}}
	for ch, sender := range cfg.Senders {
		q := newQueue(ch, sender)
		o.queues[ch] = q
		for range cfg.Workers {
			o.work.Go(func() { o.worker(q) })
		}
	}
	o.work.Go(o.sweep)
	return o, nil
}

// Offer takes a message into its channel's queue, or says at once why not:
// ErrFull, ErrAbsent, ErrClosed, or what is wrong with the message.
func (o *Outbox) Offer(m Message) (Ticket, error) {
	var t Ticket
	q, ok := o.queues[m.Channel]
	if !ok {
		return t, ErrAbsent
	}
	if err := check(m); err != nil {
		return t, err
	}
	if _, err := io.ReadFull(o.cfg.Random, t[:]); err != nil {
		return t, fmt.Errorf("offer message: draw ticket: %w", err)
	}
	now := o.cfg.Now()
	it := &item{ticket: t, offered: now, until: m.Until, message: m, state: State{Phase: Queued}}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
		return Ticket{}, ErrClosed
	case q.open >= o.cfg.Capacity:
		q.counts.Full++
		return Ticket{}, ErrFull
	}
	q.open++
	q.counts.Offered++
	o.held[t] = it
	q.push(it)
	return t, nil
}

func check(m Message) error {
	switch {
	case m.To == "":
		return errors.New("offer message: it has no recipient")
	case m.Text == "" || len(m.Text) > MaxText || len(m.Subject) > MaxText:
		return fmt.Errorf("offer message: its text must have 1 to %d bytes and its subject at most as many", MaxText)
	case m.Until.IsZero():
		return errors.New("offer message: it has no last moment (until)")
	}
	return nil
}

// State says what became of a message so far.
func (o *Outbox) State(t Ticket) State {
	o.mu.Lock()
	defer o.mu.Unlock()
	it, ok := o.held[t]
	if !ok {
		return State{}
	}
	o.settle(it)
	return it.state
}

// settle takes in a receipt that has come. It is called under mu.
func (o *Outbox) settle(it *item) {
	if it.state.Phase != Sent || it.receipt == nil {
		return
	}
	q := o.queues[it.message.Channel]
	select {
	case out := <-it.receipt:
		it.receipt = nil
		if out.Delivered {
			it.state.Phase = Delivered
			q.counts.Delivered++
		} else {
			it.state = State{Phase: Failed, Reason: out.Reason, Attempts: it.state.Attempts}
			q.counts.fail(out.Reason)
		}
		q.judge(it, o.cfg.Now(), o.cfg.SlowAfter)
	default:
	}
}

// Close takes no more messages, lets the queues empty until ctx ends, and then
// fails what still waits.
func (o *Outbox) Close(ctx context.Context) error {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	left := o.drain(ctx)
	o.cancel()
	o.work.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, it := range o.held {
		if it.state.Phase == Queued {
			o.finish(it, State{Phase: Failed, Reason: Stopped, Attempts: it.state.Attempts})
		}
	}
	if left > 0 {
		return fmt.Errorf("close outbox: %d messages were not sent", left)
	}
	return nil
}

// drain waits until nothing is queued, and returns how much still is.
func (o *Outbox) drain(ctx context.Context) int {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		left := 0
		o.mu.Lock()
		for _, q := range o.queues {
			left += q.open
		}
		o.mu.Unlock()
		if left == 0 {
			return 0
		}
		select {
		case <-ctx.Done():
			return left
		case <-tick.C:
		}
	}
}
