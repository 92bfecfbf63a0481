package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	library "modernc.org/sqlite"
)

// maxPrepared bounds the statements kept at a connection; the program has fewer.
const maxPrepared = 200

// connector opens SQLite connections that keep their statements: to parse one
// costs more than to run it. PostgreSQL's driver does so by itself.
type connector struct{ dsn string }

// sqliteConn is what the library's connections can do, as far as it is used.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// Connect implements driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) {
	opened, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, err
	}
	inner, ok := opened.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("connections of the SQLite library cannot do what they did"), opened.Close())
	}
	return &connection{sqliteConn: inner, prepared: map[string]*statement{}}, nil
}

// Driver implements driver.Connector.
func (connector) Driver() driver.Driver { return &library.Driver{} }

// connection is used by one goroutine at a time.
type connection struct {
	sqliteConn
	prepared map[string]*statement
}

type statement struct {
	driver.Stmt
	// reading: rows of it are open, so that it cannot be run.
	reading bool
}

// ready gives the statement of a query, nil if it is one that is not kept or
// that is being read.
func (c *connection) ready(ctx context.Context, query string) (*statement, error) {
	if s, kept := c.prepared[query]; kept {
		if s.reading {
			return nil, nil
		}
		return s, nil
	}
	if len(c.prepared) >= maxPrepared || strings.Contains(query, ";") || !keeps(query) {
		return nil, nil
	}
	made, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &statement{Stmt: made}
	c.prepared[query] = s
	return s, nil
}

// keeps leaves the statements out that change tables or settings.
func keeps(query string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch strings.ToUpper(strings.TrimSpace(word)) {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "SAVEPOINT", "ROLLBACK", "RELEASE":
		return true
	}
	return false
}

// ExecContext implements driver.ExecerContext.
func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.ready(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

// QueryContext implements driver.QueryerContext.
func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.ready(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.reading = true
	return &reading{Rows: rows, of: s}, nil
}

// Close finalizes the statements first: a connection with statements stays open.
func (c *connection) Close() error {
	var errs []error
	for _, s := range c.prepared {
		errs = append(errs, s.Stmt.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return errors.Join(fmt.Errorf("close statements: %w", err), c.sqliteConn.Close())
	}
	return c.sqliteConn.Close()
}

// reading is rows of a kept statement.
type reading struct {
	driver.Rows
	of *statement
}

// Close lets the statement be run again.
func (r *reading) Close() error {
	r.of.reading = false
	return r.Rows.Close()
}
