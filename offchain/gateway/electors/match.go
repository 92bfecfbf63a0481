package electors

import (
	"database/sql"
	"errors"
	"fmt"
	"io"

	"github.com/urna-vote/urna/offchain/gateway/database"
)

// Match is what the register says to a person's data.
type Match struct {
	// Found: names, date of birth and document are those of an elector.
	Found bool
	// Elector names the elector within the campaign.
	Elector [32]byte
	// Address says whether the address is the elector's.
	Address   bool
	Territory Territory
	// Differ are the fields in which the person differs from the elector who has
	// the document, or the names and date of birth; empty where there is none.
	Differ []Field
}

// Format prints a redaction for every verb.
func (Match) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[match]") }

// Match compares a person with the register. ErrNoRegister: there is none yet.
func (r *Register) Match(tx *database.Tx, p Person) (Match, error) {
	generation, territories, err := r.current(tx)
	if err != nil {
		return Match{}, err
	}
	want := r.hashes(p)
	e, there, err := r.find(tx, generation, "identity", want.identity)
	if err != nil {
		return Match{}, err
	}
	if there {
		return Match{
			Found: true, Elector: want.identity, Territory: territories[e.Territory],
			Address: e.normal().Address == p.normal().Address,
		}, nil
	}
	for _, by := range []struct {
		column string
		hash   [32]byte
	}{{"document", want.document}, {"person", want.person}} {
		e, there, err := r.find(tx, generation, by.column, by.hash)
		if err != nil {
			return Match{}, err
		}
		if there {
			return Match{Differ: p.differences(e.Person)}, nil
		}
	}
	return Match{}, nil
}

// find reads the elector with a hash; of namesakes born on one day the first.
func (r *Register) find(tx *database.Tx, generation int64, column string, hash [32]byte) (Elector, bool, error) {
	var identity, sealed []byte
	err := tx.Row("SELECT identity, sealed FROM elector WHERE campaign = ? AND generation = ? AND "+column+" = ? ORDER BY identity LIMIT 1",
		r.campaign, generation, hash[:]).Scan(&identity, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return Elector{}, false, nil
	}
	if err != nil {
		return Elector{}, false, fmt.Errorf("find elector: %w", err)
	}
	e, err := r.open([32]byte(identity), sealed)
	return e, err == nil, err
}
