package database

import (
	"context"
	"database/sql"
)

// Row is the one row that was asked for. Scan gives sql.ErrNoRows if there is none.
type Row interface{ Scan(into ...any) error }

// Tx is one transaction. It is good only inside the function given to Update or
// View. On SQLite it is shared with others' updates.
type Tx struct {
	ctx     context.Context
	tx      *sql.Tx
	dialect *dialect
	// again is the first error for which PostgreSQL wants the transaction run
	// again, whatever the function made of it.
	again error
}

// Context of the transaction.
func (t *Tx) Context() context.Context { return t.ctx }

// Exec runs a statement and tells how many rows it changed.
func (t *Tx) Exec(query string, args ...any) (rows int64, err error) {
	result, err := t.tx.ExecContext(t.ctx, t.dialect.places(query), args...)
	if err != nil {
		return 0, t.note(err)
	}
	rows, err = result.RowsAffected()
	return rows, t.note(err)
}

// Row asks for one row.
func (t *Tx) Row(query string, args ...any) Row {
	return &row{tx: t, row: t.tx.QueryRowContext(t.ctx, t.dialect.places(query), args...)}
}

// Rows asks for rows. They must be closed before the transaction's next
// statement: PostgreSQL speaks of one thing at a time.
func (t *Tx) Rows(query string, args ...any) (*sql.Rows, error) {
	rows, err := t.tx.QueryContext(t.ctx, t.dialect.places(query), args...)
	if err != nil {
		return nil, t.note(err)
	}
	return rows, nil
}

func (t *Tx) note(err error) error {
	if err != nil && t.again == nil {
		t.again = t.dialect.repeats(err)
	}
	return err
}

type row struct {
	tx  *Tx
	row *sql.Row
}

func (r *row) Scan(into ...any) error {
	// What Scan itself cannot do is no matter of the connection.
	_ = r.tx.note(r.row.Err())
	err := r.row.Scan(into...)
	if clashes(err) {
		return r.tx.note(err)
	}
	return err
}
