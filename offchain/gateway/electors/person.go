package electors

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Person is what identifies an elector. It prints as a redaction.
type Person struct {
	Surname, Name, Patronymic string
	// BirthDate is YYYY-MM-DD.
	BirthDate string
	// Document is series and number.
	Document string
	// Address of residence.
	Address string
}

// Elector is a line of the register. It prints as a redaction.
type Elector struct {
	Person
	// Territory is a code.
	Territory string
}

// Format prints a redaction for every verb.
func (Person) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[person]") }

// MarshalText refuses: what is kept of a person is sealed field by field.
func (Person) MarshalText() ([]byte, error) {
	return nil, errors.New("a person has no text form")
}

// Format prints a redaction for every verb.
func (Elector) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[elector]") }

// Field names a field of a person in answers and files.
type Field string

// The fields.
const (
	FieldSurname    Field = "surname"
	FieldName       Field = "name"
	FieldPatronymic Field = "patronymic"
	FieldBirthDate  Field = "birth_date"
	FieldDocument   Field = "document"
	FieldAddress    Field = "address"
	FieldTerritory  Field = "territory"
)

const (
	maxName     = 200
	maxDocument = 40
	maxAddress  = 1000
)

// ErrEmpty: a field that must not be empty is.
var ErrEmpty = errors.New("empty")

// Check names the first field that is missing or cannot be right.
func (p Person) Check() (Field, error) {
	for _, f := range []struct {
		field Field
		text  string
		max   int
		empty bool
	}{
		{FieldSurname, p.Surname, maxName, false},
		{FieldName, p.Name, maxName, false},
		{FieldPatronymic, p.Patronymic, maxName, true},
		{FieldDocument, p.Document, maxDocument, false},
		{FieldAddress, p.Address, maxAddress, false},
	} {
		switch {
		case !utf8.ValidString(f.text) || strings.ContainsFunc(f.text, unicode.IsControl):
			return f.field, errors.New("has characters that do not belong there")
		case formula(f.text):
			return f.field, errors.New("must not begin with = + - or @")
		case len(f.text) > f.max:
			return f.field, fmt.Errorf("longer than %d bytes", f.max)
		case !f.empty && strings.TrimSpace(f.text) == "":
			return f.field, ErrEmpty
		}
	}
	if document := normalDocument(p.Document); len(document) < 4 {
		return FieldDocument, errors.New("fewer than four letters or digits")
	}
	if normalName(p.Surname) == "" || normalName(p.Name) == "" {
		return FieldSurname, errors.New("no letter in surname or name")
	}
	if strings.TrimSpace(p.BirthDate) == "" {
		return FieldBirthDate, ErrEmpty
	}
	if _, err := ParseDate(p.BirthDate); err != nil {
		return FieldBirthDate, err
	}
	return "", nil
}

// formula reports whether a spreadsheet that opens a list would compute a text. A
// dash alone stands for a patronymic that there is not.
func formula(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) > 1 && strings.IndexAny(text, "=+-@") == 0
}

// ParseDate reads DD.MM.YYYY or YYYY-MM-DD and gives the latter.
func ParseDate(text string) (string, error) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{time.DateOnly, "02.01.2006"} {
		if at, err := time.Parse(layout, text); err == nil {
			if at.Year() < 1880 || at.Year() > 2200 {
				return "", errors.New("a year in which no voter was born")
			}
			return at.Format(time.DateOnly), nil
		}
	}
	return "", errors.New("not a date such as 31.12.1980 or 1980-12-31")
}

// normal is a person in the spelling that is compared.
func (p Person) normal() Person {
	date, _ := ParseDate(p.BirthDate) // an empty date equals no one's
	return Person{
		Surname: normalName(p.Surname), Name: normalName(p.Name), Patronymic: normalName(p.Patronymic),
		BirthDate: date, Document: normalDocument(p.Document), Address: normalAddress(p.Address),
	}
}

// SameIdentity says whether names, date of birth and document are equal.
func (p Person) SameIdentity(q Person) bool {
	return len(p.differences(q)) == 0
}

// Over joins what is vouched for (p) with what somebody says (said): fields of p
// that are not empty stand, and said may repeat but not change them. The error's
// text is the field's name.
func (p Person) Over(said Person) (Person, error) {
	a, b := p.normal(), said.normal()
	out := p
	for _, f := range []struct {
		field          Field
		into           *string
		said           string
		known, claimed string
	}{
		{FieldSurname, &out.Surname, said.Surname, a.Surname, b.Surname}, {FieldName, &out.Name, said.Name, a.Name, b.Name},
		{FieldPatronymic, &out.Patronymic, said.Patronymic, a.Patronymic, b.Patronymic},
		{FieldBirthDate, &out.BirthDate, said.BirthDate, a.BirthDate, b.BirthDate},
		{FieldDocument, &out.Document, said.Document, a.Document, b.Document}, {FieldAddress, &out.Address, said.Address, a.Address, b.Address},
	} {
		switch {
		case *f.into == "":
			*f.into = strings.TrimSpace(f.said)
		case f.said != "" && f.known != f.claimed:
			return Person{}, errors.New(string(f.field))
		}
	}
	return out, nil
}

// differences lists the fields of identity in which two persons differ.
func (p Person) differences(q Person) []Field {
	a, b := p.normal(), q.normal()
	var out []Field
	for _, f := range []struct {
		field Field
		a, b  string
	}{
		{FieldSurname, a.Surname, b.Surname}, {FieldName, a.Name, b.Name}, {FieldPatronymic, a.Patronymic, b.Patronymic},
		{FieldBirthDate, a.BirthDate, b.BirthDate}, {FieldDocument, a.Document, b.Document},
	} {
		if f.a != f.b {
			out = append(out, f.field)
		}
	}
	return out
}

func lower(r rune) rune {
	if r = unicode.ToLower(r); r == 'ё' {
		return 'е'
	}
	return r
}

// normalName keeps letters, dashes and apostrophes, words apart by one blank.
func normalName(text string) string {
	var out strings.Builder
	blank := false
	for _, r := range compose(text) {
		switch r = lower(r); {
		case unicode.Is(unicode.Pd, r) || r == '−':
			// No blank before or after a dash.
			out.WriteByte('-')
			blank = false
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '\'' || r == '’':
			if r == '’' {
				r = '\''
			}
			if blank && out.Len() > 0 && !strings.HasSuffix(out.String(), "-") {
				out.WriteByte(' ')
			}
			out.WriteRune(r)
			blank = false
		default:
			blank = true
		}
	}
	// A dash alone stands for "none".
	return strings.Trim(out.String(), "-")
}

// compose joins the two ways of writing й and ё: letter and mark apart.
func compose(text string) string {
	return strings.NewReplacer("и\u0306", "й", "И\u0306", "Й", "е\u0308", "ё", "Е\u0308", "Ё").Replace(text)
}

// documentWords stand around series and number and mean nothing.
var documentWords = strings.NewReplacer("СЕРИЯ", " ", "НОМЕР", " ", "ПАСПОРТ", " ", "РФ", " ", "№", " ")

// normalDocument keeps letters and digits.
func normalDocument(text string) string {
	var out strings.Builder
	for _, r := range documentWords.Replace(strings.ToUpper(text)) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			out.WriteRune(r)
		}
	}
	return out.String()
}

// short forms under which words of an address are usual.
var short = map[string]string{
	"город": "г", "улица": "ул", "дом": "д", "квартира": "кв", "область": "обл", "район": "рн", "республика": "респ",
	"проспект": "пр", "пркт": "пр", "просп": "пр", "переулок": "пер", "площадь": "пл", "бульвар": "б", "бул": "б", "бр": "б",
	"шоссе": "ш", "набережная": "наб", "корпус": "к", "корп": "к", "строение": "стр", "поселок": "п", "пос": "п",
	"село": "с", "деревня": "дер", "проезд": "прд", "литера": "лит",
}

// normalAddress gives the words of an address in their order. A dash within a
// word is dropped ("р-н", "пр-кт", "12-а"), other signs part words.
func normalAddress(text string) string {
	clean := strings.Map(func(r rune) rune {
		switch r = lower(r); {
		case unicode.Is(unicode.Pd, r):
			return '-'
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return r
		}
		return ' '
	}, compose(text))
	words := strings.Fields(clean)
	for i, w := range words {
		w = strings.ReplaceAll(w, "-", "")
		if s, ok := short[w]; ok {
			w = s
		}
		words[i] = w
	}
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	return strings.Join(words, " ")
}
