package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

func choices(mayor int, points ...uint32) booth.Choices {
	marks := make([]uint32, 3)
	if mayor >= 0 {
		marks[mayor] = 1
	}
	return booth.NewChoices([][]uint32{marks, points})
}

func decodeCast(t *testing.T, raw []byte) *ballotv1.CastBallot {
	t.Helper()
	tx, err := envelope.Decode(raw, sample.ChainID)
	if err != nil {
		t.Fatal(err)
	}
	m, err := ledger.DecodeStrict[ballotv1.CastBallot](tx.Body, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestVoterGetsATokenCastsAndCastsAgain(t *testing.T) {
	w := newWorld(t, 2)
	ctx := context.Background()
	s := w.session(0, w.state(0))
	w.must(s.Token(ctx))
	if !s.State().HasToken() || w.issued() != 1 {
		t.Fatalf("token %v, issued %d", s.State().HasToken(), w.issued())
	}
	if _, err := s.Cast(ctx, choices(1, 2, 1)); !errors.Is(err, session.ErrNotOpen) {
		t.Fatalf("cast before the zone votes: %v", err)
	}
	w.openVoting()
	first, err := w.session(0, s.State()).Cast(ctx, choices(1, 2, 1))
	w.must(err)
	for range 11 {
		w.block()
	}
	second, err := w.session(0, s.State()).Cast(ctx, choices(2, 0, 0))
	w.must(err)
	if first.Sequence != 1 || second.Sequence != 2 || second.Height <= first.Height {
		t.Fatal(first, second)
	}
	if decodeCast(t, first.Raw).Token == nil || decodeCast(t, second.Raw).Token != nil {
		t.Fatal("the token goes with the first ballot only")
	}
	key := s.BallotKey()
	spent, ok := w.city.Ballots.Spent(w.city.State, key[:])
	if !ok || spent.Sequence != 2 {
		t.Fatal(spent, ok)
	}
}

func TestASecondDeviceGetsNoSecondToken(t *testing.T) {
	w := newWorld(t, 1)
	w.must(w.session(0, w.state(0)).Token(context.Background()))
	err := w.session(0, w.state(0)).Token(context.Background())
	if !issuer.Refused(err, "other-record") {
		t.Fatalf("got %v", err)
	}
	if w.issued() != 1 {
		t.Fatalf("%d issued", w.issued())
	}
}

func TestWrongCodeIsRefusedByTheIssuerThatChecksIt(t *testing.T) {
	w := newWorld(t, 2)
	cfg := w.config(0, w.state(0))
	right := cfg.Access
	cfg.Access = func(operator [32]byte) (session.Access, bool) {
		a, ok := right(operator)
		if w.gateways[operator].name == "issuer-1" {
			a.Code = "0000-0000-0000-0000"
		}
		return a, ok
	}
	s, err := session.New(context.Background(), cfg)
	w.must(err)
	err = s.Token(context.Background())
	if !issuer.Refused(err, "credential") || !strings.Contains(err.Error(), "issuer-1") || strings.Contains(err.Error(), "issuer-0:") {
		t.Fatalf("got %v", err)
	}
	if w.issued() != 0 {
		t.Fatal("a token was issued on one endorsement")
	}
}

// A voter whose slip opens nothing, with another's pass.
func TestAnotherVotersSlipOpensNothing(t *testing.T) {
	w := newWorld(t, 2)
	thief := w.config(1, w.state(0))
	s, err := session.New(context.Background(), thief)
	w.must(err)
	if err := s.Token(context.Background()); !issuer.Refused(err, "credential") {
		t.Fatalf("got %v", err)
	}
}

func TestACorruptMemberIsNamed(t *testing.T) {
	for path, want := range map[string]error{"/v1/token": booth.ErrEndorsement, "/v1/sign": blindtoken.ErrSignature} {
		w := newWorld(t, 1)
		bad := ""
		for _, g := range w.gateways {
			if g.name == "issuer-1" {
				bad = strings.TrimPrefix(g.server.URL, "http://")
			}
		}
		w.wire.set(nil, func(at, host string, body []byte) []byte {
			if at == path && host == bad {
				// The last hex digit of the only value.
				i := bytes.LastIndexByte(body, '"') - 1
				if body[i] == '0' {
					body[i] = '1'
				} else {
					body[i] = '0'
				}
			}
			return body
		})
		s := w.session(0, w.state(0))
		err := s.Token(context.Background())
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "issuer-1") {
			t.Fatalf("%s: got %v", path, err)
		}
		w.wire.set(nil, nil)
		w.must(s.Token(context.Background()))
	}
}

func TestTheOpenPanelMayChangeBetweenEndorsementAndLedger(t *testing.T) {
	w := newWorld(t, 1)
	changed := false
	cfg := w.config(0, w.state(0))
	cfg.Save = func(st *session.State) error {
		content, err := st.Reveal()
		if err != nil {
			return err
		}
		if !changed && !bytes.Contains(content, []byte(`"issuance": ""`)) {
			changed = true
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.city.Decide(commissionv1.Action_ACTION_OPEN_PANEL, &issuancev1.OpenPanel{ElectionId: w.city.ID[:], Panel: 1, Reason: "issuer-1 is silent"})
		}
		return nil
	}
	s, err := session.New(context.Background(), cfg)
	w.must(err)
	key := s.BallotKey()
	w.must(s.Token(context.Background()))
	if !changed || s.State().Panel() != 1 || s.BallotKey() != key || w.issued() != 1 {
		t.Fatalf("changed %v, panel %d, issued %d", changed, s.State().Panel(), w.issued())
	}
	w.openVoting()
	_, err = w.session(0, s.State()).Cast(context.Background(), choices(0, 0, 0))
	w.must(err)
}

// laggard is a gateway whose node is behind: it knows only the panel before.
type laggard struct {
	session.Issuer
	refusals *int
}

func (l laggard) Endorse(ctx context.Context, r api.TokenRequest) ([]byte, error) {
	if *l.refusals > 0 {
		*l.refusals--
		return nil, &issuer.Refusal{Status: 409, GatewayError: api.GatewayError{Name: "not-open", Field: "panel", Reason: "panel 0 is open, not 1"}}
	}
	return l.Issuer.Endorse(ctx, r)
}

func TestAGatewayWhoseNodeIsBehindIsAskedAgain(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config(0, w.state(0))
	right, refusals := cfg.Access, 3
	cfg.Access = func(operator [32]byte) (session.Access, bool) {
		a, ok := right(operator)
		if w.gateways[operator].name == "issuer-1" {
			a.Issuer = laggard{Issuer: a.Issuer, refusals: &refusals}
		}
		return a, ok
	}
	s, err := session.New(context.Background(), cfg)
	w.must(err)
	w.must(s.Token(context.Background()))
	if refusals != 0 || w.issued() != 1 {
		t.Fatal(refusals, w.issued())
	}
}

// Sixty-four sessions at once, four devices for each entry, some stopped and
// begun anew: no gateway signs more messages than there are issuances.
func TestConcurrentSessionsGetNoMoreSignaturesThanIssuances(t *testing.T) {
	const entries, devices = 16, 4
	w := newWorld(t, entries)
	var wg sync.WaitGroup
	won := make([]int, entries)
	var mu sync.Mutex
	for i := range entries * devices {
		st := w.state(i % entries)
		wg.Go(func() {
			voter := i % entries
			ctx, cancel := context.WithCancel(context.Background())
			if i%3 == 0 {
				cancel() // this one is stopped at once and begins anew below
			}
			for range 2 {
				s, err := session.New(context.Background(), w.config(voter, st))
				if err != nil {
					t.Error(err)
					break
				}
				if s.Token(ctx) == nil {
					mu.Lock()
					won[voter]++
					mu.Unlock()
					break
				}
				cancel()
				ctx, cancel = context.WithCancel(context.Background())
			}
			cancel()
		})
	}
	wg.Wait()
	for voter, n := range won {
		if n > 1 {
			t.Errorf("voter %d has %d tokens", voter, n)
		}
	}
	if issued := w.issued(); issued > entries || w.wire.mostSigned() > int(issued) {
		t.Fatalf("%d issued, a gateway signed %d messages", issued, w.wire.mostSigned())
	}
	// Messages that no record names are not signed, whoever asks.
	for _, g := range w.gateways {
		for hash := range w.txs {
			_, err := g.client.Sign(context.Background(), api.SignRequest{
				Election: w.city.ID[:], Entry: make([]byte, 32), Transaction: hash[:], Blinded: bytes.Repeat([]byte{1}, 256),
			})
			if !issuer.Refused(err, "not-on-record") {
				t.Fatalf("%s: %v", g.name, err)
			}
		}
	}
}

func TestMistakesAreNamedBeforeAnythingIsSealed(t *testing.T) {
	w := newWorld(t, 1)
	w.openVoting()
	s := w.session(0, w.state(0))
	w.must(s.Token(context.Background()))
	for name, c := range map[string]struct {
		choices booth.Choices
		want    error
	}{
		"over-vote":    {booth.NewChoices([][]uint32{{1, 1, 0}, {0, 0}}), bitproof.ErrOverVote},
		"marked twice": {booth.NewChoices([][]uint32{{2, 0, 0}, {0, 0}}), bitproof.ErrOverVote},
		"points":       {booth.NewChoices([][]uint32{{1, 0, 0}, {4, 0}}), bitproof.ErrOverVote},
		"total":        {booth.NewChoices([][]uint32{{1, 0, 0}, {3, 3}}), bitproof.ErrOverVote},
		"options":      {booth.NewChoices([][]uint32{{1, 0}, {0, 0}}), bitproof.ErrOptions},
		"contests":     {booth.NewChoices([][]uint32{{1, 0, 0}}), booth.ErrChoice},
	} {
		_, err := s.Cast(context.Background(), c.choices)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
		if len(s.State().Casts()) != 0 {
			t.Fatalf("%s: something was sealed", name)
		}
	}
}

// broken is a ledger that does not answer.
type broken struct{ session.Ledger }

func (broken) SubmitAndWait(context.Context, []byte) (int64, error) { return 0, errLost }

func TestASealedBallotIsSentAgainAndNotReplaced(t *testing.T) {
	w := newWorld(t, 1)
	w.openVoting()
	s := w.session(0, w.state(0))
	w.must(s.Token(context.Background()))
	cfg := w.config(0, s.State())
	cfg.Ledger = broken{w}
	lost, err := session.New(context.Background(), cfg)
	w.must(err)
	if _, err := lost.Cast(context.Background(), choices(0, 0, 0)); !errors.Is(err, errLost) {
		t.Fatal(err)
	}
	pending := lost.State().Pending()
	if pending == nil {
		t.Fatal("the sealed ballot is gone")
	}
	s = w.session(0, lost.State())
	if _, err := s.Cast(context.Background(), choices(1, 0, 0)); !errors.Is(err, session.ErrPending) {
		t.Fatalf("another choice takes its place: %v", err)
	}
	cast, err := s.Resume(context.Background())
	w.must(err)
	if !bytes.Equal(cast.Raw, pending.Raw) || cast.Height == 0 {
		t.Fatal("other bytes were sent")
	}
	if _, err := s.Resume(context.Background()); !errors.Is(err, session.ErrNothingPending) {
		t.Fatal(err)
	}
}

func TestStateFileIsPrivateStrictAndWithoutChoices(t *testing.T) {
	w := newWorld(t, 1)
	file := filepath.Join(t.TempDir(), "voter.json")
	st := w.state(0)
	w.must(st.WriteFile(file))
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
	content, err := os.ReadFile(file)
	w.must(err)
	for name, bad := range map[string]string{
		"unknown field": strings.Replace(string(content), `"style"`, `"choice": 1, "style"`, 1),
		"trailing":      string(content) + "{}",
		"version":       strings.Replace(string(content), "voter 1", "voter 2", 1),
		"secret":        strings.Replace(string(content), `"token_secret": "`, `"token_secret": "00`, 1),
		"cut":           string(content[:len(content)/2]),
	} {
		if _, err := session.ParseState([]byte(bad)); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	w.must(os.Chmod(file, 0o644))
	if _, err := session.ReadFile(file); err == nil {
		t.Error("a file that others can read is read")
	}
	if out := fmt.Sprintf("%v %+v %s", st, st, session.Access{Code: "x"}); out != "[voter state] [voter state] [access to an issuer]" {
		t.Error(out)
	}
	if strings.Contains(string(content), w.slips[0].Subject) {
		t.Error("the state names the voter")
	}
}
