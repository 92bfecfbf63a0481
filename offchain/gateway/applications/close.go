package applications

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/electors"
)

// ErrRegisterChanged: what was matched counts no more.
var ErrRegisterChanged = errors.New("form list: a voter register was imported meanwhile; start again")

// review of the accepted applications before the list is closed.
type review struct {
	// generation of the voter register that they were matched with.
	generation int64
	// styleOf gives the ballot style of a territory in this election.
	styleOf map[string]uint32
	// voters of this election.
	voters []Number
	// moved are those for whom the register has another territory now.
	moved map[Number]string
}

// review refuses what the list cannot be formed over, and only reads. Once the
// list is formed applications are not matched again.
func (r *Register) review(ctx context.Context, e Election) (*review, error) {
	p := &review{moved: map[Number]string{}}
	var formed bool
	err := r.db.View(ctx, func(tx *database.Tx) error {
		s, err := r.closable(tx, r.now())
		if err != nil {
			return err
		}
		formed = !s.formed.IsZero()
		p.generation, err = r.electors.Generation(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if p.styleOf, err = r.styles(ctx, e); err != nil {
		return nil, err
	}
	var unmatched []Number
	err = r.each(ctx, func(tx *database.Tx, c *record) error {
		territory := c.Territory
		if !formed {
			v, err := r.judge(tx, c)
			if err != nil {
				return err
			}
			if v.reason != "" {
				unmatched = append(unmatched, c.Number)
				return nil
			}
			if territory = v.territory.Code; territory != c.Territory {
				p.moved[c.Number] = territory
			}
		}
		if _, votes := p.styleOf[territory]; votes {
			p.voters = append(p.voters, c.Number)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(unmatched) > 0:
		return nil, &UndecidedError{Unmatched: unmatched}
	case len(p.voters) == 0:
		return nil, ErrEmpty
	}
	return p, nil
}

// closable gives the state of a campaign whose list is formed or may be.
func (r *Register) closable(tx *database.Tx, now time.Time) (state, error) {
	s, err := r.state(tx)
	switch {
	case err != nil:
		return s, err
	case !s.erased.IsZero():
		return s, ErrErased
	case !s.formed.IsZero():
		return s, nil
	case now.Before(r.campaign.Closes):
		return s, ErrStillOpen
	}
	var waiting int64
	if err := tx.Row("SELECT COUNT(*) FROM application WHERE campaign = ? AND status = ?", r.campaign.Name, Submitted).Scan(&waiting); err != nil {
		return s, fmt.Errorf("count applications that wait: %w", err)
	}
	if waiting > 0 {
		return s, &UndecidedError{Waiting: waiting}
	}
	return s, nil
}

// move notes the territory that a later voter register has for an elector.
func (r *Register) move(tx *database.Tx, n Number, territory string, now time.Time) error {
	found, err := r.records(tx, "number = ? AND status = ?", n, Accepted)
	if err != nil || len(found) == 0 {
		return err
	}
	found[0].Territory = territory
	return r.put(tx, found[0], Event{At: now, Status: Accepted, Fields: []electors.Field{electors.FieldTerritory}})
}

// close marks the campaign: from here on nobody can withdraw.
func (r *Register) close(actor string, election [32]byte, p *review) error {
	return r.db.Update(func(tx *database.Tx) error {
		now := r.now().Truncate(time.Millisecond)
		s, err := r.closable(tx, now)
		if err != nil {
			return err
		}
		if !s.formed.IsZero() {
			return r.act(tx, now, actor, "applications close", fmt.Sprintf("again, election %x", election))
		}
		if generation, err := r.electors.Generation(tx); err != nil {
			return err
		} else if generation != p.generation {
			return ErrRegisterChanged
		}
		if some, err := r.remains(tx, p.voters); err != nil {
			return err
		} else if !some {
			return ErrEmpty
		}
		for _, n := range slices.Sorted(maps.Keys(p.moved)) {
			if err := r.move(tx, n, p.moved[n], now); err != nil {
				return err
			}
		}
		_, err = tx.Exec(`INSERT INTO application_campaign (campaign, last_number, formed_ms, erased_ms) VALUES (?, 0, ?, 0)
			ON CONFLICT (campaign) DO UPDATE SET formed_ms = excluded.formed_ms`, r.campaign.Name, now.UnixMilli())
		if err != nil {
			return fmt.Errorf("close list: %w", err)
		}
		return r.act(tx, now, actor, "applications close", fmt.Sprintf("election %x", election))
	})
}

// remains says whether one of the voters did not withdraw since the review.
func (r *Register) remains(tx *database.Tx, voters []Number) (bool, error) {
	for _, n := range voters {
		var accepted int
		err := tx.Row("SELECT COUNT(*) FROM application WHERE campaign = ? AND number = ? AND status = ?", r.campaign.Name, n, Accepted).Scan(&accepted)
		if err != nil {
			return false, fmt.Errorf("count voters: %w", err)
		}
		if accepted > 0 {
			return true, nil
		}
	}
	return false, nil
}
