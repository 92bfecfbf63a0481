package otp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/notice"
)

// Sent says what a person may expect.
type Sent struct {
	Channel notice.Channel
	State   notice.State
	// Valid is how long the code lasts from now on, Resend when another may be
	// asked for.
	Valid, Resend time.Duration
}

// Send makes a code, stores its hash and hands the message to the outbox, by the
// channel and with a last moment of its own whatever compose says of them. The
// code before it is no code any more. Refusals: *WaitError, and those of the
// outbox, after which another code may be asked for at once.
func (d *Desk) Send(ctx context.Context, k Key, channel notice.Channel, compose func(digits string) notice.Message) (Sent, error) {
	if err := ctx.Err(); err != nil {
		return Sent{}, err
	}
	var digits string
	var now code
	var before *code
	err := d.cfg.Database.Update(func(tx *database.Tx) (err error) {
		digits, now, before, err = d.draw(rows{tx}, k, channel)
		return err
	})
	if err != nil {
		var wait *WaitError
		if errors.As(err, &wait) {
			return Sent{}, wait
		}
		return Sent{}, fmt.Errorf("send one-time code: %w", err)
	}
	m := compose(digits)
	m.Channel = channel
	m.Until = time.UnixMilli(now.sentMS).Add(Valid)
	ticket, err := d.cfg.Outbox.Offer(m)
	if err != nil {
		return Sent{}, errors.Join(err, d.undo(k, now, before))
	}
	d.counts.sent.Add(1)
	d.mu.Lock()
	d.tickets[k.Bound] = held{ticket: ticket, ends: m.Until}
	d.mu.Unlock()
	return Sent{Channel: channel, State: d.cfg.Outbox.State(ticket), Valid: Valid, Resend: Resend}, nil
}

// undo takes a code back that nobody will get.
func (d *Desk) undo(k Key, drawn code, before *code) error {
	err := d.cfg.Database.Update(func(tx *database.Tx) error {
		t := rows{tx}
		c, there, err := t.load(k.Owner)
		switch {
		case err != nil:
			return err
		case !there || c.mac != drawn.mac:
			return nil
		case before != nil:
			return t.save(k.Owner, *before)
		}
		return t.remove(k.Owner)
	})
	if err != nil {
		return fmt.Errorf("take one-time code back: %w", err)
	}
	return nil
}

// Last tells what became of the last message in a session, and when another may
// be asked for. State is unknown where another process sent it; false where no
// code was sent.
func (d *Desk) Last(ctx context.Context, k Key) (out Sent, there bool, err error) {
	var c code
	err = d.cfg.Database.View(ctx, func(tx *database.Tx) (err error) {
		c, there, err = rows{tx}.load(k.Owner)
		return err
	})
	if err != nil || !there || c.bound != k.Bound {
		return Sent{}, false, err
	}
	out.Channel, out.Resend = c.channel, d.wait(c)
	out.Valid = max(0, Valid-d.cfg.Now().Sub(time.UnixMilli(c.sentMS)))
	d.mu.Lock()
	h, ours := d.tickets[k.Bound]
	d.mu.Unlock()
	if ours {
		out.State = d.cfg.Outbox.State(h.ticket)
	}
	return out, true, nil
}

// keep is how long a code that is over is remembered, so that who types it late
// is told that it expired.
const keep = 30 * time.Minute

// Sweep deletes codes that have been over for a while.
func (d *Desk) Sweep(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := d.cfg.Now()
	d.mu.Lock()
	for bound, h := range d.tickets {
		if now.After(h.ends) {
			delete(d.tickets, bound)
		}
	}
	d.mu.Unlock()
	err := d.cfg.Database.Update(func(tx *database.Tx) error {
		_, err := tx.Exec("DELETE FROM one_time_code WHERE sent_ms <= ?", now.Add(-keep).UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("sweep one-time codes: %w", err)
	}
	return nil
}
