package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// Claims is how members that give no signature are asked on the ledger, where
// their silence is public.
type Claims struct {
	// Ledger shows claims and answers; nil: nobody is asked there.
	Ledger ClaimLedger
	// After is how long a member is asked by itself before.
	After time.Duration
	// Wait is how long its answer is waited for.
	Wait time.Duration
	// Tell is told of each claim in a block and of each answer; nil if nobody
	// listens.
	Tell func(Claimed)
}

// ClaimLedger lists the claims of an entry. An answer is believed because it
// checks.
type ClaimLedger interface {
	EntryClaims(ctx context.Context, election, entry [32]byte) (*api.EntryClaims, error)
}

// Claimed is a member that was asked on the ledger.
type Claimed struct {
	Issuer string
	// Height of the block that has the claim.
	Height   int64
	Answered bool
}

// SilentError names the members that did not answer on the ledger either. The
// voter may ask again later; the record stays.
type SilentError struct {
	Members []Claimed
	// Failures of asking them directly.
	Failures error
}

func (e *SilentError) Error() string {
	names := make([]string, len(e.Members))
	for i, m := range e.Members {
		names[i] = fmt.Sprintf("%s (asked on the ledger in block %d)", m.Issuer, m.Height)
	}
	return "no signature yet of " + strings.Join(names, ", ") +
		": the record is on the ledger and nobody can take it; give the same command again later"
}

// Unwrap shows why asking directly failed.
func (e *SilentError) Unwrap() error { return e.Failures }

// claimKey signs claims; the record names its hash.
func (s *Session) claimKey() sign.PrivateKey { return sign.NewPrivateKey(s.st.claim) }

// patient asks the members whose signature is missing until all gave one or the
// time before a claim is over.
func (s *Session) patient(ctx context.Context, ask func() (failures []error, err error)) (failures []error, err error) {
	end := time.After(s.cfg.Claims.After)
	for {
		failures, err := ask()
		if err != nil || failures == nil || s.cfg.Claims.Ledger == nil {
			return failures, err
		}
		select {
		case <-ctx.Done():
			return failures, ctx.Err()
		case <-end:
			return failures, nil
		case <-time.After(s.cfg.Pause):
		}
	}
}

// claim asks the members whose signature is missing on the ledger and takes
// their answers from there.
func (s *Session) claim(ctx context.Context, app *booth.Application, members []*electionv1.Issuer, failures error) error {
	if s.cfg.Claims.Ledger == nil {
		return failures
	}
	asked := map[int]Claimed{}
	for i, member := range members {
		if len(s.st.signatures[i]) > 0 {
			continue
		}
		raw, err := app.Claim(i, s.claimKey())
		if err != nil {
			return err
		}
		height, err := s.cfg.Ledger.SubmitAndWait(ctx, raw)
		if err != nil {
			return fmt.Errorf("ask %s on the ledger: %w", member.Name, errors.Join(err, failures))
		}
		asked[i] = Claimed{Issuer: member.Name, Height: height}
		s.tell(asked[i])
	}
	end := time.After(s.cfg.Claims.Wait)
	for {
		if err := s.answers(ctx, app, asked); err != nil {
			return err
		}
		if len(asked) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), failures)
		case <-end:
			return s.silent(asked, failures)
		case <-time.After(s.cfg.Pause):
		}
	}
}

// answers takes what came, and strikes who answered from those asked.
func (s *Session) answers(ctx context.Context, app *booth.Application, asked map[int]Claimed) error {
	list, err := s.cfg.Claims.Ledger.EntryClaims(ctx, s.st.election, s.st.entry)
	if err != nil {
		return fmt.Errorf("look for answers on the ledger: %w", err)
	}
	for _, c := range list.Claims {
		member, waits := asked[int(c.Member)]
		if !waits || len(c.Answer) == 0 {
			continue
		}
		signature, err := app.Unblind(int(c.Member), c.Answer)
		if err != nil {
			// The ledger takes no answer that does not check: the node lies, and
			// another may be asked next.
			continue
		}
		s.st.signatures[c.Member] = signature
		if err := s.save(); err != nil {
			return err
		}
		delete(asked, int(c.Member))
		member.Answered = true
		s.tell(member)
	}
	return nil
}

func (s *Session) silent(asked map[int]Claimed, failures error) error {
	e := &SilentError{Failures: failures}
	for i := range s.st.signatures {
		if c, ok := asked[i]; ok {
			e.Members = append(e.Members, c)
		}
	}
	return e
}

func (s *Session) tell(c Claimed) {
	if s.cfg.Claims.Tell != nil {
		s.cfg.Claims.Tell(c)
	}
}
