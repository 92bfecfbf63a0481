package people

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/vault"
)

// ErrOtherPerson: the entry, account or phone is in the list with other data.
var ErrOtherPerson = errors.New("entry, account or phone is in the list already, with other data")

// What is indexed and sealed of a person.
const (
	indexSubject = "people/subject"
	indexPhone   = "people/phone"
	sealPerson   = "people/person"
)

// Store keeps the persons. It is safe for concurrent use.
type Store struct {
	db  *database.DB
	key vault.Key
}

// New makes a store over an open database.
func New(db *database.DB, key vault.Key) *Store { return &Store{db: db, key: key} }

func rowID(election, entry [32]byte) []byte { return append(election[:], entry[:]...) }

// Import adds persons, all or none. One that is there with the same data is
// passed over; with other data the import is refused (ErrOtherPerson). It
// returns how many were new.
func (s *Store) Import(ctx context.Context, list []Person) (added int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	err = s.db.Update(func(tx *database.Tx) error {
		added, err = s.Add(tx, list)
		return err
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// Add is Import within a transaction, which must not be committed after an error.
func (s *Store) Add(tx *database.Tx, list []Person) (added int, err error) {
	for i := range list {
		p := &list[i]
		if err := p.check(); err != nil {
			return 0, fmt.Errorf("import person %d: %w; nothing was imported", i+1, err)
		}
		was, there, err := s.find(tx, p.Election, "entry", p.Entry[:])
		switch {
		case err != nil:
			return 0, err
		case there && was == *p:
			continue
		case there:
			return 0, fmt.Errorf("import person %d: %w; nothing was imported", i+1, ErrOtherPerson)
		}
		ok, err := s.insert(tx, p)
		if err != nil {
			return 0, fmt.Errorf("import person %d: %w", i+1, err)
		}
		if !ok {
			return 0, fmt.Errorf("import person %d: %w; nothing was imported", i+1, ErrOtherPerson)
		}
		added++
	}
	return added, nil
}

// insert reports false where account or phone is another person's.
func (s *Store) insert(tx *database.Tx, p *Person) (bool, error) {
	subject := s.key.Index(indexSubject, p.Subject)
	phone := []byte{}
	if p.Phone != "" {
		index := s.key.Index(indexPhone, p.Phone)
		phone = index[:]
		var n int
		if err := tx.Row("SELECT count(*) FROM person WHERE election = ? AND phone = ?", p.Election[:], phone).Scan(&n); err != nil || n > 0 {
			return false, err
		}
	}
	plain := strings.Join([]string{p.Subject, p.Phone, p.Mail, p.Language}, ",")
	sealed := s.key.Seal(sealPerson, rowID(p.Election, p.Entry), []byte(plain))
	rows, err := tx.Exec("INSERT INTO person (election, entry, style, subject, phone, sealed) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		p.Election[:], p.Entry[:], p.Style, subject[:], phone, sealed)
	return rows == 1, err
}

func (s *Store) find(tx *database.Tx, election [32]byte, column string, value []byte) (Person, bool, error) {
	p := Person{Election: election}
	var entry, sealed []byte
	err := tx.Row("SELECT entry, style, sealed FROM person WHERE election = ? AND "+column+" = ?", election[:], value).Scan(&entry, &p.Style, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return Person{}, false, nil
	}
	if err != nil {
		return Person{}, false, fmt.Errorf("read person: %w", err)
	}
	copy(p.Entry[:], entry)
	plain, err := s.key.Open(sealPerson, rowID(election, p.Entry), sealed)
	if err != nil {
		return Person{}, false, fmt.Errorf("open person: %w", err)
	}
	fields := strings.Split(string(plain), ",")
	if len(fields) != 4 {
		return Person{}, false, errors.New("open person: what was sealed cannot be read")
	}
	p.Subject, p.Phone, p.Mail, p.Language = fields[0], fields[1], fields[2], fields[3]
	return p, true, nil
}

// Find is the person with an account; false if there is none.
func (s *Store) Find(ctx context.Context, election [32]byte, subject string) (p Person, there bool, err error) {
	index := s.key.Index(indexSubject, subject)
	err = s.db.View(ctx, func(tx *database.Tx) (err error) {
		p, there, err = s.find(tx, election, "subject", index[:])
		return err
	})
	return p, there, err
}

// Of is the person of an entry; false if there is none.
func (s *Store) Of(ctx context.Context, election, entry [32]byte) (p Person, there bool, err error) {
	err = s.db.View(ctx, func(tx *database.Tx) (err error) {
		p, there, err = s.find(tx, election, "entry", entry[:])
		return err
	})
	return p, there, err
}

// Whose says which entry is an account's.
func (s *Store) Whose(ctx context.Context, election [32]byte, subject string) (entry [32]byte, style uint32, known bool, err error) {
	p, known, err := s.Find(ctx, election, subject)
	return p.Entry, p.Style, known, err
}

// Size counts the persons of an election.
func (s *Store) Size(ctx context.Context, election [32]byte) (persons int, err error) {
	err = s.db.View(ctx, func(tx *database.Tx) error {
		return tx.Row("SELECT count(*) FROM person WHERE election = ?", election[:]).Scan(&persons)
	})
	if err != nil {
		return 0, fmt.Errorf("count persons: %w", err)
	}
	return persons, nil
}

// Forget erases the persons of an election whose term is over, and gives the
// space back so that deleted rows do not stay in the database's files.
func (s *Store) Forget(ctx context.Context, election [32]byte) error {
	err := s.db.Update(func(tx *database.Tx) error {
		_, err := s.Erase(tx, election)
		return err
	})
	if err != nil {
		return err
	}
	return s.db.Compact(ctx)
}

// Erase is Forget within a transaction, and tells how many persons there were.
// Their space is given back by database.DB.Compact.
func (s *Store) Erase(tx *database.Tx, election [32]byte) (persons int64, err error) {
	for _, statement := range []string{"DELETE FROM endorsed_notice WHERE election = ?", "DELETE FROM login_session WHERE election = ?",
		"DELETE FROM login_attempt WHERE election = ?", "DELETE FROM person WHERE election = ?"} {
		if persons, err = tx.Exec(statement, election[:]); err != nil {
			return 0, fmt.Errorf("forget persons: %w", err)
		}
	}
	return persons, nil
}
