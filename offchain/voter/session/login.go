package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// Portal is a member's gateway at which a person logs in.
type Portal interface {
	Login(context.Context, api.LoginRequest) (api.LoginAnswer, error)
	Session(context.Context, api.SessionRequest) (issuer.Bearer, api.SessionAnswer, error)
	SendCode(ctx context.Context, session issuer.Bearer, channel string) (api.CodeAnswer, error)
	CodeState(ctx context.Context, session issuer.Bearer) (api.CodeAnswer, error)
	EndorseAs(ctx context.Context, session issuer.Bearer, r api.TokenRequest) ([]byte, error)
}

// Visit is one log-in for the person's browser: it opens URL and ends at Return.
type Visit struct {
	Issuer      string
	URL, Return string
}

// Format prints a redaction for every verb: the addresses name a log-in.
func (Visit) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[log-in]") }

// Question asks the person for the code that a member has sent.
type Question struct {
	Issuer string
	// Member of Members, counted from 1: what the message says.
	Member, Members int
	// Mark that the message must show: with another it is for somebody else's
	// session.
	Mark string
	// Channel by which it was sent; Channels by which it can be sent.
	Channel  string
	Channels []string
	// Refusal of the code typed before, nil at the first time.
	Refusal error
}

// Reply to a question: a code, or the channel by which another is to be sent.
type Reply struct {
	Code   string
	Resend string
}

// Format prints a redaction for every verb.
func (Reply) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[one-time code]") }

// Person sits before the device: its browser logs in, its telephone gets codes.
type Person interface {
	// Returns gives so many different addresses at which a browser comes back.
	Returns(n int) ([]string, error)
	// LogIn has the browser make the visits in their order, each beginning where
	// the one before came back, so that the person sees one way. It gives what
	// came back of each: the value of "login". A *LoginError says that a log-in
	// failed.
	LogIn(ctx context.Context, visits []Visit) ([]string, error)
	// Code asks for a code.
	Code(ctx context.Context, q Question) (Reply, error)
	// Wait says that a member sends its code only after so long: it sent one to
	// another device just now.
	Wait(issuer string, d time.Duration)
}

// LoginError: a log-in came back with a refusal, by its name.
type LoginError struct{ Issuer, Name string }

func (e *LoginError) Error() string {
	return fmt.Sprintf("%s refuses the log-in (%s)", e.Issuer, e.Name)
}

// ErrOtherPerson: a log-in ended at another person's entry.
var ErrOtherPerson = errors.New("the account that logged in is of another person, or votes in another territory")

// ErrOtherLogin: what the browser brought back is not of this member and request.
// It is shown to nobody: the member may have led the browser on to another one.
var ErrOtherLogin = errors.New("the browser came back from the log-in of another organisation or for something else: do not go on, and tell the commission")

// login is a session at a member. It lives in memory only: after a crash the
// person logs in again, for the same request.
type login struct {
	// request that it endorses, and nothing else.
	request  [32]byte
	bearer   issuer.Bearer
	channels []string
	mark     string
	// sent is the channel of the last code, "" before the first.
	sent string
	// code that the person typed and that was not refused yet.
	code string
}

// endorseLoggedIn gets the missing endorsements of the members at which a
// person logs in: all log-ins first, in one way, then the codes, in panel order.
func (s *Session) endorseLoggedIn(ctx context.Context, app *booth.Application, members []*electionv1.Issuer) (failures []error, err error) {
	var wanted []int
	for i, m := range members {
		if access, ok := s.cfg.Access([32]byte(m.OperatorKey)); ok && access.Portal != nil && len(s.st.endorsements[i]) == 0 {
			wanted = append(wanted, i)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	if err := s.logIn(ctx, app, members, wanted); err != nil {
		return []error{err}, nil
	}
	for _, i := range wanted {
		// One message after the other: the person reads them in this order.
		endorsement, err := s.endorseByCode(ctx, app, members, i)
		if err == nil {
			err = app.CheckEndorsement(i, endorsement)
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", members[i].Name, err))
			continue
		}
		s.st.endorsements[i] = endorsement
		if err := s.save(); err != nil {
			return failures, err
		}
	}
	return failures, nil
}

// logIn opens the sessions that are missing.
func (s *Session) logIn(ctx context.Context, app *booth.Application, members []*electionv1.Issuer, wanted []int) error {
	request := app.Request()
	missing := slices.DeleteFunc(slices.Clone(wanted), func(i int) bool {
		l, ok := s.logins[[32]byte(members[i].OperatorKey)]
		return ok && l.request == request
	})
	if len(missing) == 0 {
		return nil
	}
	if s.cfg.Person == nil {
		return fmt.Errorf("%s asks for a log-in: %w", members[missing[0]].Name, ErrNoAccess)
	}
	returns, err := s.cfg.Person.Returns(len(missing))
	if err != nil {
		return fmt.Errorf("prepare log-in: %w", err)
	}
	logins := make([]begun, len(missing))
	visits := make([]Visit, len(missing))
	for n, i := range missing {
		if logins[n], err = s.begin(ctx, request, members[i], returns[n]); err != nil {
			return fmt.Errorf("%s: begin log-in: %w", members[i].Name, err)
		}
		visits[n] = Visit{Issuer: members[i].Name, URL: logins[n].url, Return: returns[n]}
	}
	grants, err := s.cfg.Person.LogIn(ctx, visits)
	if err != nil || len(grants) != len(visits) {
		return fmt.Errorf("log in, %d of %d came back: %w", len(grants), len(visits), err)
	}
	for n, i := range missing {
		if err := s.redeem(ctx, request, members[i], grants[n], logins[n].verifier); err != nil {
			return fmt.Errorf("%s: %w", members[i].Name, err)
		}
	}
	// All messages leave together; each names its organisation.
	for _, i := range missing {
		l := s.logins[[32]byte(members[i].OperatorKey)]
		if err := s.sendFirst(ctx, members[i], l); err != nil && !issuer.Refused(err, refusedWait) {
			return fmt.Errorf("%s: ask for a code: %w", members[i].Name, err)
		}
	}
	return nil
}

// begun is a log-in that was begun, with what redeems it.
type begun struct {
	url      string
	verifier [32]byte
}

func (s *Session) begin(ctx context.Context, request [32]byte, member *electionv1.Issuer, back string) (b begun, err error) {
	if _, err := io.ReadFull(s.cfg.Random, b.verifier[:]); err != nil {
		return b, fmt.Errorf("draw verifier: %w", err)
	}
	challenge := sha256.Sum256(b.verifier[:])
	access, _ := s.cfg.Access([32]byte(member.OperatorKey))
	answer, err := access.Portal.Login(ctx, api.LoginRequest{
		Purpose: api.PurposeToken, Election: s.st.election[:], Request: request[:], Challenge: challenge[:], Return: back,
	})
	b.url = answer.URL
	return b, err
}

func (s *Session) redeem(ctx context.Context, request [32]byte, member *electionv1.Issuer, grant string, verifier [32]byte) error {
	operator := [32]byte(member.OperatorKey)
	if !api.LoginFits(grant, api.LoginTag(api.PurposeToken, operator, s.st.election, request)) {
		return fmt.Errorf("log in: %w", ErrOtherLogin)
	}
	access, _ := s.cfg.Access(operator)
	bearer, answer, err := access.Portal.Session(ctx, api.SessionRequest{ID: grant, Verifier: verifier[:]})
	if err != nil {
		return fmt.Errorf("redeem log-in: %w", err)
	}
	if string(answer.Entry) != string(s.st.entry[:]) || answer.Style != s.st.style {
		return fmt.Errorf("log in: %w", ErrOtherPerson)
	}
	if len(answer.Channels) == 0 {
		return errors.New("log in: the issuer has neither telephone nor address to send a code to")
	}
	if s.logins == nil {
		s.logins = map[[32]byte]*login{}
	}
	s.logins[operator] = &login{request: request, bearer: bearer, channels: answer.Channels, mark: answer.Mark}
	return nil
}
