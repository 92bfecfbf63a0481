package database

import (
	"context"
	"fmt"
)

// maxBatch is how many updates share one commit at most. Larger batches gain
// little, and a failing one is repeated update by update.
const maxBatch = 128

type update struct {
	run  func(*Tx) error
	done chan error
}

// commitLoop owns SQLite's only writing connection.
func (db *DB) commitLoop() {
	defer close(db.done)
	for first := range db.queue {
		batch := db.collect(first)
		err := db.commit(batch)
		if err == nil || len(batch) == 1 {
			answer(batch, err)
			continue
		}
		// One of them spoilt the common transaction: each alone.
		for i := range batch {
			answer(batch[i:i+1], db.commit(batch[i:i+1]))
		}
	}
}

// collect takes what waits already; nobody waits for company.
func (db *DB) collect(first *update) []*update {
	batch := []*update{first}
	for len(batch) < maxBatch {
		select {
		case u, ok := <-db.queue:
			if !ok {
				return batch
			}
			batch = append(batch, u)
		default:
			return batch
		}
	}
	return batch
}

func (db *DB) commit(batch []*update) error {
	ctx := context.Background()
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction of the database: %w", err)
	}
	for _, u := range batch {
		if err := u.run(&Tx{ctx: ctx, tx: tx, dialect: db.dialect}); err != nil {
			// The rollback's own error says nothing more: nothing is kept either way.
			_ = tx.Rollback()
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		_ = tx.Rollback()
		return fmt.Errorf("commit transaction of the database: %w", err)
	}
	return nil
}

func answer(batch []*update, err error) {
	for _, u := range batch {
		u.done <- err
	}
}
