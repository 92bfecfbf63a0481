package login

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
)

// What a portal's answer can be besides an account. Texts name no person and
// nothing the portal sent.
var (
	// ErrUnavailable: the portal cannot be reached or answers with a fault of
	// its own. The person may try again with a new attempt.
	ErrUnavailable = errors.New("the portal does not answer; try again in a minute")
	// ErrDeclined: the person, or the portal on behalf of the person, said no.
	ErrDeclined = errors.New("the log-in was not completed at the portal; start again")
	// ErrAnswer: the answer is not the answer to this attempt, or is not the
	// portal's. Nothing of it is used.
	ErrAnswer = errors.New("the portal's answer does not belong to this log-in; start again")
)

// Provider is a portal as one client of it sees it.
type Provider interface {
	// Start is the address that the browser goes to.
	Start(ctx context.Context, a Attempt) (redirect string, err error)
	// Finish checks the query that the browser brought back to a.Redirect and
	// asks the portal who it is. Its errors wrap ErrUnavailable, ErrDeclined or
	// ErrAnswer, or the context's.
	Finish(ctx context.Context, a Attempt, query url.Values) (Account, error)
}

// Attempt is one log-in under way. Whoever holds it can finish it, so it is kept
// like a secret.
type Attempt struct {
	// State is a random UUID (some portals take nothing else).
	State string
	// Nonce binds the answer to a purpose: what the account is asked for.
	Nonce string
	// Verifier is the PKCE code verifier, 43 characters.
	Verifier string
	// Redirect is where the browser is to come back to, as registered.
	Redirect string
	// Person asks for the person's data besides the subject: wanted where an
	// application is filed, and nowhere else.
	Person bool
}

// NewAttempt draws state and verifier.
func NewAttempt(random io.Reader, nonce, redirect string) (Attempt, error) {
	var b [16 + 32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return Attempt{}, fmt.Errorf("draw log-in attempt: %w", err)
	}
	return Attempt{
		State:    UUID([16]byte(b[:16])),
		Nonce:    nonce,
		Verifier: base64.RawURLEncoding.EncodeToString(b[16:]),
		Redirect: redirect,
	}, nil
}

// UUID spells random bytes as a UUID of version 4 (RFC 9562).
func UUID(b [16]byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// CheckState compares the state that came back, in constant time, and turns the
// portal's refusal into an error. State is looked at first: an answer of another
// attempt does not even get to say no.
func (a Attempt) CheckState(query url.Values) error {
	if len(query["state"]) != 1 || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(a.State)) != 1 {
		return fmt.Errorf("check state: %w", ErrAnswer)
	}
	if !query.Has("error") {
		return nil
	}
	switch query.Get("error") {
	case "access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required":
		return fmt.Errorf("read answer: %w", ErrDeclined)
	case "server_error", "temporarily_unavailable":
		return fmt.Errorf("read answer: %w", ErrUnavailable)
	}
	// The person can do nothing about a question that the portal does not take.
	return fmt.Errorf("read answer: the portal refuses this gateway's question, check the client's registration: %w", ErrUnavailable)
}

// Code is the authorization code of an answer that passed CheckState.
func Code(query url.Values) (string, error) {
	if len(query["code"]) != 1 || query.Get("code") == "" || len(query.Get("code")) > maxCode {
		return "", fmt.Errorf("read code: %w", ErrAnswer)
	}
	return query.Get("code"), nil
}

// Codes of the Russian portal are signed tokens of some 1,500 characters.
const maxCode = 8192

// Format prints a redaction for every verb.
func (a Attempt) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[log-in attempt]") }

// MarshalText refuses: an attempt is kept field by field by whoever means to.
func (a Attempt) MarshalText() ([]byte, error) { return nil, errNoText }

var errNoText = errors.New("this value has no text form: it would end up where it is not meant to be")
