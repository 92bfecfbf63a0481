package applications

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
)

// ErrTerm: the term for which data are kept is not over.
var ErrTerm = errors.New("the term for which applications are kept is not over")

// Erase removes everything that is known of persons: applications, voter keys
// and the voter register. Counts remain. It may be repeated after a crash.
func (r *Register) Erase(ctx context.Context, actor string) error {
	err := r.db.Update(func(tx *database.Tx) error {
		s, err := r.state(tx)
		now := r.now().Truncate(time.Millisecond)
		switch {
		case err != nil:
			return err
		case !s.erased.IsZero():
			return r.act(tx, now, actor, "applications erase", "again")
		case now.Before(r.campaign.Erase):
			return fmt.Errorf("%w before %s", ErrTerm, r.campaign.Erase.In(r.campaign.Zone).Format(time.RFC3339))
		}
		return r.eraseBegin(tx, now, actor)
	})
	if err != nil {
		return fmt.Errorf("erase applications: %w", err)
	}
	for _, table := range []string{"enrolment", "application_event", "application_phone", "application"} {
		err := r.db.Update(func(tx *database.Tx) error {
			_, err := tx.Exec("DELETE FROM "+table+" WHERE campaign = ?", r.campaign.Name)
			return err
		})
		if err != nil {
			return fmt.Errorf("erase applications: %w", err)
		}
	}
	if err := r.electors.Forget(ctx); err != nil {
		return err
	}
	return r.db.Compact(ctx)
}

// eraseBegin keeps the counts and lets nobody in any more.
func (r *Register) eraseBegin(tx *database.Tx, now time.Time, actor string) error {
	counts, err := r.counts(tx)
	if err != nil {
		return err
	}
	for _, c := range counts {
		_, err := tx.Exec("INSERT INTO application_count (campaign, status, reason, n) VALUES (?, ?, ?, ?)", r.campaign.Name, c.Status, string(c.Reason), c.N)
		if err != nil {
			return fmt.Errorf("keep counts: %w", err)
		}
	}
	_, err = tx.Exec(`INSERT INTO application_campaign (campaign, last_number, formed_ms, erased_ms) VALUES (?, 0, 0, ?)
		ON CONFLICT (campaign) DO UPDATE SET erased_ms = excluded.erased_ms`, r.campaign.Name, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("mark campaign as erased: %w", err)
	}
	return r.act(tx, now, actor, "applications erase", "all data of persons")
}
