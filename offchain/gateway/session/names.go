package session

import (
	"errors"

	"github.com/urna-vote/urna/offchain/gateway/login"
)

var names = []struct {
	err  error
	name string
}{
	{ErrPurpose, "login-purpose"},
	{ErrReturn, "login-return"},
	{ErrAttempt, "login-over"},
	{ErrBrowser, "login-browser"},
	{ErrUnconfirmed, "login-unconfirmed"},
	{ErrUnknownPerson, "login-not-listed"},
	{ErrNoSession, "session"},
	{login.ErrDeclined, "login-declined"},
	{login.ErrAnswer, "login-answer"},
	{login.ErrUnavailable, "login-portal"},
}

// Name of a refusal in the API; empty for what is no refusal but a fault of the
// gateway.
func Name(err error) string {
	for _, n := range names {
		if errors.Is(err, n.err) {
			return n.name
		}
	}
	return ""
}
