package applications

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/slip"
)

// ErrNoSlip: the list is not formed yet, or the account is not in it for this
// election.
var ErrNoSlip = errors.New("there is no slip: the list is not formed yet, or the application is not in it")

// Slip of an account for an election.
func (r *Register) Slip(ctx context.Context, subject string, election [32]byte) (s *slip.Slip, err error) {
	err = r.db.View(ctx, func(tx *database.Tx) error {
		c, err := r.latest(tx, subject)
		if err != nil {
			return err
		}
		if c == nil || c.Status != Accepted {
			return ErrNoSlip
		}
		s, err = r.readSlip(tx, election, c.Number)
		return err
	})
	return s, err
}

func (r *Register) readSlip(tx *database.Tx, election [32]byte, n Number) (*slip.Slip, error) {
	var b []byte
	err := tx.Row("SELECT sealed FROM enrolment WHERE campaign = ? AND election = ? AND number = ?", r.campaign.Name, election[:], n).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNoSlip
	}
	if err != nil {
		return nil, fmt.Errorf("read slip: %w", err)
	}
	plain, err := r.key.Open(slipPurpose, r.slipID(election, n), b)
	if err != nil {
		return nil, fmt.Errorf("open slip of application %s: %w", n, err)
	}
	return slip.Parse(plain)
}

// Elections of the campaign for which there are slips.
func (r *Register) Elections(ctx context.Context) (ids [][32]byte, err error) {
	err = r.db.View(ctx, func(tx *database.Tx) error {
		ids = nil
		rows, err := tx.Rows("SELECT DISTINCT election FROM enrolment WHERE campaign = ? ORDER BY election", r.campaign.Name)
		if err != nil {
			return fmt.Errorf("list elections: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var id []byte
			if err := rows.Scan(&id); err != nil {
				return fmt.Errorf("list elections: %w", err)
			}
			ids = append(ids, [32]byte(id))
		}
		return rows.Err()
	})
	return ids, err
}
