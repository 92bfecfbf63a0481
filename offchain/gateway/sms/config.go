package sms

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

// Config is what a Client is made of.
type Config struct {
	// Address of the centre, host:port.
	Address string
	// SystemID (at most 15 characters), Password (at most 8) and SystemType (at
	// most 12, mostly empty) are what the provider gave.
	SystemID   string
	Password   Password
	SystemType string
	// Sender is what a phone shows: a name of at most 11 characters, a number
	// with "+", or a short number.
	Sender string
	// TLS, if not nil, is spoken instead of plain TCP.
	TLS *tls.Config
	// UCS2 sends every text as UCS-2, for centres whose default alphabet is not
	// that of GSM.
	UCS2 bool
	// Rate is how many parts a second are submitted at most, and Window how many
	// may be unanswered.
	Rate   float64
	Window int
	// Enquire is the silence after which the centre is asked whether it lives.
	Enquire time.Duration
	// Timeout bounds connecting, binding and writing.
	Timeout time.Duration
	// Answer is how long an answer to submit_sm is waited for. It is long: a slow
	// centre is not to get every message twice.
	Answer time.Duration
	// Retry is the pause after the first failed connection; it doubles to
	// RetryMax.
	Retry, RetryMax time.Duration
	// Now is the clock, and Log takes the connection's story.
	Now func() time.Time
	Log *slog.Logger
}

// Password prints a redaction and has no marshaller.
type Password string

// Format prints the redaction whatever the verb.
func (Password) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("sms.Password(redacted)")) }

// LogValue is the redaction in a log.
func (Password) LogValue() slog.Value { return slog.StringValue("sms.Password(redacted)") }

// MarshalText refuses: a password is written nowhere.
func (Password) MarshalText() ([]byte, error) {
	return nil, errors.New("write password: it is not to be written")
}

// Default is a configuration without address, account, clock and log.
func Default() Config {
	return Config{
		Rate: 50, Window: 32,
		Enquire: 15 * time.Second, Timeout: 10 * time.Second, Answer: 30 * time.Second,
		Retry: 500 * time.Millisecond, RetryMax: 15 * time.Second,
	}
}

func (c Config) validate() error {
	switch {
	case c.Address == "":
		return errors.New("make SMS client: it needs the centre's address (host:port)")
	case c.SystemID == "" || len(c.SystemID) >= data.SM_SYSID_LEN:
		return fmt.Errorf("make SMS client: system_id must have 1 to %d characters", data.SM_SYSID_LEN-1)
	case len(c.Password) >= data.SM_PASS_LEN:
		return fmt.Errorf("make SMS client: an SMPP password has at most %d characters", data.SM_PASS_LEN-1)
	case len(c.SystemType) >= data.SM_SYSTYPE_LEN:
		return fmt.Errorf("make SMS client: system_type has at most %d characters", data.SM_SYSTYPE_LEN-1)
	case strings.ContainsRune(c.SystemID+string(c.Password)+c.SystemType+c.Sender, 0):
		return errors.New("make SMS client: system_id, password, system_type and sender cannot hold a zero byte")
	case c.Rate < 1 || c.Rate > 100_000 || math.IsNaN(c.Rate) || c.Window < 1 || c.Window > 10_000:
		return errors.New("make SMS client: rate must be 1 to 100000 a second and window 1 to 10000")
	case c.Enquire <= 0 || c.Timeout <= 0 || c.Answer <= 0 || c.Retry <= 0 || c.RetryMax < c.Retry:
		return errors.New("make SMS client: every time must be positive, and retry at most retry_max")
	case c.Now == nil || c.Log == nil:
		return errors.New("make SMS client: it needs a clock and a log")
	}
	_, err := source(c.Sender)
	return err
}

// source is the sender's address with the kind of number its form shows.
func source(sender string) (pdu.Address, error) {
	digits := strings.TrimPrefix(sender, "+")
	var a pdu.Address
	switch {
	case sender == "":
		return pdu.NewAddressWithTonNpi(data.GSM_TON_UNKNOWN, data.GSM_NPI_UNKNOWN), nil
	case !number(digits):
		if len(sender) > 11 {
			return a, errors.New("make SMS client: a sender's name has at most 11 characters")
		}
		a = pdu.NewAddressWithTonNpi(data.GSM_TON_ALPHANUMERIC, data.GSM_NPI_UNKNOWN)
		digits = sender
	case digits != sender:
		a = pdu.NewAddressWithTonNpi(data.GSM_TON_INTERNATIONAL, data.GSM_NPI_E164)
	default:
		a = pdu.NewAddressWithTonNpi(data.GSM_TON_UNKNOWN, data.GSM_NPI_E164)
	}
	if err := a.SetAddress(digits); err != nil {
		return a, fmt.Errorf("make SMS client: sender: %w", err)
	}
	return a, nil
}

// destination is a phone in international form; ok says whether it is one.
func destination(to string) (pdu.Address, bool) {
	digits, plus := strings.CutPrefix(to, "+")
	a := pdu.NewAddressWithTonNpi(data.GSM_TON_INTERNATIONAL, data.GSM_NPI_E164)
	if !plus || !number(digits) || len(digits) < 7 || len(digits) > 15 {
		return a, false
	}
	return a, a.SetAddress(digits) == nil
}

func number(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}
