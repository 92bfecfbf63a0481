package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
)

// loginRefusal says in the person's language why a log-in failed and what to do
// next. By the browser comes the refusal's name only.
type loginRefusal struct{ session.LoginError }

func (r *loginRefusal) Error() string {
	who, name := terminal.Plain(r.Issuer), terminal.Plain(r.Name)
	kind, known := texts.Find(r.Name)
	if !known || !(strings.HasPrefix(r.Name, "login-") || kind == texts.Internal) {
		return say("login-refused", who, name)
	}
	in := func(b texts.Both) string {
		return b.Fill(map[string]any{"wait": time.Minute}).In(texts.Language(language()))
	}
	return fmt.Sprintf("%s: %s. %s %s (%s)", who, in(kind.Title), in(kind.Detail), in(kind.Next), name)
}

// Unwrap gives what the voter's side knows it as.
func (r *loginRefusal) Unwrap() error { return &r.LoginError }

// refusedOr marks a gateway's refusal for the exit code. A log-in's is told alone:
// it says what to do, and what was being done adds nothing.
func refusedOr(err error) error {
	var login *loginRefusal
	if errors.As(err, &login) {
		return terminal.Refused(login)
	}
	var refusal *issuer.Refusal
	if errors.As(err, &refusal) {
		return terminal.Refused(err)
	}
	return err
}

// notCorrectable are the reasons of a rejection that no other data would change.
var notCorrectable = []string{"late", "territory", "duplicate", "struck"}

// rejected is the end of a command whose application was rejected; why and what
// else can be done the gateway has said.
func rejected(a api.Application) error {
	if slices.Contains(notCorrectable, a.Reason) {
		return terminal.Refused(errors.New(say("rejected")))
	}
	return terminal.Refused(errors.New(say("rejected-correct")))
}
