package database

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
)

// dialect is what differs between the two databases.
type dialect struct {
	name  string
	goose goose.Dialect
	// open makes the pool that writes or the one that only reads.
	open func(where string, writes bool) (*sql.DB, error)
	// places turns "?" into the database's own spelling.
	places func(query string) string
	// words of the migrations, replaced.
	words func(migration []byte) []byte
	// viewing begins a transaction of View.
	viewing *sql.TxOptions
	compact func(context.Context, *sql.DB) error
}

var (
	sqlite = &dialect{
		name: "SQLite", goose: goose.DialectSQLite3, open: openSQLite,
		places:  func(query string) string { return query },
		words:   func(migration []byte) []byte { return migration },
		compact: compactSQLite,
	}
	postgres = &dialect{
		name: "PostgreSQL", goose: goose.DialectPostgres, open: openPostgres,
		places: numbered, words: postgresWords,
		viewing: &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		compact: compactPostgres,
	}
)

func dialectOf(where string) *dialect {
	if IsPostgres(where) {
		return postgres
	}
	return sqlite
}

// busyMS is how long a replica waits for the other's commit.
const busyMS = 10_000

// readers of this process at the same time.
const readers = 8

func openSQLite(path string, writes bool) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	options, connections := "_pragma=query_only(1)", readers
	if writes {
		options, connections = "_txlock=immediate&_pragma=synchronous(FULL)&_pragma=journal_mode(WAL)", 1
		// The library would let everybody read it; what it makes beside has the same mode.
		f, err := os.OpenFile(abs, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, fmt.Errorf("open database: %w", err)
		}
		if err := f.Close(); err != nil {
			return nil, fmt.Errorf("open database: %w", err)
		}
	}
	// busy_timeout first: the other settings may have to wait for a replica.
	dsn := fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)&%s", (&url.URL{Path: abs}).EscapedPath(), busyMS, options)
	db := sql.OpenDB(connector{dsn})
	db.SetMaxOpenConns(connections)
	return db, nil
}

func compactSQLite(ctx context.Context, db *sql.DB) error {
	for _, statement := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
