package login

import (
	"fmt"
	"io"
)

// Account is who the portal says it is.
type Account struct {
	// Subject names the account at this portal, for ever and for every client.
	Subject string
	// Confirmed: the portal checked the person's identity against documents.
	Confirmed bool
	// Person is nil unless the attempt asked for it.
	Person *Person
}

// Person is what a portal knows of an account's owner. A field that the portal
// did not say, or holds unverified where it verifies, is empty.
type Person struct {
	Surname, Name, Patronymic string
	// BirthDate is YYYY-MM-DD.
	BirthDate string
	// Document is series and number of the passport, digits only as a rule.
	Document string
	// Citizenship is a country code of ISO 3166-1 alpha-3.
	Citizenship string
	// Address of residence in one line.
	Address string
	// Phone is +, country code and number, digits only.
	Phone string
	Mail  string
}

// Format prints a redaction for every verb.
func (a Account) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[account]") }

// MarshalText refuses.
func (a Account) MarshalText() ([]byte, error) { return nil, errNoText }

// Format prints a redaction for every verb.
func (p Person) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[person]") }

// MarshalText refuses.
func (p Person) MarshalText() ([]byte, error) { return nil, errNoText }

// PlainPhone strips what people put between the digits of a phone number; the
// result is + and digits, or empty where that is not what remains.
func PlainPhone(phone string) string {
	plain := []byte{'+'}
	for i, r := range phone {
		switch {
		case r >= '0' && r <= '9':
			plain = append(plain, byte(r))
		case r == '+' && i == 0, r == ' ', r == '(', r == ')', r == '-', r == '\u00a0':
		default:
			return ""
		}
	}
	if len(plain) < 8 || len(plain) > 16 {
		return ""
	}
	return string(plain)
}
