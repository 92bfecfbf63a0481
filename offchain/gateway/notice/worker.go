package notice

import (
	"context"
	"errors"
	"time"
)

// worker hands over one message after another.
func (o *Outbox) worker(q *queue) {
	for {
		select {
		case <-o.ctx.Done():
			return
		case <-q.ready:
		}
		for o.ctx.Err() == nil {
			o.mu.Lock()
			it := q.pop()
			o.mu.Unlock()
			if it == nil {
				break
			}
			o.attempt(q, it)
		}
	}
}

// attempt hands a message over once, if its last moment has not come.
func (o *Outbox) attempt(q *queue, it *item) {
	o.mu.Lock()
	left := it.until.Sub(o.cfg.Now())
	if it.state.Phase != Queued || left <= 0 {
		o.expire(it)
		o.mu.Unlock()
		return
	}
	m := it.message
	it.state.Attempts++
	it.inHand = true
	q.counts.Attempts++
	o.mu.Unlock()

	ctx, cancel := context.WithTimeout(o.ctx, left)
	delivery, err := q.sender.Send(ctx, m)
	cancel()

	o.mu.Lock()
	defer o.mu.Unlock()
	it.inHand = false
	var refusal *Refusal
	switch {
	case err == nil:
		o.works(q)
		q.counts.Sent++
		it.receipt = delivery.Receipt
		o.finish(it, State{Phase: Sent, Attempts: it.state.Attempts})
		if it.receipt == nil {
			q.judge(it, o.cfg.Now(), o.cfg.SlowAfter)
		}
	case errors.As(err, &refusal):
		// The provider works: it has an opinion.
		o.works(q)
		o.finish(it, State{Phase: Failed, Reason: refusal.Reason, Attempts: it.state.Attempts})
	default:
		// Once for each row of failures: the log is no list of messages.
		if q.failures++; q.failures == downAfter {
			o.cfg.Log.Warn("messages are not taken", "channel", q.channel, "error", err)
		}
		o.again(q, it)
	}
}

// works ends a row of failures.
func (o *Outbox) works(q *queue) {
	if q.failures >= downAfter {
		o.cfg.Log.Info("messages are taken again", "channel", q.channel)
	}
	q.failures = 0
}

// again puts a message back after a wait, unless that would be too late.
func (o *Outbox) again(q *queue, it *item) {
	wait := o.cfg.Retry
	for i := 1; i < it.state.Attempts && wait < o.cfg.RetryMax; i++ {
		wait *= 2
	}
	wait = min(wait, o.cfg.RetryMax)
	if !o.cfg.Now().Add(wait).Before(it.until) {
		o.expire(it)
		return
	}
	time.AfterFunc(wait, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if it.state.Phase == Queued {
			q.push(it)
		}
	})
}

func (o *Outbox) expire(it *item) {
	if it.state.Phase == Queued {
		o.queues[it.message.Channel].judge(it, o.cfg.Now(), 0)
		o.finish(it, State{Phase: Failed, Reason: Expired, Attempts: it.state.Attempts})
	}
}

// finish ends a message's time in the queue and forgets whom it was for and what
// it said. It is called under mu.
func (o *Outbox) finish(it *item, s State) {
	q := o.queues[it.message.Channel]
	q.open--
	if s.Phase == Failed {
		q.counts.fail(s.Reason)
	}
	it.state = s
	it.message = Message{Channel: q.channel}
}

// sweep takes in receipts nobody asked about, fails what waits beyond its last
// moment, and forgets what ended long ago.
func (o *Outbox) sweep() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-o.ctx.Done():
			return
		case <-tick.C:
			o.sweepOnce()
		}
	}
}

func (o *Outbox) sweepOnce() {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.cfg.Now()
	for _, q := range o.queues {
		q.compact()
		q.oldest = time.Time{}
	}
	for t, it := range o.held {
		q := o.queues[it.message.Channel]
		o.settle(it)
		if it.state.Phase == Sent && now.Sub(it.offered) >= o.cfg.SlowAfter {
			q.judge(it, now, o.cfg.SlowAfter)
		}
		if it.state.Phase == Queued && !now.Before(it.until) && !it.inHand {
			o.expire(it)
		}
		if it.state.Phase == Queued && (q.oldest.IsZero() || it.offered.Before(q.oldest)) {
			q.oldest = it.offered
		}
		if it.state.Phase != Queued && now.Sub(it.until) >= o.cfg.Keep {
			delete(o.held, t)
		}
	}
}
