package applications

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/electors"
	"github.com/urna-vote/urna/offchain/gateway/journal"
)

// submit writes an application as submitted, and its verdict if there is one.
func (r *Register) submit(tx *database.Tx, c *record, s state, now time.Time) error {
	c.Status, c.elector = Submitted, nil
	if err := r.put(tx, c, Event{At: now, Status: Submitted}); err != nil {
		return err
	}
	if r.late(s, now) {
		c.Status = Rejected
		return r.put(tx, c, Event{At: now, Status: Rejected, Reason: Late})
	}
	return r.decide(tx, c, now)
}

// decide judges a submitted application; without a voter register it stays one.
func (r *Register) decide(tx *database.Tx, c *record, now time.Time) error {
	v, err := r.judge(tx, c)
	if errors.Is(err, electors.ErrNoRegister) {
		return nil
	}
	if err != nil {
		return err
	}
	e := Event{At: now, Status: Rejected, Reason: v.reason, Fields: v.fields}
	if v.reason == "" {
		e.Status, c.elector, c.Territory = Accepted, v.elector, v.territory.Code
	}
	c.Status = e.Status
	return r.put(tx, c, e)
}

// verdict on an application; no reason is no fault.
type verdict struct {
	reason    Reason
	fields    []electors.Field
	elector   []byte
	territory electors.Territory
}

// judge compares an application with the rules and the voter register.
func (r *Register) judge(tx *database.Tx, c *record) (verdict, error) {
	if field, err := c.Check(); err != nil {
		return verdict{reason: Data, fields: []electors.Field{field}}, nil
	}
	if want := r.campaign.Citizenship; want != "" {
		if c.Citizenship == "" {
			return verdict{reason: Data, fields: []electors.Field{FieldCitizenship}}, nil
		}
		if c.Citizenship != want {
			return verdict{reason: Citizenship}, nil
		}
	}
	birth, err := electors.ParseDate(c.BirthDate)
	if err != nil || !r.campaign.adult(birth) {
		return verdict{reason: Age}, nil
	}
	m, err := r.electors.Match(tx, c.Person)
	if err != nil {
		return verdict{}, err
	}
	if !m.Found {
		v := verdict{reason: Data}
		// Who only claims to be a person must not learn from the register by trying.
		if c.Attested {
			v.fields = m.Differ
		}
		return v, nil
	}
	switch {
	case !m.Address:
		return verdict{reason: Residence}, nil
	case len(m.Territory.Styles) == 0:
		return verdict{reason: NoRemoteVoting}, nil
	}
	var others int
	err = tx.Row("SELECT COUNT(*) FROM application WHERE campaign = ? AND elector = ? AND status IN (1, 2) AND number <> ?", r.campaign.Name, m.Elector[:], c.Number).Scan(&others)
	if err != nil {
		return verdict{}, fmt.Errorf("look for an elector: %w", err)
	}
	if others > 0 {
		return verdict{reason: Duplicate}, nil
	}
	return verdict{elector: m.Elector[:], territory: m.Territory}, nil
}

// batch is how many applications one transaction changes.
const batch = 500

// Decided is what Decide did.
type Decided struct {
	Accepted int `json:"accepted"`
	Rejected int `json:"rejected"`
}

// Decide judges the applications that wait for the voter register.
func (r *Register) Decide(ctx context.Context, actor string) (Decided, error) {
	var all Decided
	from := Number(0)
	for {
		if err := ctx.Err(); err != nil {
			return all, err
		}
		var done Decided
		var last Number
		err := r.db.Update(func(tx *database.Tx) error {
			done, last = Decided{}, 0
			waiting, err := r.records(tx, "status = ? AND number > ? ORDER BY number LIMIT ?", Submitted, from, batch)
			if err != nil || len(waiting) == 0 {
				return err
			}
			now := r.now().Truncate(time.Millisecond)
			for _, c := range waiting {
				if err := r.decide(tx, c, now); err != nil {
					return err
				}
				switch last = c.Number; c.Status {
				case Accepted:
					done.Accepted++
				case Rejected:
					done.Rejected++
				}
			}
			return r.act(tx, now, actor, "applications decide", fmt.Sprintf("%d accepted, %d rejected", done.Accepted, done.Rejected))
		})
		if err != nil {
			return all, err
		}
		all.Accepted, all.Rejected = all.Accepted+done.Accepted, all.Rejected+done.Rejected
		if last == 0 {
			return all, nil
		}
		from = last
	}
}

// Reject refuses an application that is submitted or accepted, by hand.
func (r *Register) Reject(ctx context.Context, actor string, n Number, reason Reason) (*Application, error) {
	if reason != Technical && reason != Struck && reason != Data && reason != Residence {
		return nil, fmt.Errorf("reject application: reason %q is not one that staff decides", reason)
	}
	return r.change(ctx, func(tx *database.Tx, s state, now time.Time) (*record, error) {
		found, err := r.records(tx, "number = ?", n)
		switch {
		case err != nil:
			return nil, err
		case len(found) == 0 || (found[0].Status != Submitted && found[0].Status != Accepted):
			return nil, ErrNone
		case !s.formed.IsZero():
			return nil, ErrFormed
		}
		c := found[0]
		c.Status, c.elector = Rejected, nil
		if err := r.put(tx, c, Event{At: now, Status: Rejected, Reason: reason}); err != nil {
			return nil, err
		}
		return c, r.act(tx, now, actor, "applications reject", n.String()+" "+string(reason))
	})
}

// act notes in the journal what staff did.
func (r *Register) act(tx *database.Tx, now time.Time, actor, action, object string) error {
	return journal.Append(tx, journal.Entry{TimeMS: now.UnixMilli(), Actor: actor, Action: action, Object: r.campaign.Name + ": " + object})
}
