package people

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Languages of a person.
const (
	Russian = "ru"
	English = "en"
)

// maxField limits subject, phone and mail in bytes.
const maxField = 200

// Person of a roll. It prints as a redaction.
type Person struct {
	Election [32]byte
	Entry    [32]byte
	Style    uint32
	// Subject of the account at the portal.
	Subject string
	// Phone as "+" and digits, Mail, either may be empty: how the person is reached.
	Phone string
	Mail  string
	// Language of messages, "ru" or "en".
	Language string
}

// Format prints a redaction for every verb.
func (p Person) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[person]") }

// MarshalText refuses.
func (p Person) MarshalText() ([]byte, error) {
	return nil, errors.New("a person has no text form but the list of persons")
}

// check names what is wrong, and no value.
func (p *Person) check() error {
	switch {
	case p.Subject == "":
		return errors.New("subject is empty")
	case p.Language != Russian && p.Language != English:
		return errors.New("language is neither ru nor en")
	case p.Phone == "" && p.Mail == "":
		return errors.New("neither phone nor mail: no code can be sent")
	case p.Phone != "" && !isPhone(p.Phone):
		return errors.New("phone is not + and 7 to 15 digits")
	case p.Mail != "" && (strings.Count(p.Mail, "@") != 1 || strings.HasPrefix(p.Mail, "@") || strings.HasSuffix(p.Mail, "@")):
		return errors.New("mail is not an address")
	}
	for name, value := range map[string]string{"subject": p.Subject, "phone": p.Phone, "mail": p.Mail} {
		if len(value) > maxField || !utf8.ValidString(value) || strings.ContainsAny(value, `,"`) || strings.ContainsFunc(value, unicode.IsControl) {
			return fmt.Errorf("%s has more than %d bytes, a comma, a quote or a control character", name, maxField)
		}
	}
	return nil
}

func isPhone(s string) bool {
	digits, ok := strings.CutPrefix(s, "+")
	if !ok || len(digits) < 7 || len(digits) > 15 {
		return false
	}
	return !strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
}

// Sort brings a list into the order of the file.
func Sort(list []Person) {
	slices.SortFunc(list, func(a, b Person) int { return cmp.Or(bytes.Compare(a.Entry[:], b.Entry[:])) })
}
