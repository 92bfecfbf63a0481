package issue

import (
	"errors"
	"fmt"
)

// Classes of refusal. Those of package auth come besides.
var (
	// ErrUnknownElection: not on this chain, or not issued for by this gateway.
	ErrUnknownElection = errors.New("unknown election")
	// ErrRequest: the request cannot be right, whoever asks.
	ErrRequest = errors.New("request is not well-formed")
	// ErrNotOpen: no tokens are issued now, or another panel issues them.
	ErrNotOpen = errors.New("tokens are not issued here now")
	// ErrEntry: the entry is not in the roll, removed, or has its token.
	ErrEntry = errors.New("entry gets no token")
	// ErrOtherRecord: another record was endorsed for the entry.
	ErrOtherRecord = errors.New("another request was endorsed for this entry")
	// ErrNotOnRecord: the ledger does not show, or not yet, a record that names
	// this blinded message for this gateway.
	ErrNotOnRecord = errors.New("not on record")
	// ErrNode: the gateway's node does not answer, or what it answers is not proven.
	ErrNode = errors.New("node of the gateway does not answer")
)

// Refusal names the field at fault and the reason. Its class is one of the above.
type Refusal struct {
	Class  error
	Field  string
	Reason string
}

func refuse(class error, field, format string, args ...any) error {
	return &Refusal{Class: class, Field: field, Reason: fmt.Sprintf(format, args...)}
}

func (r *Refusal) Error() string { return fmt.Sprintf("%v: %s: %s", r.Class, r.Field, r.Reason) }

func (r *Refusal) Unwrap() error { return r.Class }
