package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// ErrClosed: the database was closed while or before the request waited.
var ErrClosed = errors.New("database is closed")

// DB is the open database. It may be used by several goroutines.
type DB struct {
	dialect *dialect
	// write has one connection on SQLite, owned by the goroutine of commitLoop.
	write *sql.DB
	// read cannot change anything.
	read *sql.DB

	// queue and done are SQLite's: updates on their way to commitLoop.
	queue chan *update
	done  chan struct{}
	// mu guards closed: nobody begins an update once it is set.
	mu     sync.RWMutex
	closed bool
	// clash lets a transaction that keeps clashing run alone in this process.
	clash sync.RWMutex
}

// Open opens the database, making it and bringing its tables up to date where
// needed. Where is the path of a SQLite file or begins with postgres://.
func Open(ctx context.Context, where string) (*DB, error) {
	d := dialectOf(where)
	write, err := d.open(where, true)
	if err != nil {
		return nil, err
	}
	if err := up(ctx, d, write); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare %s: %w", d.name, err), write.Close())
	}
	read, err := d.open(where, false)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	db := &DB{dialect: d, write: write, read: read}
	if d == sqlite {
		db.queue, db.done = make(chan *update, maxBatch), make(chan struct{})
		go db.commitLoop()
	}
	return db, nil
}

// IsPostgres says whether a line of the settings names a server, not a file.
func IsPostgres(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// Kind of the database: "SQLite" or "PostgreSQL".
func (db *DB) Kind() string { return db.dialect.name }

// Update runs a function that reads and writes, and returns nil once what it
// wrote is on the disk. The function may run more than once, each time on the
// state without its own writes: it must set its results anew and do nothing
// that cannot be repeated. An error of the function undoes its writes and is
// returned; what must be kept along with a refusal (a counted wrong code) is
// written and answered with nil. The function must not call Update.
func (db *DB) Update(run func(*Tx) error) error {
	db.mu.RLock()
	if db.closed {
		db.mu.RUnlock()
		return ErrClosed
	}
	if db.dialect == postgres {
		// Close waits for whoever is inside.
		defer db.mu.RUnlock()
		return db.serializable(run)
	}
	u := &update{run: run, done: make(chan error, 1)}
	db.queue <- u
	db.mu.RUnlock()
	// No cancelling here: the commit happens or not, whoever waits.
	return <-u.done
}

// View runs a function that only reads, on one state of the database.
func (db *DB) View(ctx context.Context, run func(*Tx) error) error {
	tx, err := db.read.BeginTx(ctx, db.dialect.viewing)
	if err != nil && db.dialect.repeats(err) != nil && ctx.Err() == nil {
		// The server closed an idle connection; now a new one is tried.
		tx, err = db.read.BeginTx(ctx, db.dialect.viewing)
	}
	if err != nil {
		return fmt.Errorf("begin to read the database: %w", err)
	}
	err = run(&Tx{ctx: ctx, tx: tx, dialect: db.dialect})
	// A transaction that only read has nothing to commit.
	if end := tx.Rollback(); err == nil && end != nil && !errors.Is(end, sql.ErrTxDone) {
		return fmt.Errorf("end reading the database: %w", end)
	}
	return err
}

// Healthy answers whether the database can be read.
func (db *DB) Healthy(ctx context.Context) error {
	var one int
	if err := db.read.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("read database: %w", err)
	}
	return nil
}

// Compact gives the space of deleted rows back, so that they do not stay in the
// database's files. It takes as long as copying the database, and others wait.
func (db *DB) Compact(ctx context.Context) error {
	if err := db.dialect.compact(ctx, db.write); err != nil {
		return fmt.Errorf("give back the space of deleted rows: %w", err)
	}
	return nil
}

// Close lets updates under way finish and closes the database.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return nil
	}
	db.closed = true
	if db.queue != nil {
		close(db.queue)
	}
	db.mu.Unlock()
	if db.done != nil {
		<-db.done
	}
	return errors.Join(db.read.Close(), db.write.Close())
}
