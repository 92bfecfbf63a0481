package applications

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/urna-vote/urna/offchain/gateway/people"
	"github.com/urna-vote/urna/offchain/gateway/roster"
)

// Names in the directory of a formed list.
const (
	RollFile   = roster.RollFile
	PeopleFile = "people.age"
	PaperFile  = "paper-list.csv"
)

// WriteRoll writes the roll for the commission: CSV "entry,style", ascending in
// style, then entry.
func (l *List) WriteRoll(w io.Writer) error {
	order := slices.Clone(l.voters) // ascending in entry
	slices.SortStableFunc(order, func(a, b voter) int { return cmp.Compare(a.Style, b.Style) })
	rows := [][]string{{"entry", "style"}}
	for i := range order {
		rows = append(rows, []string{fmt.Sprintf("%x", order[i].Entry), l.election.Definition.Styles[order[i].Style].Name})
	}
	return writeCSV(w, ',', rows)
}

// WritePeople writes the list of persons for one issuer, sealed to it.
func (l *List) WritePeople(w io.Writer, recipient age.Recipient) error {
	list := make([]people.Person, len(l.voters))
	for i := range l.voters {
		list[i] = l.voters[i].Person
	}
	return people.WriteList(w, l.election.ID, list, recipient)
}

// WritePaperList writes who leaves the paper list, ascending in territory and
// name: as many as the roll has.
func (l *List) WritePaperList(w io.Writer) error {
	rows := make([][]string, len(l.voters))
	for i := range l.voters {
		rows[i] = l.voters[i].struck
	}
	slices.SortFunc(rows, slices.Compare)
	head := []string{"territory", "surname", "name", "patronymic", "birth_date", "document", "address"}
	return writeCSV(w, ';', append([][]string{head}, rows...))
}

// Formed tells what a list holds, and nothing of a person.
type Formed struct {
	Dir    string `json:"dir"`
	Voters int    `json:"voters"`
	// Styles by name, Territories by code.
	Styles      map[string]int `json:"styles"`
	Territories map[string]int `json:"territories"`
	Issuers     []string       `json:"issuers"`
}

// MakeDirs makes the directory of a list and that of each issuer in it: done
// before the list is closed, a name or a disk that cannot be used stops nobody.
func MakeDirs(dir string, issuers []string) error {
	for _, issuer := range issuers {
		if issuer == "" || strings.HasPrefix(issuer, ".") || filepath.Base(issuer) != issuer {
			return fmt.Errorf("issuer %q: its name cannot be that of a directory", issuer)
		}
	}
	for _, into := range append([]string{""}, issuers...) {
		if err := os.MkdirAll(filepath.Join(dir, into), 0o700); err != nil {
			return fmt.Errorf("make directory: %w", err)
		}
	}
	return nil
}

// WriteFiles writes the list into a directory: the roll, a list for each issuer
// in a directory of its name, and the list of those who leave the paper list.
// Files that are there are replaced: they are of the same list.
func (l *List) WriteFiles(dir string, recipients map[string]age.Recipient) (*Formed, error) {
	if len(l.voters) == 0 {
		return nil, ErrEmpty
	}
	formed := &Formed{Dir: dir, Voters: len(l.voters), Styles: map[string]int{}, Territories: map[string]int{}, Issuers: slices.Sorted(maps.Keys(recipients))}
	for i := range l.voters {
		formed.Styles[l.election.Definition.Styles[l.voters[i].Style].Name]++
		formed.Territories[l.voters[i].territory]++
	}
	if err := MakeDirs(dir, formed.Issuers); err != nil {
		return nil, err
	}
	for _, issuer := range formed.Issuers {
		into := filepath.Join(dir, issuer)
		err := write(filepath.Join(into, PeopleFile), 0o600, func(w io.Writer) error { return l.WritePeople(w, recipients[issuer]) })
		if err != nil {
			return nil, err
		}
	}
	if err := write(filepath.Join(dir, PaperFile), 0o600, l.WritePaperList); err != nil {
		return nil, err
	}
	return formed, write(filepath.Join(dir, RollFile), 0o644, l.WriteRoll)
}

func writeCSV(w io.Writer, comma rune, rows [][]string) error {
	out := csv.NewWriter(w)
	out.Comma = comma
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write list: %w", err)
	}
	return nil
}

// write replaces a file as a whole.
func write(path string, mode fs.FileMode, content func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".list-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	out := bufio.NewWriter(f)
	err = errors.Join(content(out), out.Flush(), f.Sync(), f.Chmod(mode), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
