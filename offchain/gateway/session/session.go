package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/vault"
	"github.com/urna-vote/urna/proto/api"
)

// How long a log-in may take, and a session lasts.
const (
	AttemptTime = 10 * time.Minute
	SessionTime = 30 * time.Minute
)

// Purpose is what a person logs in for.
type Purpose string

// The purposes.
const (
	// Token: to have one request endorsed.
	Token Purpose = api.PurposeToken
	// Application: to see and change the own application.
	Application Purpose = api.PurposeApplication
	// Dispute: to say that a token was endorsed which the person did not ask for.
	Dispute Purpose = api.PurposeDispute
)

// Refusals. Their texts name no person.
var (
	// ErrPurpose: this gateway has no such purpose, or the request does not fit it.
	ErrPurpose = errors.New("log-in has no such purpose here")
	// ErrReturn: the browser would be sent to a stranger.
	ErrReturn = errors.New("return address is neither a page this gateway knows nor a loopback address of this device")
	// ErrAttempt: no such log-in, or it took too long, or its answer came already.
	ErrAttempt = errors.New("this log-in is not known, over or used; start again")
	// ErrBrowser: the answer of the portal came with another browser.
	ErrBrowser = errors.New("this log-in was begun in another browser; start again here")
	// ErrUnconfirmed: the portal did not check who the account's owner is.
	ErrUnconfirmed = errors.New("the account at the portal is not a confirmed one")
	// ErrUnknownPerson: the account stands in no list of this election here.
	ErrUnknownPerson = errors.New("the account is not in this election's list of remote voters")
	// ErrNoSession: the bearer opens nothing, or no longer.
	ErrNoSession = errors.New("no session; log in again")
)

// Roll knows the persons of an election.
type Roll interface {
	// Whose says which entry is an account's; known is false where it has none.
	Whose(ctx context.Context, election [32]byte, subject string) (entry [32]byte, style uint32, known bool, err error)
}

// Config is what a Store is made of.
type Config struct {
	Database *database.DB
	Vault    vault.Key
	// Portal that people log in at.
	Portal login.Provider
	Roll   Roll
	// Operator is the issuer's key, which the device knows from the election; zero
	// where no token is issued.
	Operator [32]byte
	// Public address of the gateway ("https://gateway.example"), where browsers
	// find /login; registered at the portal with /login/callback.
	Public string
	// Origins of pages to which a browser may be sent back.
	Origins []string
	// Purposes that this gateway serves.
	Purposes []Purpose
	Now      func() time.Time
	Random   io.Reader
}

// Session is what a bearer opens. It prints as a redaction.
type Session struct {
	// Key names the session within the gateway; it opens nothing.
	Key      [32]byte
	Purpose  Purpose
	Election [32]byte
	// Request is what a session of purpose Token endorses, and nothing else.
	Request [32]byte
	// Entry and Style of the person; of no meaning where the purpose is Application.
	Entry [32]byte
	Style uint32
	// Account at the portal, where the purpose is Application.
	Account login.Account
	// Confirmed is the channel of the one-time code that was shown in this session,
	// 0 if none was.
	Confirmed notice.Channel
	Ends      time.Time
}

// Mark is four digits that a device shows and the message with its code repeats.
func (s Session) Mark() string {
	return fmt.Sprintf("%04d", (uint32(s.Key[0])<<16|uint32(s.Key[1])<<8|uint32(s.Key[2]))%10_000)
}

// Format prints a redaction for every verb.
func (s Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[session]") }

// MarshalText refuses.
func (s Session) MarshalText() ([]byte, error) {
	return nil, errors.New("a session has no text form: it would end up where it is not meant to be")
}
