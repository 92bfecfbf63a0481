package register

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/urna-vote/urna/offchain/gateway/database"
)

// SaltSize is the length of an entry's salt in bytes.
const SaltSize = 16

// ErrOtherAccess: the register holds another style, salt or hash for the entry.
var ErrOtherAccess = errors.New("entry is in the register with other access data")

// Access is what the register knows of an entry that may ask for a token.
type Access struct {
	Election [32]byte
	Entry    [32]byte
	Style    uint32
	Salt     [SaltSize]byte
	// Pass and Code are keyed hashes of what the voter must show; see package auth.
	Pass [32]byte
	Code [32]byte
}

// Tries counts wrong codes of an entry since the last right one.
type Tries struct {
	Wrong uint32
	// WaitUntilMS, Unix milliseconds: before then no code is looked at.
	WaitUntilMS int64
}

const (
	selectAccess = "SELECT style, salt, pass, code, wrong, wait_until_ms FROM access WHERE election = ? AND entry = ?"
	insertAccess = "INSERT INTO access (election, entry, style, salt, pass, code) VALUES (?, ?, ?, ?, ?, ?)"
)

func scanAccess(r database.Row, election, entry [32]byte) (Access, Tries, bool, error) {
	a := Access{Election: election, Entry: entry}
	var tries Tries
	var salt, pass, code []byte
	err := r.Scan(&a.Style, &salt, &pass, &code, &tries.Wrong, &tries.WaitUntilMS)
	if errors.Is(err, sql.ErrNoRows) {
		return Access{}, Tries{}, false, nil
	}
	if err != nil {
		return Access{}, Tries{}, false, fmt.Errorf("read access of an entry: %w", err)
	}
	copy(a.Salt[:], salt)
	copy(a.Pass[:], pass)
	copy(a.Code[:], code)
	return a, tries, true, nil
}

// Access reads an entry's access and tries as committed.
func (s *Store) Access(ctx context.Context, election, entry [32]byte) (a Access, tries Tries, there bool, err error) {
	err = s.db.View(ctx, func(t *database.Tx) error {
		a, tries, there, err = In(t).Access(election, entry)
		return err
	})
	return a, tries, there, err
}

// Access reads an entry's access and tries within the transaction.
func (t *Tx) Access(election, entry [32]byte) (Access, Tries, bool, error) {
	return scanAccess(t.tx.Row(selectAccess, election[:], entry[:]), election, entry)
}

// SetTries writes an entry's tries.
func (t *Tx) SetTries(election, entry [32]byte, tries Tries) error {
	_, err := t.tx.Exec("UPDATE access SET wrong = ?, wait_until_ms = ? WHERE election = ? AND entry = ?",
		tries.Wrong, tries.WaitUntilMS, election[:], entry[:])
	if err != nil {
		return fmt.Errorf("write tries of an entry: %w", err)
	}
	return nil
}

// Import adds entries, all or none. An entry that is there with the same data
// is passed over; with other data the import is refused (ErrOtherAccess). It
// returns how many were new.
func (s *Store) Import(list []Access) (added int, err error) {
	err = s.Update(func(t *Tx) error {
		added, err = t.Import(list)
		return err
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// Import adds entries within the transaction, which must be given up on an error.
func (t *Tx) Import(list []Access) (added int, err error) {
	for i := range list {
		a := &list[i]
		was, _, there, err := t.Access(a.Election, a.Entry)
		switch {
		case err != nil:
			return 0, err
		case there && was != *a:
			return 0, fmt.Errorf("import entry %x: %w; nothing was imported", a.Entry, ErrOtherAccess)
		case there:
			continue
		}
		if _, err := t.tx.Exec(insertAccess, a.Election[:], a.Entry[:], a.Style, a.Salt[:], a.Pass[:], a.Code[:]); err != nil {
			return 0, fmt.Errorf("import entry %x: %w", a.Entry, err)
		}
		added++
	}
	return added, nil
}

// Size counts the entries that may ask for a token of an election.
func (s *Store) Size(ctx context.Context, election [32]byte) (entries int, err error) {
	if entries, err = s.count(ctx, "SELECT count(*) FROM access WHERE election = ?", election); err != nil {
		return 0, fmt.Errorf("count entries: %w", err)
	}
	return entries, nil
}

func (s *Store) count(ctx context.Context, query string, election [32]byte) (n int, err error) {
	err = s.db.View(ctx, func(t *database.Tx) error { return t.Row(query, election[:]).Scan(&n) })
	return n, err
}

// Forget deletes the access data of an election whose term is over. Records
// stay. The rows leave the disk with database.DB.Compact.
func (t *Tx) Forget(election [32]byte) (entries int64, err error) {
	entries, err = t.tx.Exec("DELETE FROM access WHERE election = ?", election[:])
	if err != nil {
		return 0, fmt.Errorf("forget access data: %w", err)
	}
	return entries, nil
}

// Record reads the record endorsed for an entry and panel, nil if there is none.
func (t *Tx) Record(election, entry [32]byte, panel uint32) ([]byte, error) {
	var record []byte
	err := t.tx.Row("SELECT record FROM record WHERE election = ? AND entry = ? AND panel = ?", election[:], entry[:], panel).Scan(&record)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read record of an entry: %w", err)
	}
	return record, nil
}

// Bind makes a record the one of its entry and panel, for ever. It reports
// false, and changes nothing, if another is there already.
func (t *Tx) Bind(election, entry [32]byte, panel uint32, record []byte) (bool, error) {
	was, err := t.Record(election, entry, panel)
	if err != nil {
		return false, err
	}
	if was != nil {
		return bytes.Equal(was, record), nil
	}
	_, err = t.tx.Exec("INSERT INTO record (election, entry, panel, record) VALUES (?, ?, ?, ?)", election[:], entry[:], panel, record)
	if err != nil {
		return false, fmt.Errorf("write record of an entry: %w", err)
	}
	return true, nil
}

// Records counts the records of an election.
func (s *Store) Records(ctx context.Context, election [32]byte) (records int, err error) {
	if records, err = s.count(ctx, "SELECT count(*) FROM record WHERE election = ?", election); err != nil {
		return 0, fmt.Errorf("count records: %w", err)
	}
	return records, nil
}
