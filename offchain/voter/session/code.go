package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// questions is how often a person is asked for one member's code in one call.
const questions = 50

// Names of refusals that the person can do something about.
var (
	// typed wrongly: type it again.
	typeAgain = []string{"code-wrong", "code-unreadable"}
	// The code is none any more: another is needed.
	sendAgain = []string{"code-expired", "code-none", "code-exhausted"}
	// The channel cannot be used now: another may.
	otherChannel = []string{"channel-absent", "channel-full"}
)

const (
	refusedSession = "session"
	// The last code was sent just now.
	refusedWait = "code-wait"
)

func refusedAs(err error, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return issuer.Refused(err, name) })
}

// ErrSessionOver: the member closed the session before it endorsed.
var ErrSessionOver = errors.New("the log-in is over: log in again")

// sendFirst has a member send a code by the first channel that works.
func (s *Session) sendFirst(ctx context.Context, member *electionv1.Issuer, l *login) (err error) {
	for _, channel := range l.channels {
		if err = s.send(ctx, member, l, channel); !refusedAs(err, otherChannel) {
			return err
		}
	}
	return err
}

// send has a member send a code. Where it refuses because the last one is too
// young and that one is of this session, it is on its way: the answer to the
// request for it was lost.
func (s *Session) send(ctx context.Context, member *electionv1.Issuer, l *login, channel string) error {
	access, _ := s.cfg.Access([32]byte(member.OperatorKey))
	answer, err := access.Portal.SendCode(ctx, l.bearer, channel)
	if issuer.Refused(err, refusedWait) && l.sent == "" {
		if state, lost := access.Portal.CodeState(ctx, l.bearer); lost == nil {
			answer, err = state, nil
		}
	}
	if err == nil {
		l.sent = answer.Channel
	}
	return err
}

// sendInTime is sendFirst that waits where a code went to another device just now.
func (s *Session) sendInTime(ctx context.Context, member *electionv1.Issuer, l *login) error {
	for {
		err := s.sendFirst(ctx, member, l)
		if !issuer.Refused(err, refusedWait) {
			return err
		}
		var refusal *issuer.Refusal
		errors.As(err, &refusal)
		wait := max(s.cfg.Pause, time.Duration(refusal.RetryAfterS)*time.Second)
		s.cfg.Person.Wait(member.Name, wait)
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}

// endorseByCode asks the person for a member's code until the member endorses.
func (s *Session) endorseByCode(ctx context.Context, app *booth.Application, members []*electionv1.Issuer, i int) ([]byte, error) {
	operator := [32]byte(members[i].OperatorKey)
	l := s.logins[operator]
	access, _ := s.cfg.Access(operator)
	q := Question{Issuer: members[i].Name, Member: i + 1, Members: len(members), Mark: l.mark, Channels: l.channels}
	for range questions {
		if l.sent == "" {
			if err := s.sendInTime(ctx, members[i], l); err != nil {
				return nil, s.sessionError(operator, fmt.Errorf("ask for a code: %w", err))
			}
		}
		if l.code == "" {
			if err := s.question(ctx, members[i], l, &q); err != nil {
				return nil, err
			}
		}
		if l.code == "" {
			continue
		}
		request := s.tokenRequest(app, i, Access{Code: l.code})
		request.Pass = nil
		endorsement, err := access.Portal.EndorseAs(ctx, l.bearer, request)
		switch {
		case err == nil:
			delete(s.logins, operator)
			return endorsement, nil
		case refusedAs(err, typeAgain):
			l.code, q.Refusal = "", err
		case refusedAs(err, sendAgain):
			l.code, l.sent, q.Refusal = "", "", err
		default:
			return nil, s.sessionError(operator, err)
		}
	}
	return nil, fmt.Errorf("no right code in %d tries: %w", questions, q.Refusal)
}

// question asks the person once; a wish for another code is passed on.
func (s *Session) question(ctx context.Context, member *electionv1.Issuer, l *login, q *Question) error {
	q.Channel = l.sent
	reply, err := s.cfg.Person.Code(ctx, *q)
	if err != nil {
		return fmt.Errorf("ask for the code: %w", err)
	}
	l.code, q.Refusal = reply.Code, nil
	if reply.Resend == "" {
		return nil
	}
	l.code = ""
	if !slices.Contains(l.channels, reply.Resend) {
		q.Refusal = fmt.Errorf("no channel %q: there is %q", reply.Resend, l.channels)
		return nil
	}
	err = s.send(ctx, member, l, reply.Resend)
	if issuer.Refused(err, refusedWait) || refusedAs(err, otherChannel) {
		q.Refusal, err = err, nil
	}
	return s.sessionError([32]byte(member.OperatorKey), err)
}

// sessionError forgets a session that its member does not know any more.
func (s *Session) sessionError(operator [32]byte, err error) error {
	if issuer.Refused(err, refusedSession) {
		delete(s.logins, operator)
		return fmt.Errorf("%w: %w", ErrSessionOver, err)
	}
	return err
}
