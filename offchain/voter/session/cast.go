package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/urna-vote/urna/offchain/voter/booth"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/election"
)

// Classes of failure of a cast.
var (
	// ErrPending: a finished ballot waits to be sent; it must come first, since
	// its bytes may have left the device.
	ErrPending = errors.New("a sealed ballot is not known to be in a block yet: resume it first")
	// ErrNothingPending: there is nothing to resume.
	ErrNothingPending = errors.New("no sealed ballot is waiting")
	// ErrNoToken: the token is missing or not complete.
	ErrNoToken = errors.New("no token yet")
	// ErrCast: the election lets nobody cast again.
	ErrCast = errors.New("this election takes one ballot a voter, and it was cast")
	// ErrTooMany: the ledger takes no more ballots of this key.
	ErrTooMany = fmt.Errorf("no key may cast more than %d ballots", ballot.MaxSequence)
)

// Cast seals the choices, keeps the finished bytes, submits them and waits for
// their block. After a failure Resume goes on; the choices are gone.
func (s *Session) Cast(ctx context.Context, choices booth.Choices) (Cast, error) {
	if err := s.Seal(ctx, choices); err != nil {
		return Cast{}, err
	}
	return s.Resume(ctx)
}

// Seal seals and signs the choices as the voter's next ballot and keeps its
// bytes. Nothing leaves the device. Mistakes in the choices are named first.
func (s *Session) Seal(ctx context.Context, choices booth.Choices) error {
	if err := s.look(ctx, recent); err != nil {
		return err
	}
	p := s.params
	if err := booth.CheckChoices(p, choices); err != nil {
		return err
	}
	sequence := uint32(len(s.st.casts) + 1)
	switch {
	case s.st.Pending() != nil:
		return ErrPending
	case !s.st.HasToken():
		return ErrNoToken
	case sequence > 1 && !p.Definition.Revote.GetAllowed():
		return ErrCast
	case sequence > ballot.MaxSequence:
		return ErrTooMany
	}
	// A ballot sealed too early could be sent by whoever saw it, later and
	// instead of another.
	if p.Zone.Phase != electionv1.Phase_PHASE_VOTING {
		return fmt.Errorf("cast ballot: zone is in phase %s: %w", election.PhaseName(p.Zone.Phase), ErrNotOpen)
	}
	key := s.ballotKey()
	sealed, err := booth.Seal(s.cfg.Random, p, key.Public(), sequence, choices)
	if err != nil {
		return err
	}
	var token *ballotv1.Token
	if sequence == 1 {
		token = &ballotv1.Token{Panel: s.st.panel, Signatures: s.st.signatures}
	}
	raw, err := sealed.Sign(key, token)
	if err != nil {
		return err
	}
	s.st.casts = append(s.st.casts, Cast{Sequence: sequence, Raw: raw})
	return s.save()
}

// Resume submits the finished ballot that waits, the same bytes, and returns it
// once it is in a block. A ballot that no later block can accept is dropped
// with the refusal.
func (s *Session) Resume(ctx context.Context) (Cast, error) {
	pending := s.st.Pending()
	if pending == nil {
		return Cast{}, ErrNothingPending
	}
	height, err := s.cfg.Ledger.SubmitAndWait(ctx, pending.Raw)
	last := len(s.st.casts) - 1
	if err != nil {
		if refused, later := s.cfg.Ledger.Refused(err); refused && !later {
			s.st.casts = s.st.casts[:last]
			err = errors.Join(err, s.save())
		}
		return Cast{}, fmt.Errorf("cast ballot %d: %w", pending.Sequence, err)
	}
	s.st.casts[last].Height = height
	return s.st.casts[last], s.save()
}
