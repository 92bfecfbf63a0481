package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/people"
	"github.com/urna-vote/urna/offchain/gateway/rounds"
)

// How notices of endorsement are sent. A lease is longer than a message may wait,
// so that no other replica sends it meanwhile.
const (
	tellValid = 4 * time.Minute
	tellLease = 5 * time.Minute
	tellAgain = time.Minute
	// tellTries is how often a provider may refuse a person's addresses.
	tellTries = 5
	tellBatch = 64
)

// Mailer is the outbox as a Teller uses it.
type Mailer interface {
	Offer(m notice.Message) (notice.Ticket, error)
	State(t notice.Ticket) notice.State
	Health(ch notice.Channel) notice.Health
}

// Teller tells people that a token was endorsed for them, by another channel
// than the code's where there is one. What is to be told stands in the database
// until a provider has taken it: a crash delays a notice and loses none.
type Teller struct {
	db     *database.DB
	people *people.Store
	outbox Mailer
	name   string
	now    func() time.Time
	// sent waits for an outcome; only the goroutine of Run or Tell uses it.
	sent map[telling]notice.Ticket
}

// telling is one person to be told.
type telling struct{ election, entry [32]byte }

// NewTeller makes a teller of the issuer with that name.
func NewTeller(db *database.DB, people *people.Store, outbox Mailer, name string, now func() time.Time) *Teller {
	return &Teller{db: db, people: people, outbox: outbox, name: name, now: now, sent: map[telling]notice.Ticket{}}
}

// Run tells until the context ends; failed gets errors of the database.
func (t *Teller) Run(ctx context.Context, every time.Duration, failed func(error)) {
	rounds.Every(ctx, every, t.Tell, failed)
}

// Tell does what is to be done now: takes in what became of messages, and sends
// the next.
func (t *Teller) Tell(ctx context.Context) error {
	for who, ticket := range t.sent {
		state := t.outbox.State(ticket)
		if state.Phase == notice.Queued {
			continue
		}
		delete(t.sent, who)
		if err := t.settle(who, outcomeOf(state)); err != nil {
			return err
		}
	}
	due, err := t.lease()
	if err != nil {
		return err
	}
	for _, d := range due {
		if err := t.send(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// outcome of telling a person once.
type outcome int

const (
	told outcome = iota
	// refused: the address is no good; it counts as a try.
	refused
	// later: the channel did not work; it is tried for as long as it takes.
	later
)

func outcomeOf(s notice.State) outcome {
	switch {
	case s.Phase == notice.Sent || s.Phase == notice.Delivered:
		return told
	case s.Phase == notice.Failed && (s.Reason == notice.BadAddress || s.Reason == notice.Rejected || s.Reason == notice.Undelivered):
		return refused
	}
	return later
}

func (t *Teller) settle(who telling, o outcome) error {
	again := t.now().Add(tellAgain).UnixMilli()
	err := t.db.Update(func(tx *database.Tx) (err error) {
		switch o {
		case told:
			_, err = tx.Exec("DELETE FROM endorsed_notice WHERE election = ? AND entry = ?", who.election[:], who.entry[:])
		case refused:
			if _, err = tx.Exec("UPDATE endorsed_notice SET tries = tries + 1, lease_ms = 0 WHERE election = ? AND entry = ?", who.election[:], who.entry[:]); err != nil {
				return err
			}
			_, err = tx.Exec("DELETE FROM endorsed_notice WHERE election = ? AND entry = ? AND tries >= ?", who.election[:], who.entry[:], tellTries)
		case later:
			_, err = tx.Exec("UPDATE endorsed_notice SET lease_ms = ? WHERE election = ? AND entry = ?", again, who.election[:], who.entry[:])
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("settle notice: %w", err)
	}
	return nil
}

type due struct {
	telling
	channel notice.Channel
	tries   int
}

// lease takes notices that nobody else is sending.
func (t *Teller) lease() (list []due, err error) {
	if t.crowded() {
		return nil, nil
	}
	now := t.now()
	err = t.db.Update(func(tx *database.Tx) error {
		list = nil
		rows, err := tx.Rows("SELECT election, entry, channel, tries FROM endorsed_notice WHERE lease_ms <= ? LIMIT ?", now.UnixMilli(), tellBatch)
		if err != nil {
			return err
		}
		for rows.Next() {
			var d due
			var election, entry []byte
			if err := rows.Scan(&election, &entry, &d.channel, &d.tries); err != nil {
				return errors.Join(err, rows.Close())
			}
			copy(d.election[:], election)
			copy(d.entry[:], entry)
			list = append(list, d)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, d := range list {
			if _, err := tx.Exec("UPDATE endorsed_notice SET lease_ms = ? WHERE election = ? AND entry = ?",
				now.Add(tellLease).UnixMilli(), d.election[:], d.entry[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("take notices: %w", err)
	}
	return list, nil
}

// crowded: codes go first. Notices wait while a queue is more than half full.
func (t *Teller) crowded() bool {
	return slices.ContainsFunc(notice.Channels(), func(ch notice.Channel) bool {
		h := t.outbox.Health(ch)
		return h.Condition != notice.Absent && 2*h.Waiting > h.Capacity
	})
}

func (t *Teller) send(ctx context.Context, d due) error {
	p, there, err := t.people.Of(ctx, d.election, d.entry)
	if err != nil {
		return fmt.Errorf("find whom to tell: %w", err)
	}
	if !there {
		return t.settle(d.telling, told)
	}
	m := EndorsedMessage(p, t.channel(p, d), t.name)
	m.Until = t.now().Add(tellValid)
	ticket, err := t.outbox.Offer(m)
	if err != nil {
		return t.settle(d.telling, later)
	}
	t.sent[d.telling] = ticket
	return nil
}

// channel other than the code's where the person has one; the next in turn where
// a provider refused, and one that works rather than one that does not.
func (t *Teller) channel(p people.Person, d due) notice.Channel {
	var best, code, down []notice.Channel
	for _, ch := range Reachable(p) {
		switch condition := t.outbox.Health(ch).Condition; {
		case condition == notice.Absent:
		case condition == notice.Down:
			down = append(down, ch)
		case ch == d.channel:
			code = append(code, ch)
		default:
			best = append(best, ch)
		}
	}
	all := slices.Concat(best, code, down)
	if len(all) == 0 {
		return d.channel
	}
	return all[d.tries%len(all)]
}
