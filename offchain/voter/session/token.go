package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
)

// Classes of failure.
var (
	// ErrNoAccess: the voter has no gateway or code for a member of the panel.
	ErrNoAccess = errors.New("no access to an issuer of the open panel")
	// ErrNotOpen: the zone issues no tokens, or takes no ballots, now.
	ErrNotOpen = errors.New("not open now")
)

// looks is how often the parameters are renewed after a refusal that they do
// not explain.
const looks = 10

// How often a gateway is asked whose node does not see what the voter's sees:
// the record, or the open panel.
const (
	asks        = 60
	asksNotOpen = 20
)

// Token gets the token, or what is missing of it. It may be called again after
// any failure and asks for nothing twice.
func (s *Session) Token(ctx context.Context) error {
	if s.st.HasToken() {
		return nil
	}
	// A few times at most: the open panel may change between endorsement and ledger.
	for range 3 {
		app, err := s.endorsed(ctx)
		if err != nil {
			return fmt.Errorf("get token: %w", err)
		}
		moved, err := s.issue(ctx)
		if err != nil {
			return fmt.Errorf("get token: %w", err)
		}
		if moved {
			continue
		}
		if err := s.signed(ctx, app); err != nil {
			return fmt.Errorf("get token: %w", err)
		}
		return nil
	}
	return fmt.Errorf("get token: the open panel changes faster than it can be asked: %w", ErrNotOpen)
}

// endorsed collects the endorsements of the open panel.
func (s *Session) endorsed(ctx context.Context) (*booth.Application, error) {
	if s.st.issuance != nil {
		return s.apply()
	}
	for ask := 1; ; ask++ {
		if err := s.choosePanel(ctx); err != nil {
			return nil, err
		}
		app, err := s.apply()
		if err != nil {
			return nil, err
		}
		failures, err := s.askEndorsements(ctx, app)
		if err != nil {
			return nil, err
		}
		if failures == nil {
			if s.st.issuance, err = app.Assemble(s.st.endorsements); err != nil {
				return nil, err
			}
			return app, s.save()
		}
		// The open panel changes for all at once, but a gateway's node may be a
		// few blocks behind the voter's, or ahead of it.
		if !allRefused(failures, "not-open") || ask == asksNotOpen {
			return nil, fmt.Errorf("ask for endorsement: %w", errors.Join(failures...))
		}
		if err := s.pause(ctx); err != nil {
			return nil, err
		}
	}
}

func (s *Session) apply() (*booth.Application, error) {
	return booth.Apply(s.params, s.st.panel, s.st.secret, s.st.entry, s.claimKeyHash())
}

func (s *Session) askEndorsements(ctx context.Context, app *booth.Application) (failures []error, err error) {
	members := s.params.Members(s.st.panel)
	if failures, err := s.endorseLoggedIn(ctx, app, members); failures != nil || err != nil {
		return failures, err
	}
	return s.eachMember(ctx, members, s.st.endorsements, func(ctx context.Context, i int, access Access) ([]byte, error) {
		endorsement, err := access.Issuer.Endorse(ctx, s.tokenRequest(app, i, access))
		if err != nil {
			return nil, err
		}
		return endorsement, app.CheckEndorsement(i, endorsement)
	})
}

// allRefused reports whether every failure is a gateway's refusal of this name.
func allRefused(failures []error, name string) bool {
	for _, err := range failures {
		if !issuer.Refused(err, name) {
			return false
		}
	}
	return true
}

func (s *Session) pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(s.cfg.Pause):
		return nil
	}
}

func (s *Session) choosePanel(ctx context.Context) error {
	if err := s.look(ctx, recent); err != nil {
		return err
	}
	p := s.params
	phase := p.Zone.Phase
	if (phase != electionv1.Phase_PHASE_ISSUING && phase != electionv1.Phase_PHASE_VOTING) || p.Zone.Suspended {
		return fmt.Errorf("zone is in phase %s: %w", election.PhaseName(phase), ErrNotOpen)
	}
	if n := len(p.Members(p.OpenPanel)); s.st.panel != p.OpenPanel || len(s.st.endorsements) != n {
		s.st.panel = p.OpenPanel
		s.st.endorsements = make([][]byte, n)
		return s.save()
	}
	return nil
}

func (s *Session) tokenRequest(app *booth.Application, member int, access Access) api.TokenRequest {
	claim := s.claimKeyHash()
	return api.TokenRequest{
		Election: s.st.election[:], Entry: s.st.entry[:], Style: s.st.style, Panel: s.st.panel,
		Pass: access.Pass[:], Code: access.Code,
		Blinded: app.Blinded(member), BlindedHashes: hexes(app.BlindedHashes()), ClaimKeyHash: claim[:],
	}
}

// issue puts the record on the ledger. It reports true if the panel was closed
// before that, and another must be asked.
func (s *Session) issue(ctx context.Context) (moved bool, err error) {
	_, err = s.cfg.Ledger.SubmitAndWait(ctx, s.st.issuance)
	if err == nil {
		return false, nil
	}
	refused, later := s.cfg.Ledger.Refused(err)
	if !refused {
		return false, fmt.Errorf("submit issuance: %w", err)
	}
	// What is proven lags a block or two behind the state that refuses.
	for ask := 1; ; ask++ {
		if look := s.look(ctx, fresh); look != nil {
			return false, fmt.Errorf("submit issuance: %w", errors.Join(err, look))
		}
		if s.params.OpenPanel != s.st.panel {
			s.st.issuance = nil
			return true, s.save()
		}
		if !later || ask == looks {
			return false, fmt.Errorf("submit issuance: %w", err)
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(s.cfg.Pause):
		}
	}
}

// signed collects the members' signatures, once the record is provable.
func (s *Session) signed(ctx context.Context, app *booth.Application) error {
	hash := sha256.Sum256(s.st.issuance)
	if err := s.cfg.Ledger.WaitProvable(ctx, hash); err != nil {
		return fmt.Errorf("wait until the issuance is provable: %w", err)
	}
	members := s.params.Members(s.st.panel)
	if len(s.st.signatures) != len(members) {
		s.st.signatures = make([][]byte, len(members))
	}
	failures, err := s.patient(ctx, func() ([]error, error) {
		return s.eachMember(ctx, members, s.st.signatures, func(ctx context.Context, i int, access Access) ([]byte, error) {
			answer, err := s.askSignature(ctx, access.Issuer, api.SignRequest{
				Election: s.st.election[:], Entry: s.st.entry[:], Transaction: hash[:], Blinded: app.Blinded(i),
			})
			if err != nil {
				return nil, err
			}
			return app.Unblind(i, answer)
		})
	})
	if err == nil && failures != nil {
		err = s.claim(ctx, app, members, errors.Join(failures...))
	}
	if err != nil {
		return fmt.Errorf("ask for signature: %w", err)
	}
	_, err = app.Token(s.BallotKey(), s.st.signatures)
	return err
}

// askSignature repeats while the gateway's node is behind the voter's.
func (s *Session) askSignature(ctx context.Context, gateway Issuer, r api.SignRequest) ([]byte, error) {
	for ask := 1; ; ask++ {
		answer, err := gateway.Sign(ctx, r)
		if err == nil || !issuer.Refused(err, "not-on-record") || ask == asks {
			return answer, err
		}
		if err := s.pause(ctx); err != nil {
			return nil, err
		}
	}
}

// eachMember asks, side by side, every member whose result is missing, and
// saves what came. It returns the failures, which name their member, and an
// error if nothing could be saved.
func (s *Session) eachMember(ctx context.Context, members []*electionv1.Issuer, results [][]byte, ask func(context.Context, int, Access) ([]byte, error)) (failures []error, err error) {
	failed := make([]error, len(members))
	var group sync.WaitGroup
	for i, member := range members {
		if len(results[i]) > 0 {
			continue
		}
		access, ok := s.cfg.Access([32]byte(member.OperatorKey))
		if !ok {
			failed[i] = fmt.Errorf("%s: %w", member.Name, ErrNoAccess)
			continue
		}
		group.Go(func() {
			result, err := ask(ctx, i, access)
			if err != nil {
				failed[i] = fmt.Errorf("%s: %w", member.Name, err)
				return
			}
			results[i] = result
		})
	}
	group.Wait()
	for _, err := range failed {
		if err != nil {
			failures = append(failures, err)
		}
	}
	return failures, s.save()
}
