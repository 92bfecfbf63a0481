package database

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewer: the tables are of a newer program than this one.
var ErrNewer = errors.New("the database was brought up to date by a newer program: use that one, or take the database down with it first")

// Migration is one step of the tables.
type Migration struct {
	Number  int64  `json:"number"`
	Name    string `json:"name"`
	Applied bool   `json:"applied"`
}

// Up brings the tables up to date. Open does the same.
func Up(ctx context.Context, where string) error {
	return prepared(where, func(d *dialect, db *sql.DB) error { return up(ctx, d, db) })
}

// Down undoes the last migration that was applied, and what it held is lost. It
// returns the migration's number, 0 if there was none.
func Down(ctx context.Context, where string) (number int64, err error) {
	err = prepared(where, func(d *dialect, db *sql.DB) error {
		provider, err := provide(d, db)
		if err != nil {
			return err
		}
		if err := notNewer(ctx, provider); err != nil {
			return err
		}
		result, err := provider.Down(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return nil
		}
		if err != nil {
			return err
		}
		number = result.Source.Version
		return nil
	})
	return number, err
}

// Status lists the migrations that this program knows, in their order.
func Status(ctx context.Context, where string) (list []Migration, err error) {
	err = prepared(where, func(d *dialect, db *sql.DB) error {
		provider, err := provide(d, db)
		if err != nil {
			return err
		}
		if err := notNewer(ctx, provider); err != nil {
			return err
		}
		status, err := provider.Status(ctx)
		if err != nil {
			return err
		}
		for _, s := range status {
			list = append(list, Migration{Number: s.Source.Version, Name: s.Source.Path, Applied: s.State == goose.StateApplied})
		}
		return nil
	})
	return list, err
}

// prepared opens the database as it is, for one act on its tables.
func prepared(where string, act func(*dialect, *sql.DB) error) error {
	d := dialectOf(where)
	db, err := d.open(where, true)
	if err != nil {
		return err
	}
	if err := act(d, db); err != nil {
		return errors.Join(fmt.Errorf("migrate %s: %w", d.name, err), db.Close())
	}
	return db.Close()
}

func provide(d *dialect, db *sql.DB) (*goose.Provider, error) {
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if d == postgres {
		options = append(options, goose.WithSessionLocker(turn{}))
	}
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("find migrations: %w", err)
	}
	provider, err := goose.NewProvider(d.goose, db, &spelling{FS: dir, words: d.words}, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}

// up repeats on failure: of two replicas that start at the same moment on an
// empty SQLite file, the second finds the first one's tables half-way.
func up(ctx context.Context, d *dialect, db *sql.DB) error {
	provider, err := provide(d, db)
	if err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		if err = notNewer(ctx, provider); err == nil {
			_, err = provider.Up(ctx)
		}
		if err == nil || errors.Is(err, ErrNewer) || attempt == 4 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func notNewer(ctx context.Context, provider *goose.Provider) error {
	has, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read version of the tables: %w", err)
	}
	sources := provider.ListSources()
	if last := sources[len(sources)-1].Version; has > last {
		return fmt.Errorf("tables are at %d, this program knows %d: %w", has, last, ErrNewer)
	}
	return nil
}

// turn lets replicas that start at the same moment migrate one after the other.
// The library's own lock asks again every five seconds only.
type turn struct{}

const turnID = "hashtextextended('urna-gateway migrations ' || current_schema(), 0)"

func (turn) SessionLock(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock("+turnID+")"); err != nil {
		return fmt.Errorf("wait for other replicas' migrations: %w", err)
	}
	return nil
}

func (turn) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock("+turnID+")"); err != nil {
		return fmt.Errorf("let other replicas migrate: %w", err)
	}
	return nil
}

// spelling is the directory of migrations in a database's own words.
type spelling struct {
	fs.FS
	words func([]byte) []byte
}

func (s *spelling) Open(name string) (fs.File, error) {
	file, err := s.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		return file, err
	}
	content, err := fs.ReadFile(s.FS, name)
	if err != nil {
		return nil, err
	}
	content = s.words(content)
	return &spelt{File: file, Reader: bytes.NewReader(content)}, nil
}

type spelt struct {
	fs.File
	*bytes.Reader
}

func (s *spelt) Read(p []byte) (int, error) { return s.Reader.Read(p) }
