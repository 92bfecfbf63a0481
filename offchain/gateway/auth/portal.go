package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/otp"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/gateway/session"
)

// ErrOtherRequest: the person logged in for another request or entry. A session
// endorses what it was made for and nothing else.
var ErrOtherRequest = errors.New("this log-in was made for another request; log in again for this one")

// CodeError: the one-time code does not do.
type CodeError struct{ Verdict otp.Verdict }

func (e *CodeError) Error() string {
	switch e.Verdict.Outcome {
	case otp.Wrong:
		return fmt.Sprintf("the code is wrong; %d tries are left", e.Verdict.Left)
	case otp.Unreadable:
		return "the code is not of as many digits as were sent"
	case otp.Expired:
		return "the code has expired; ask for another"
	case otp.Exhausted:
		return "three wrong codes were typed; ask for another"
	}
	return "no code was sent in this session, or it was used; ask for one"
}

// owner under which the limits of codes for tokens are counted.
const ownerToken = "token"

// Portal authenticates by a session of the portal and a one-time code.
type Portal struct {
	store    *register.Store
	sessions *session.Store
	codes    *otp.Desk
}

// NewPortal makes the authenticator.
func NewPortal(store *register.Store, sessions *session.Store, codes *otp.Desk) *Portal {
	return &Portal{store: store, sessions: sessions, codes: codes}
}

// CodeKey is whose code a session's is and what it is good for.
func CodeKey(codes *otp.Desk, s session.Session) otp.Key {
	return otp.Key{Owner: codes.Owner(ownerToken, s.Election[:], s.Entry[:]), Bound: s.Key}
}

// Screen implements Authenticator.
func (p *Portal) Screen(ctx context.Context, c Claim) (v Verdict, err error) {
	err = p.store.Database().View(ctx, func(tx *database.Tx) error {
		s, refusal, err := p.session(tx, c)
		if err != nil || refusal != nil {
			v = Verdict{Refusal: refusal}
			return err
		}
		if s.Confirmed != 0 {
			v = Verdict{}
			return nil
		}
		judged, err := p.codes.Judge(tx, CodeKey(p.codes, s), c.Code)
		v = verdict(judged)
		return err
	})
	return v, err
}

// Decide implements Authenticator. A right code with another request than the
// session's is not used up: the person can still use it for the own.
func (p *Portal) Decide(tx *register.Tx, c Claim) (Verdict, error) {
	db := tx.Database()
	s, refusal, err := p.session(db, c)
	if err != nil || refusal != nil {
		return Verdict{Refusal: refusal}, err
	}
	key := CodeKey(p.codes, s)
	if s.Confirmed == 0 {
		judged, err := p.codes.Judge(db, key, c.Code)
		if err != nil {
			return Verdict{}, err
		}
		if judged.Outcome != otp.Right {
			// Counts a wrong one; the same verdict again.
			judged, err = p.codes.Check(db, key, c.Code)
			return verdict(judged), err
		}
	}
	if c.Request != s.Request {
		return Verdict{Refusal: ErrOtherRequest}, nil
	}
	if s.Confirmed != 0 {
		return Verdict{}, nil
	}
	judged, err := p.codes.Check(db, key, c.Code)
	if err != nil {
		return Verdict{}, err
	}
	return verdict(judged), p.sessions.Confirm(db, s.Key, judged.Channel)
}

// Bound implements Authenticator: the person is to be told, by another channel
// than the code's, that a token was endorsed.
func (p *Portal) Bound(tx *register.Tx, c Claim) error {
	s, err := p.sessions.Find(tx.Database(), c.Bearer)
	if err != nil {
		return err
	}
	_, err = tx.Database().Exec("INSERT INTO endorsed_notice (election, entry, channel) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
		c.Election[:], c.Entry[:], uint8(s.Confirmed))
	if err != nil {
		return fmt.Errorf("note whom to tell: %w", err)
	}
	return nil
}

// session of the claim, if it is of this person and for issuing.
func (p *Portal) session(tx *database.Tx, c Claim) (s session.Session, refusal, err error) {
	s, err = p.sessions.Find(tx, c.Bearer)
	switch {
	case errors.Is(err, session.ErrNoSession):
		return s, session.ErrNoSession, nil
	case err != nil:
		return s, nil, err
	case s.Purpose != session.Token || s.Election != c.Election || s.Entry != c.Entry || s.Style != c.Style:
		return s, ErrOtherRequest, nil
	}
	return s, nil, nil
}

func verdict(judged otp.Verdict) Verdict {
	if judged.Outcome == otp.Right {
		return Verdict{}
	}
	return Verdict{Refusal: &CodeError{Verdict: judged}, Counted: judged.Outcome == otp.Wrong}
}
