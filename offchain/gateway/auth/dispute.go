package auth

import (
	"context"
	"fmt"

	"github.com/urna-vote/urna/offchain/gateway/database"
)

// Disputes counts the persons who say that a token was endorsed for them which
// they did not ask for.
type Disputes struct{ db *database.DB }

// NewDisputes counts in an open database.
func NewDisputes(db *database.DB) *Disputes { return &Disputes{db: db} }

// Raise counts an entry once. Endorsed says whether this gateway endorsed
// anything for it: if not there is nothing to dispute.
func (d *Disputes) Raise(ctx context.Context, election, entry [32]byte) (endorsed, counted bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, false, err
	}
	err = d.db.Update(func(tx *database.Tx) error {
		endorsed, counted = false, false
		var records int64
		if err := tx.Row("SELECT count(*) FROM record WHERE election = ? AND entry = ?", election[:], entry[:]).Scan(&records); err != nil {
			return err
		}
		if endorsed = records > 0; !endorsed {
			return nil
		}
		_, err := tx.Exec("INSERT INTO dispute (election, entry) VALUES (?, ?) ON CONFLICT DO NOTHING", election[:], entry[:])
		counted = err == nil
		return err
	})
	if err != nil {
		return false, false, fmt.Errorf("raise dispute: %w", err)
	}
	return endorsed, counted, nil
}

// Count of an election.
func (d *Disputes) Count(ctx context.Context, election [32]byte) (n int64, err error) {
	err = d.db.View(ctx, func(tx *database.Tx) error {
		return tx.Row("SELECT count(*) FROM dispute WHERE election = ?", election[:]).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count disputes: %w", err)
	}
	return n, nil
}
