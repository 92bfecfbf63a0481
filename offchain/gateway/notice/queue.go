package notice

import (
	"maps"
	"slices"
	"time"
)

// speedSamples is how many recent messages tell a channel's speed, and
// speedEnough how many must be known before it is called slow.
const (
	speedSamples = 16
	speedEnough  = 4
	// speedAge is how long a message tells anything about now.
	speedAge = 5 * time.Minute
	// downAfter is how many failures in a row make a channel count as down.
	downAfter = 3
)

// Counts are a channel's sums since the start, for metrics.
type Counts struct {
	Offered, Full   uint64 // taken into the queue, refused because it was full
	Sent, Delivered uint64 // taken by the provider, confirmed by a receipt
	Failed          map[Reason]uint64
	Attempts        uint64 // handed to the provider
}

func (c *Counts) fail(r Reason) {
	if c.Failed == nil {
		c.Failed = map[Reason]uint64{}
	}
	c.Failed[r]++
}

// sample is whether one message was slow.
type sample struct {
	at   time.Time
	slow bool
}

// queue is one channel. Its fields but the first three belong to Outbox.mu.
type queue struct {
	channel Channel
	sender  Sender
	ready   chan struct{} // tells one worker that waiting is not empty

	waiting  []*item   // first in, first out; a retry stands at the end
	open     int       // messages that no provider has, wherever they are
	oldest   time.Time // when the first of them was offered, as last swept
	failures int       // temporary ones in a row
	speed    []sample
	counts   Counts
}

func newQueue(ch Channel, s Sender) *queue {
	return &queue{channel: ch, sender: s, ready: make(chan struct{}, 1)}
}

// push puts a message at the end. It is called under Outbox.mu.
func (q *queue) push(it *item) {
	q.waiting = append(q.waiting, it)
	q.wake()
}

func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// pop takes the first message. It is called under Outbox.mu.
func (q *queue) pop() *item {
	if len(q.waiting) == 0 {
		return nil
	}
	it := q.waiting[0]
	q.waiting[0] = nil
	q.waiting = q.waiting[1:]
	if len(q.waiting) > 0 {
		q.wake()
	}
	return it
}

// judge counts a message once for the channel's speed: when its way has ended,
// or when it has taken too long. It is called under Outbox.mu.
func (q *queue) judge(it *item, now time.Time, slowAfter time.Duration) {
	if it.judged {
		return
	}
	it.judged = true
	q.speed = append(q.speed, sample{at: now, slow: now.Sub(it.offered) >= slowAfter})
	if len(q.speed) > speedSamples {
		q.speed = q.speed[1:]
	}
}

// slow says whether most of the recent messages took too long.
func (q *queue) slow(now time.Time) bool {
	slow, all := 0, 0
	for _, s := range q.speed {
		if now.Sub(s.at) <= speedAge {
			all++
			if s.slow {
				slow++
			}
		}
	}
	return all >= speedEnough && 2*slow > all
}

// compact lets go of messages that ended while they waited.
func (q *queue) compact() {
	q.waiting = slices.DeleteFunc(q.waiting, func(it *item) bool { return it.state.Phase != Queued })
}

// Health says how well a channel works now, so that a person can be told to
// choose another.
func (o *Outbox) Health(ch Channel) Health {
	q, ok := o.queues[ch]
	if !ok {
		return Health{}
	}
	var unreachable error
	if c, ok := q.sender.(Checker); ok {
		unreachable = c.Check()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.cfg.Now()
	h := Health{Condition: Good, Waiting: q.open, Capacity: o.cfg.Capacity}
	if q.open > 0 && !q.oldest.IsZero() {
		h.Oldest = max(0, now.Sub(q.oldest))
	}
	switch {
	case unreachable != nil || q.failures >= downAfter:
		h.Condition = Down
	case h.Oldest >= o.cfg.SlowAfter || q.slow(now) || q.open >= o.cfg.Capacity:
		h.Condition = Slow
	}
	return h
}

// Healthy returns the condition of every channel of this gateway.
func (o *Outbox) Healthy() map[Channel]Health {
	all := make(map[Channel]Health, len(o.queues))
	for ch := range o.queues {
		all[ch] = o.Health(ch)
	}
	return all
}

// Counts returns a channel's sums.
func (o *Outbox) Counts(ch Channel) Counts {
	q, ok := o.queues[ch]
	if !ok {
		return Counts{}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	c := q.counts
	c.Failed = maps.Clone(c.Failed)
	return c
}
