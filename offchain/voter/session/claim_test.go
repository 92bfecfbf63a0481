package session_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/gateway/claims"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/issuance"
)

// EntryClaims implements session.ClaimLedger.
func (w *world) EntryClaims(_ context.Context, id, entry [32]byte) (*api.EntryClaims, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := &api.EntryClaims{Height: w.city.Context.Height}
	issued, ok := w.city.Issuance.Issued(w.city.State, id, entry[:])
	if !ok {
		return out, nil
	}
	for member := range uint32(len(issued.BlindedHashes)) {
		if c, ok := w.claimOn(id, entry[:], member); ok {
			out.Claims = append(out.Claims, c)
		}
	}
	return out, nil
}

// claimOn is a claim as a node shows it. The caller holds mu.
func (w *world) claimOn(id [32]byte, entry []byte, member uint32) (api.Claim, bool) {
	c, ok := w.city.Issuance.Claim(w.city.State, id, entry, member)
	if !ok {
		return api.Claim{}, false
	}
	issued, _ := w.city.Issuance.Issued(w.city.State, id, entry)
	var transaction [32]byte
	for hash, tx := range w.txs {
		if tx.height == issued.Height && bytes.Contains(tx.raw, entry) {
			if e, err := envelope.Decode(tx.raw, sample.ChainID); err == nil && e.Kind == uint32(txv1.Kind_KIND_ISSUE_TOKEN) {
				transaction = hash
			}
		}
	}
	return api.Claim{
		Entry: bytes.Clone(entry), Issuer: w.city.Def.Panels[issued.Panel].Issuers[member], Member: member, Height: c.Height,
		Blinded: c.BlindedMessage, Answer: c.Answer, Transaction: transaction[:],
	}, true
}

// board is the ledger as a gateway's desk of claims sees it.
type board struct{ *world }

func (b board) OpenClaims(_ context.Context, id [32]byte, issuer uint32, from uint64, limit int) (*api.OpenClaims, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.city
	out := &api.OpenClaims{Height: c.Context.Height, Silent: c.Issuance.Silent(c.State, id, issuer, c.Context.Height)}
	for _, open := range c.Issuance.OpenClaims(c.State, id, issuer, from, limit) {
		issued, _ := c.Issuance.Issued(c.State, id, open.Entry)
		for member, i := range c.Def.Panels[issued.Panel].Issuers {
			if i == issuer {
				claim, _ := b.claimOn(id, open.Entry, uint32(member))
				out.Claims = append(out.Claims, claim)
			}
		}
	}
	return out, nil
}

func (b board) Submit(ctx context.Context, raw []byte) error {
	_, err := b.SubmitAndWait(ctx, raw)
	return err
}

func (b board) Refused(err error) bool {
	refused, _ := b.world.Refused(err)
	return refused
}

// desk answers claims on an issuer.
func (w *world) desk(name string, ledger claims.Ledger) *claims.Desk {
	operator := sample.Key(name).Public()
	return claims.New(claims.Config{
		ChainID: sample.ChainID, Operator: operator, Elections: [][32]byte{w.city.ID}, Ledger: ledger,
		Signer: w.gateways[operator].issuer, Log: slog.New(slog.DiscardHandler), Pause: time.Millisecond,
	})
}

// run answers claims until the test ends.
func (w *world) run(desks ...*claims.Desk) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, d := range desks {
		wg.Go(func() { d.Run(ctx) })
	}
	w.t.Cleanup(func() { cancel(); wg.Wait() })
}

// mute is a gateway that endorses and signs nothing.
type mute struct{ session.Issuer }

func (mute) Sign(context.Context, api.SignRequest) ([]byte, error) { return nil, errLost }

// other is a gateway that signs other bytes than it was asked to.
type other struct {
	session.Issuer
	key blindtoken.Signer
}

func (o other) Sign(_ context.Context, r api.SignRequest) ([]byte, error) {
	wrong := bytes.Clone(r.Blinded)
	wrong[len(wrong)-1] ^= 1
	return o.key.Sign(wrong)
}

// claiming is a voter of whom one issuer's gateway is another's work.
func (w *world) claiming(voter int, st *session.State, issuer string, change func(session.Issuer) session.Issuer) (session.Config, *[]session.Claimed) {
	cfg := w.config(voter, st)
	right, told := cfg.Access, &[]session.Claimed{}
	cfg.Access = func(operator [32]byte) (session.Access, bool) {
		a, ok := right(operator)
		if ok && w.gateways[operator].name == issuer {
			a.Issuer = change(a.Issuer)
		}
		return a, ok
	}
	cfg.Claims = session.Claims{Ledger: w, Wait: 10 * time.Second, Tell: func(c session.Claimed) { *told = append(*told, c) }}
	return cfg, told
}

func TestASilentMemberIsAskedOnTheLedgerAndTheVoterGetsTheToken(t *testing.T) {
	for name, change := range map[string]func(session.Issuer) session.Issuer{
		"silent":      func(i session.Issuer) session.Issuer { return mute{i} },
		"other bytes": func(i session.Issuer) session.Issuer { return other{i, sample.TokenKey("liar")} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			// A replica more changes nothing.
			w.run(w.desk("issuer-1", board{w}), w.desk("issuer-1", board{w}), w.desk("issuer-0", board{w}))
			cfg, told := w.claiming(0, w.state(0), "issuer-1", change)
			s, err := session.New(context.Background(), cfg)
			w.must(err)
			w.must(s.Token(context.Background()))
			if n := *told; len(n) != 2 || n[0].Issuer != "issuer-1" || n[0].Answered || !n[1].Answered || n[0].Height == 0 {
				t.Fatal(n)
			}
			w.openVoting()
			cast, err := w.session(0, s.State()).Cast(context.Background(), choices(1, 0, 0))
			w.must(err)
			for i, want := range expected(t, w, s.State()) {
				if !bytes.Equal(want, decodeCast(t, cast.Raw).Token.Signatures[i]) {
					t.Fatalf("signature %d is not the one of the secret", i)
				}
			}
		})
	}
}

func TestAMemberThatIsSilentOnTheLedgerTooIsNamedAndMayStillAnswer(t *testing.T) {
	w := newWorld(t, 1)
	file := filepath.Join(t.TempDir(), "voter.json")
	cfg, told := w.claiming(0, w.state(0), "issuer-1", func(i session.Issuer) session.Issuer { return mute{i} })
	cfg.Save = func(st *session.State) error { return st.WriteFile(file) }
	cfg.Claims.Wait = 5 * time.Millisecond
	s, err := session.New(context.Background(), cfg)
	w.must(err)
	var silent *session.SilentError
	if err := s.Token(context.Background()); !errors.As(err, &silent) || len(silent.Members) != 1 || silent.Members[0].Issuer != "issuer-1" || !errors.Is(err, errLost) {
		t.Fatal(err)
	}
	asked := silent.Members[0].Height
	for range issuance.SilentAfter {
		w.block()
	}
	count := func(issuer uint32) uint64 {
		return w.city.Issuance.Silent(w.city.State, w.city.ID, issuer, w.city.Context.Height)
	}
	if count(1) != 1 || count(0) != 0 {
		t.Fatalf("silence of the others: %d, of the silent: %d", count(0), count(1))
	}
	// The device starts again, and so does the member: the claim is the same one.
	st, err := session.ReadFile(file)
	w.must(err)
	cfg.State, cfg.Claims.Wait = st, 10*time.Second
	d := w.desk("issuer-1", board{w})
	w.run(d)
	s, err = session.New(context.Background(), cfg)
	w.must(err)
	w.must(s.Token(context.Background()))
	if last := (*told)[len(*told)-1]; !last.Answered || last.Height != asked || count(1) != 0 {
		t.Fatal(last, count(1))
	}
	if !s.State().HasToken() || w.issued() != 1 {
		t.Fatal("no token")
	}
}

// forger lists claims that are not on the ledger.
type forger struct {
	board
	forged []api.Claim
	handed int
}

func (f *forger) OpenClaims(context.Context, [32]byte, uint32, uint64, int) (*api.OpenClaims, error) {
	return &api.OpenClaims{Height: 1, Claims: f.forged}, nil
}

func (f *forger) Submit(context.Context, []byte) error {
	f.handed++
	return nil
}

func TestAForgedClaimGetsNoSignatureThatIsNotOnRecord(t *testing.T) {
	w := newWorld(t, 2)
	for voter := range 2 {
		cfg, _ := w.claiming(voter, w.state(voter), "issuer-1", func(i session.Issuer) session.Issuer { return mute{i} })
		cfg.Claims.Wait = 0
		s, err := session.New(context.Background(), cfg)
		w.must(err)
		var silent *session.SilentError
		if err := s.Token(context.Background()); !errors.As(err, &silent) {
			t.Fatal(err)
		}
	}
	real, err := board{w}.OpenClaims(context.Background(), w.city.ID, 1, 0, 10)
	w.must(err)
	if len(real.Claims) != 2 {
		t.Fatal(real)
	}
	a, b := real.Claims[0], real.Claims[1]
	for name, change := range map[string]func(*api.Claim){
		"another's message":     func(c *api.Claim) { c.Blinded = b.Blinded },
		"another's issuance":    func(c *api.Claim) { c.Transaction = b.Transaction },
		"another's entry":       func(c *api.Claim) { c.Entry = b.Entry },
		"chosen message":        func(c *api.Claim) { c.Blinded = bytes.Repeat([]byte{1}, 256) },
		"issuance of nobody":    func(c *api.Claim) { c.Transaction = make([]byte, 32) },
		"entry of wrong length": func(c *api.Claim) { c.Entry = c.Entry[1:] },
	} {
		f := &forger{board: board{w}, forged: []api.Claim{a}}
		change(&f.forged[0])
		_ = w.desk("issuer-1", f).Look(context.Background()) // some are told, all are refused
		if f.handed != 0 {
			t.Errorf("%s: was answered", name)
		}
	}
	f := &forger{board: board{w}, forged: []api.Claim{a}}
	w.must(w.desk("issuer-1", f).Look(context.Background()))
	if f.handed != 1 {
		t.Fatal("the real claim is not answered")
	}
}

// away is a ledger whose issuances are not provable yet.
type away struct{ *issue.Gateway }

func (away) Sign(context.Context, issue.SignRequest) ([]byte, error) {
	return nil, issue.ErrNotOnRecord
}

func TestManyClaimsAreAnsweredAndNoneTwiceInARow(t *testing.T) {
	w := newWorld(t, 1)
	f := &forger{board: board{w}}
	cfg, _ := w.claiming(0, w.state(0), "issuer-1", func(i session.Issuer) session.Issuer { return mute{i} })
	cfg.Claims.Wait = 0
	s, err := session.New(context.Background(), cfg)
	w.must(err)
	_ = s.Token(context.Background()) // silent: that is what is claimed
	real, err := board{w}.OpenClaims(context.Background(), w.city.ID, 1, 0, 10)
	w.must(err)
	f.forged = real.Claims
	d := w.desk("issuer-1", f)
	for range 3 {
		w.must(d.Look(context.Background()))
	}
	if f.handed != 1 || d.State().Open != 1 || d.State().Answered != 1 {
		t.Fatalf("handed in %d times, %+v", f.handed, d.State())
	}
	operator := sample.Key("issuer-1").Public()
	waiting := claims.New(claims.Config{
		ChainID: sample.ChainID, Operator: operator, Elections: [][32]byte{w.city.ID}, Ledger: f,
		Signer: away{}, Log: slog.New(slog.DiscardHandler),
	})
	w.must(waiting.Look(context.Background()))
	if f.handed != 1 || waiting.State().Answered != 0 {
		t.Fatal("what is not provable was answered")
	}
}
