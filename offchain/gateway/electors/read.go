package electors

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"
)

// Encoding of a file.
type Encoding string

// The encodings.
const (
	UTF8        Encoding = "utf-8"
	Windows1251 Encoding = "windows-1251"
)

// columns of the register file: the Russian name and the plain one.
var columns = []struct {
	field Field
	names []string
}{
	{FieldSurname, []string{"фамилия", "surname"}},
	{FieldName, []string{"имя", "name"}},
	{FieldPatronymic, []string{"отчество", "patronymic"}},
	{FieldBirthDate, []string{"дата рождения", "birth_date"}},
	{FieldDocument, []string{"документ", "document"}},
	{FieldAddress, []string{"адрес", "address"}},
	{FieldTerritory, []string{"территория", "territory"}},
}

// reader gives the electors of a register file, one after the other.
type reader struct {
	lines *csv.Reader
	// place of each column in a record.
	place map[Field]int
}

func newReader(r io.Reader, encoding Encoding) (*reader, error) {
	switch encoding {
	case UTF8, "":
	case Windows1251:
		r = transform.NewReader(r, charmap.Windows1251.NewDecoder())
	default:
		return nil, fmt.Errorf("register file: encoding %q is neither utf-8 nor windows-1251", encoding)
	}
	buffered := bufio.NewReaderSize(r, 1<<16)
	start, err := buffered.Peek(3)
	if err == nil && string(start) == "\ufeff" {
		_, _ = buffered.Discard(3) // it was peeked at
	}
	head, err := buffered.Peek(buffered.Size())
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read register file: %w", err)
	}
	first, _, _ := strings.Cut(string(head), "\n")
	if !utf8.ValidString(first) {
		return nil, errors.New("register file: line 1 is not UTF-8; if it is Windows-1251, say so (--encoding windows-1251)")
	}
	lines := csv.NewReader(buffered)
	lines.ReuseRecord = true
	if strings.Contains(first, ";") {
		lines.Comma = ';'
	}
	names, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("register file, line 1: %s", csvReason(err))
	}
	place, err := places(names)
	if err != nil {
		return nil, fmt.Errorf("register file, line 1: %w", err)
	}
	return &reader{lines: lines, place: place}, nil
}

func places(names []string) (map[Field]int, error) {
	place := map[Field]int{}
	for i, name := range names {
		name = strings.Join(strings.Fields(strings.ToLower(name)), " ")
		for _, c := range columns {
			if !slices.Contains(c.names, name) {
				continue
			}
			if _, twice := place[c.field]; twice {
				return nil, fmt.Errorf("column %q stands twice", name)
			}
			place[c.field] = i
		}
	}
	for _, c := range columns {
		if _, there := place[c.field]; !there {
			return nil, fmt.Errorf("column %q (or %q) is missing", c.names[0], c.names[1])
		}
	}
	return place, nil
}

// lineError is a bad line; after the last one nothing more can be read.
type lineError struct {
	reason string
	last   bool
}

func (e *lineError) Error() string { return e.reason }

// next gives the next elector and its line. io.EOF ends the file; a lineError
// is a bad line.
func (r *reader) next(territories map[string]Territory) (Elector, int, error) {
	record, err := r.lines.Read()
	if errors.Is(err, io.EOF) {
		return Elector{}, 0, io.EOF
	}
	line := lineOf(r.lines, err)
	if err != nil {
		return Elector{}, line, &lineError{reason: csvReason(err), last: !errors.Is(err, csv.ErrFieldCount)}
	}
	at := func(f Field) string { return strings.TrimSpace(record[r.place[f]]) }
	e := Elector{
		Person: Person{
			Surname: at(FieldSurname), Name: at(FieldName), Patronymic: at(FieldPatronymic),
			BirthDate: at(FieldBirthDate), Document: at(FieldDocument), Address: at(FieldAddress),
		},
		Territory: at(FieldTerritory),
	}
	if field, err := e.Check(); err != nil {
		return Elector{}, line, &lineError{reason: fmt.Sprintf("%s: %v", field, err)}
	}
	if _, known := territories[e.Territory]; !known {
		return Elector{}, line, &lineError{reason: "territory: not in the territories file"}
	}
	e.BirthDate, _ = ParseDate(e.BirthDate) // checked above
	return e, line, nil
}
