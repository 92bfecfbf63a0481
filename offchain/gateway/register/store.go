package register

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver registers itself
)

//go:embed migrations/*.sql
var migrations embed.FS

// busyMS is how long a replica waits for the other's commit.
const busyMS = 10_000

// ErrClosed: the store was closed while or before the request waited.
var ErrClosed = errors.New("register is closed")

// Store is the open database. It may be used by several goroutines.
type Store struct {
	// write has one connection, owned by the goroutine of commitLoop.
	write *sql.DB
	// read has its own connections and cannot change anything.
	read *sql.DB

	queue chan *update
	// mu guards closed: nobody sends to queue once it is set.
	mu     sync.RWMutex
	closed bool
	done   chan struct{}
}

// Open opens the database file, making it and bringing its tables up to date
// where needed.
func Open(ctx context.Context, path string) (*Store, error) {
	write, err := openDB(path, "_txlock=immediate&_pragma=synchronous(FULL)&_pragma=journal_mode(WAL)")
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	if err := migrate(ctx, write); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare register %s: %w", path, err), write.Close())
	}
	read, err := openDB(path, "_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(8)
	s := &Store{write: write, read: read, queue: make(chan *update, maxBatch), done: make(chan struct{})}
	go s.commitLoop()
	return s, nil
}

func openDB(path, options string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open register %s: %w", path, err)
	}
	// busy_timeout first: the other settings may have to wait for a replica.
	dsn := fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)&%s", (&url.URL{Path: abs}).EscapedPath(), busyMS, options)
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open register %s: %w", path, err)
	}
	return db, nil
}

// migrate repeats on failure: of two replicas that start at the same moment on
// an empty database, the second finds the first one's tables half-way.
func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("find migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	for attempt := 0; ; attempt++ {
		_, err = provider.Up(ctx)
		if err == nil || attempt == 4 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Close lets waiting updates finish and closes the database.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.queue)
	s.mu.Unlock()
	<-s.done
	return errors.Join(s.read.Close(), s.write.Close())
}

// Healthy answers whether the database can be read.
func (s *Store) Healthy(ctx context.Context) error {
	var one int
	if err := s.read.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("read register: %w", err)
	}
	return nil
}
