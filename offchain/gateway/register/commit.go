package register

import (
	"context"
	"database/sql"
	"fmt"
)

// maxBatch is how many updates share one commit at most. Larger batches gain
// little, and a failing one is repeated update by update.
const maxBatch = 128

// Tx is one transaction, shared with others' updates. It is good only inside
// the function given to Update.
type Tx struct {
	ctx context.Context
	tx  *sql.Tx
}

type update struct {
	run  func(*Tx) error
	done chan error
}

// Update runs a function that reads and writes, and returns nil once what it
// wrote is on the disk. The function may run more than once, each time on the
// state without its own writes: it must set its results anew. An error of the
// function undoes its writes and is returned; what must be kept along with a
// refusal (a counted wrong code) is written and answered with nil.
func (s *Store) Update(run func(*Tx) error) error {
	u := &update{run: run, done: make(chan error, 1)}
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return ErrClosed
	}
	s.queue <- u
	s.mu.RUnlock()
	// No cancelling here: the commit happens or not, whoever waits.
	return <-u.done
}

func (s *Store) commitLoop() {
	defer close(s.done)
	for first := range s.queue {
		batch := s.collect(first)
		err := s.commit(batch)
		if err == nil || len(batch) == 1 {
			answer(batch, err)
			continue
		}
		// One of them spoilt the common transaction: each alone.
		for i := range batch {
			answer(batch[i:i+1], s.commit(batch[i:i+1]))
		}
	}
}

// collect takes what waits already; nobody waits for company.
func (s *Store) collect(first *update) []*update {
	batch := []*update{first}
	for len(batch) < maxBatch {
		select {
		case u, ok := <-s.queue:
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

func (s *Store) commit(batch []*update) error {
	ctx := context.Background()
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction of the register: %w", err)
	}
	for _, u := range batch {
		if err := u.run(&Tx{ctx: ctx, tx: tx}); err != nil {
			// The rollback's own error says nothing more: nothing is kept either way.
			_ = tx.Rollback()
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		_ = tx.Rollback()
		return fmt.Errorf("commit transaction of the register: %w", err)
	}
	return nil
}

func answer(batch []*update, err error) {
	for _, u := range batch {
		u.done <- err
	}
}
