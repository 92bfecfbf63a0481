package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/register"
)

// ErrCredential: no such entry, or pass, code or style is not the entry's.
// Which of them it is, the answer does not say.
var ErrCredential = errors.New("this voter key and access code do not open this entry; check the slip and the ballot style")

// WaitError: too many wrong codes; nothing is looked at before Wait is over.
type WaitError struct {
	Wait time.Duration
}

func (e *WaitError) Error() string {
	return fmt.Sprintf("too many wrong codes for this entry; try again in %s", e.Wait.Round(time.Second))
}

// Claim is what a person says and shows.
type Claim struct {
	Election [32]byte
	Entry    [32]byte
	Style    uint32
	// Pass of the voter key; none within a session of the portal.
	Pass [32]byte
	// Bearer of a session, empty without one.
	Bearer string
	// Code as typed.
	Code string
	// Request is the hash of all that is asked for. It is computed from the record
	// after Screen, and what is bound must be bound to it.
	Request [32]byte
}

// Format prints a redaction for every verb.
func (c Claim) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[access claim]")) }

// Verdict of an authenticator.
type Verdict struct {
	// Refusal is nil for the right person, else ErrCredential, a *WaitError, a
	// *CodeError, ErrOtherRequest or session.ErrNoSession.
	Refusal error
	// Counted: the state changed with the refusal and must be kept.
	Counted bool
}

// Authenticator decides claims.
type Authenticator interface {
	// Screen judges a claim by committed state alone, so that most bad ones
	// cost no write. Its yes is not final.
	Screen(ctx context.Context, c Claim) (Verdict, error)
	// Decide judges and counts within the transaction that will hold what the
	// claim is good for.
	Decide(tx *register.Tx, c Claim) (Verdict, error)
	// Bound is called after Decide in the transaction that binds the entry's
	// first record, and only there.
	Bound(tx *register.Tx, c Claim) error
}
