package applications

import (
	"errors"
	"fmt"
	"io"
	"net/mail"
	"regexp"
	"strings"

	"github.com/urna-vote/urna/offchain/gateway/electors"
	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/texts"
)

// Form is what a person fills in. It prints as a redaction.
type Form struct {
	electors.Person
	Citizenship string
	Phone, Mail string
	Language    texts.Language
}

// Format prints a redaction for every verb.
func (Form) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[application form]") }

// MarshalText refuses.
func (Form) MarshalText() ([]byte, error) { return nil, errors.New("an application has no text form") }

// FieldError is a field that cannot be taken as it is. It repeats nothing of it.
type FieldError struct {
	Field  string
	Reason string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

// Fields of a form besides a person's.
const (
	FieldCitizenship = "citizenship"
	FieldPhone       = "phone"
	FieldMail        = "mail"
	FieldLanguage    = "language"

	// fieldPerson is all of a person's at once.
	fieldPerson = "person"
)

// Prefill is the form as the portal knows it.
func Prefill(account login.Account) Form {
	f := Form{Language: texts.Russian}
	if p := account.Person; p != nil {
		f.Person = electors.Person{Surname: p.Surname, Name: p.Name, Patronymic: p.Patronymic, BirthDate: p.BirthDate, Document: p.Document, Address: p.Address}
		f.Citizenship, f.Phone, f.Mail = p.Citizenship, p.Phone, p.Mail
	}
	return f
}

// prepare puts the form together from what the portal vouches for and what the
// person filled in, which cannot change the former.
func prepare(account login.Account, form Form) (f Form, attested bool, err error) {
	f = form
	known := Prefill(account)
	if f.Person, err = known.Person.Over(form.Person); err != nil {
		return f, false, &FieldError{err.Error(), "differs from what the portal has; correct it at the portal"}
	}
	f.Citizenship = strings.ToUpper(strings.TrimSpace(f.Citizenship))
	if known.Citizenship != "" {
		if f.Citizenship != "" && f.Citizenship != strings.ToUpper(known.Citizenship) {
			return f, false, &FieldError{FieldCitizenship, "differs from what the portal has; correct it at the portal"}
		}
		f.Citizenship = strings.ToUpper(known.Citizenship)
	}
	if f.Phone, err = NormalPhone(f.Phone); err != nil {
		return f, false, &FieldError{FieldPhone, err.Error()}
	}
	if f.Mail, err = normalMail(f.Mail); err != nil {
		return f, false, &FieldError{FieldMail, err.Error()}
	}
	switch f.Language {
	case "":
		f.Language = texts.Russian
	case texts.Russian, texts.English:
	default:
		return f, false, &FieldError{FieldLanguage, "ru or en"}
	}
	if len(f.Citizenship) > 3 {
		return f, false, &FieldError{FieldCitizenship, "three letters such as RUS"}
	}
	k := known.Person
	return f, k.Surname != "" && k.Name != "" && k.BirthDate != "" && k.Document != "", nil
}

var phone = regexp.MustCompile(`^\+[1-9][0-9]{9,14}$`)

// NormalPhone writes a phone as + and digits. What begins with 8 and has eleven
// digits is a Russian number as it is dialled within the country.
func NormalPhone(text string) (string, error) {
	clean := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "\u00a0", "").Replace(text)
	if len(clean) == 11 && clean[0] == '8' {
		clean = "+7" + clean[1:]
	}
	if !phone.MatchString(clean) {
		return "", errors.New("not a phone number in international form such as +79001234567")
	}
	return clean, nil
}

// maxContact limits a mail address and a subject in bytes, as lists for issuers do.
const maxContact = 200

func normalMail(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", nil
	}
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text || len(text) > maxContact || strings.ContainsAny(text, `,"`) {
		return "", errors.New("not a mail address that messages can be sent to")
	}
	return text, nil
}
