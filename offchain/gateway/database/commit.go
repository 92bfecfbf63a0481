package database

import (
	"context"
	"fmt"
)

// maxBatch is how many updates share one commit at most. Larger batches gain
// little.
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
		if db.commit(batch) {
			continue
		}
		for i := range batch {
			db.commit(batch[i : i+1])
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

// commit runs a batch in one transaction and answers each update. Where nothing
// of several was kept it reports false and answers none.
func (db *DB) commit(batch []*update) bool {
	errs, err := db.together(batch)
	if err != nil && len(batch) > 1 {
		return false
	}
	for i, u := range batch {
		if err != nil {
			u.done <- err
			continue
		}
		u.done <- errs[i]
	}
	return true
}

// together returns what the functions answered, or why nothing was kept at all.
func (db *DB) together(batch []*update) (errs []error, err error) {
	ctx := context.Background()
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("begin transaction of the database: %w", err)
	}
	errs = make([]error, len(batch))
	for i, u := range batch {
		if errs[i], err = apart(&Tx{ctx: ctx, tx: tx, dialect: db.dialect}, u.run); err != nil {
			// The rollback's own error says nothing more: nothing is kept either way.
			_ = tx.Rollback()
			return nil, err
		}
	}
	if err := tx.Commit(); err != nil {
		_ = tx.Rollback()
		return nil, fmt.Errorf("commit transaction of the database: %w", err)
	}
	return errs, nil
}

// apart runs a function so that its error undoes its own writes only. Otherwise
// whoever provokes errors would make everybody's updates commit one by one.
func apart(t *Tx, run func(*Tx) error) (answered, err error) {
	if _, err := t.Exec("SAVEPOINT one"); err != nil {
		return nil, fmt.Errorf("begin within the transaction of the database: %w", err)
	}
	if answered = run(t); answered != nil {
		if _, err := t.Exec("ROLLBACK TO one"); err != nil {
			return nil, fmt.Errorf("undo within the transaction of the database: %w", err)
		}
	}
	if _, err := t.Exec("RELEASE one"); err != nil {
		return nil, fmt.Errorf("end within the transaction of the database: %w", err)
	}
	return answered, nil
}
