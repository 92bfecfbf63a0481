package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// writers of this process at the same time: more only clash more.
	writers = 8
	// idleTime after which a connection is given back to the server.
	idleTime = 5 * time.Minute
	// A transaction that clashed this often runs alone in its process, and after
	// so many further attempts it is given up.
	clashesTogether = 3
	clashesAlone    = 40
	// longestPause between two attempts.
	longestPause = 50 * time.Millisecond
	// A transaction whose connection broke before its commit is begun again so often,
	// each time after a pause: the server may be starting again.
	lostAttempts = 3
	lostPause    = 200 * time.Millisecond
	// uniqueAttempts: a row another transaction wrote meanwhile may show as a
	// broken UNIQUE; seen again, it is the function's own mistake.
	uniqueAttempts = 3
)

func openPostgres(where string, writes bool) (*sql.DB, error) {
	config, err := pgx.ParseConfig(where)
	if err != nil {
		// The library's text repeats the line, from which a password may be read.
		return nil, errors.New("open database: the line that begins with postgres:// is not one PostgreSQL understands, such as postgres://user:password@host:5432/name?sslmode=verify-full")
	}
	// Tables are small at first; read as a whole, every two updates would clash.
	config.RuntimeParams["enable_seqscan"] = "off"
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "urna-gateway"
	}
	// An answer rests on what is on the disk, whatever the server's default.
	config.RuntimeParams["synchronous_commit"] = "on"
	if !writes {
		config.RuntimeParams["default_transaction_read_only"] = "on"
	}
	db := stdlib.OpenDB(*config)
	connections := readers
	if writes {
		connections = writers
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(idleTime)
	return db, nil
}

// serializable runs the function until it did not clash with another.
func (db *DB) serializable(run func(*Tx) error) error {
	unique, lost := 0, 0
	for attempt := 0; ; attempt++ {
		err := db.attempt(run, attempt >= clashesTogether)
		switch {
		case err == nil:
			return nil
		case errors.As(err, new(lostError)):
			if lost++; lost == lostAttempts {
				return err
			}
			time.Sleep(lostPause)
		case code(err) == uniqueViolation:
			if unique++; unique == uniqueAttempts {
				return err
			}
		case !clashes(err):
			return err
		}
		if attempt == clashesTogether+clashesAlone {
			return fmt.Errorf("commit transaction of the database, %d attempts: %w", attempt, err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(min(longestPause, time.Millisecond<<min(attempt, 6))))))
	}
}

func (db *DB) attempt(run func(*Tx) error, alone bool) error {
	if alone {
		db.clash.Lock()
		defer db.clash.Unlock()
	} else {
		db.clash.RLock()
		defer db.clash.RUnlock()
	}
	ctx := context.Background()
	tx, err := db.write.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return fmt.Errorf("begin transaction of the database: %w", asLost(err))
	}
	t := &Tx{ctx: ctx, tx: tx, dialect: db.dialect}
	err = run(t)
	if t.again != nil {
		err = t.again
	}
	if err != nil {
		// The rollback's own error says nothing more: nothing is kept either way.
		_ = tx.Rollback()
		return err
	}
	// A connection that breaks now leaves open whether the commit happened: that is
	// the caller's to find out.
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction of the database: %w", err)
	}
	return nil
}

// lostError: the connection broke before the commit, so nothing was kept.
type lostError struct{ error }

func (e lostError) Unwrap() error { return e.error }

// asLost tells a broken connection from what the server answered.
func asLost(err error) error {
	var server *pgconn.PgError
	if err == nil || (errors.As(err, &server) && !strings.HasPrefix(server.Code, connectionClass) && !strings.HasPrefix(server.Code, shutdownClass)) {
		return err
	}
	return lostError{err}
}

// repeats gives the error for which a transaction must be run again, nil if the
// statement's error is no reason to.
func (d *dialect) repeats(err error) error {
	if d != postgres {
		return nil
	}
	if lost := asLost(err); clashes(err) || errors.As(lost, new(lostError)) {
		return lost
	}
	return nil
}

// Conditions of PostgreSQL (appendix "Error Codes" of its manual).
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	uniqueViolation      = "23505"
	connectionClass      = "08"
	shutdownClass        = "57P"
)

func code(err error) string {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server.Code
	}
	return ""
}

func clashes(err error) bool {
	return code(err) == serializationFailure || code(err) == deadlockDetected
}

// spelled remembers queries with their places numbered. There are as many as the
// program's text has.
var spelled sync.Map

// numbered turns each "?" outside quotes into $1, $2, …
func numbered(query string) string {
	if was, ok := spelled.Load(query); ok {
		return was.(string)
	}
	var b strings.Builder
	n, quoted := 0, false
	for _, r := range query {
		switch {
		case r == '\'':
			quoted = !quoted
			b.WriteRune(r)
		case r == '?' && !quoted:
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
		default:
			b.WriteRune(r)
		}
	}
	spelled.Store(query, b.String())
	return b.String()
}

var (
	wordBytes   = regexp.MustCompile(`\bBLOB\b`)
	wordNumber  = regexp.MustCompile(`\bINTEGER\b`)
	wordNoRowID = regexp.MustCompile(`\s*\bWITHOUT ROWID\b`)
)

func postgresWords(migration []byte) []byte {
	migration = wordBytes.ReplaceAll(migration, []byte("BYTEA"))
	migration = wordNumber.ReplaceAll(migration, []byte("BIGINT"))
	return wordNoRowID.ReplaceAll(migration, nil)
}

func compactPostgres(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")
	if err != nil {
		return fmt.Errorf("list tables: %w", err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return errors.Join(fmt.Errorf("list tables: %w", err), rows.Close())
		}
		tables = append(tables, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("list tables: %w", err)
	}
	for _, table := range tables {
		if _, err := db.ExecContext(ctx, "VACUUM (FULL) "+table); err != nil {
			return fmt.Errorf("vacuum %s: %w", table, err)
		}
	}
	return nil
}
