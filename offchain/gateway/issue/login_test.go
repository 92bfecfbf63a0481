package issue_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/otp"
	"github.com/urna-vote/urna/offchain/gateway/people"
	"github.com/urna-vote/urna/offchain/gateway/session"
	"github.com/urna-vote/urna/offchain/gateway/vault"
	"github.com/urna-vote/urna/x/issuance"
)

// silent is a portal where the voter is logged in already: whoever sends the
// browser there gets an answer without a question.
type silent struct{ nonces []string }

func (p *silent) Start(_ context.Context, a login.Attempt) (string, error) {
	p.nonces = append(p.nonces, a.Nonce)
	return "https://portal.example/?state=" + a.State, nil
}

func (p *silent) Finish(_ context.Context, a login.Attempt, q url.Values) (login.Account, error) {
	return login.Account{Subject: "anna", Confirmed: true}, a.CheckState(q)
}

// phone is the voter's, and an outbox.
type phone struct{ last notice.Message }

func (p *phone) Offer(m notice.Message) (notice.Ticket, error) {
	p.last = m
	return notice.Ticket{}, nil
}

func (p *phone) State(notice.Ticket) notice.State { return notice.State{Phase: notice.Sent} }

// counter is an honest member whose voters log in.
type counter struct {
	*desk
	sessions *session.Store
	codes    *otp.Desk
	phone    *phone
}

func newCounter(t *testing.T, where string) *counter {
	t.Helper()
	c := &counter{desk: newDesk(t, where), phone: new(phone)}
	c.request.Claim.Pass, c.request.Claim.Code = [32]byte{}, ""
	key, err := vault.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	db := c.store.Database()
	list := people.New(db, key)
	anna := people.Person{Election: electionID, Entry: c.request.Claim.Entry, Style: 1, Subject: "anna", Phone: "+79000000001", Language: people.Russian}
	if _, err := list.Import(context.Background(), []people.Person{anna}); err != nil {
		t.Fatal(err)
	}
	c.sessions, err = session.New(session.Config{Database: db, Vault: key, Portal: new(silent), Roll: list, Public: "https://two.example",
		Origins: []string{"https://vote.example"}, Purposes: []session.Purpose{session.Token}, Now: time.Now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	if c.codes, err = otp.New(otp.Config{Database: db, Vault: key, Outbox: c.phone, Digits: 6, Now: time.Now, Random: rand.Reader}); err != nil {
		t.Fatal(err)
	}
	c.gateway = issue.New(issue.Config{
		ChainID: chainID, Operator: sample.Key("issuer-0"), Keys: ring(), Store: c.store,
		Auth: auth.NewPortal(c.store, c.sessions, c.codes), Ledger: c.ledger,
	})
	return c
}

// logIn has the voter's browser log in for a request and sends the voter a code.
func (c *counter) logIn(request [32]byte) (bearer, code string) {
	c.t.Helper()
	ctx := context.Background()
	id, _, err := c.sessions.Begin(ctx, session.Token, electionID, request, sha256.Sum256(nil), "https://vote.example/")
	if err != nil {
		c.t.Fatal(err)
	}
	to, cookie, err := c.sessions.Go(ctx, id)
	if err != nil {
		c.t.Fatal(err)
	}
	_, state, _ := strings.Cut(to, "state=")
	back, _, err := c.sessions.Callback(ctx, url.Values{"state": {state}, "code": {"x"}}, []*http.Cookie{cookie})
	if err != nil {
		c.t.Fatal(err)
	}
	_, grant, _ := strings.Cut(back, "login=")
	s, bearer, err := c.sessions.Redeem(ctx, grant, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = c.codes.Send(ctx, auth.CodeKey(c.codes, s), notice.SMS, func(digits string) notice.Message {
		code = digits
		return notice.Message{To: "+79000000001", Text: digits}
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return bearer, code
}

func loginFor(r *issue.EndorseRequest, class uint32) [32]byte {
	return issuance.RequestHash(chainID, r.Claim.Election, class, r.Panel, r.BlindedHashes)
}

// T33: one member of the panel is corrupt and hands the voter's log-in on with
// messages of its own. The honest member has the voter log in for a request of
// its own knowledge, and endorses no other: the token of the corrupt one's
// messages never has all endorsements.
func TestACorruptMemberCannotHaveItsOwnMessagesEndorsedUnderAVotersLogIn(t *testing.T) {
	c := newCounter(t, databasetest.SQLite(t))
	own := c.request // the voter's device made it
	bearer, code := c.logIn(loginFor(&own, 0))
	forged := own
	c.blind(&forged)
	half := own
	half.BlindedHashes = [][32]byte{own.BlindedHashes[0], {66}} // only its own part exchanged
	for name, r := range map[string]issue.EndorseRequest{"all messages": forged, "its own message": half} {
		r.Claim.Bearer, r.Claim.Code = bearer, code
		if _, err := c.endorse(r); !errors.Is(err, auth.ErrOtherRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, err := c.store.Records(context.Background(), electionID); n != 0 || err != nil {
		t.Fatalf("something was bound (%d, %v)", n, err)
	}
	// Without the voter's code a log-in for the forged request is worth nothing, and
	// the voter's code is none in it.
	id, _, err := c.sessions.Begin(context.Background(), session.Token, electionID, loginFor(&forged, 0), sha256.Sum256(nil), "https://vote.example/")
	if err != nil {
		t.Fatal(err)
	}
	forged.Claim.Bearer, forged.Claim.Code = id, code
	if _, err := c.endorse(forged); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("a log-in that the voter did not finish: %v", err)
	}
	// The voter goes on as if nothing had been.
	own.Claim.Bearer, own.Claim.Code = bearer, code
	first, err := c.endorse(own)
	if err != nil {
		t.Fatal(err)
	}
	own.Claim.Code = ""
	if again, err := c.endorse(own); err != nil || again != first {
		t.Fatalf("the retry after a lost answer: %v", err)
	}
}

// The second panel is another request, for which the voter logs in again.
func TestALogInForOnePanelIsNoneForAnother(t *testing.T) {
	c := newCounter(t, databasetest.SQLite(t))
	bearer, code := c.logIn(loginFor(&c.request, 0))
	moved := c.request
	moved.Panel = 1
	moved.BlindedHashes = [][32]byte{{5}, blindtoken.BlindedHash(moved.Blinded)}
	c.ledger.standing.Panel, c.ledger.standing.Moduli = 1, [][]byte{{1}, modulus(1)}
	moved.Claim.Bearer, moved.Claim.Code = bearer, code
	if _, err := c.endorse(moved); !errors.Is(err, auth.ErrOtherRequest) {
		t.Fatal(err)
	}
}

func TestTheVoterIsToldWhichOrganisationAsks(t *testing.T) {
	d := newDesk(t, databasetest.SQLite(t))
	place, err := d.gateway.Place(context.Background(), electionID, 1, d.request.Claim.Entry)
	if err != nil || place.Number != 1 || place.Of != 2 || place.Name == "" {
		t.Fatalf("%+v %v", place, err)
	}
	d.ledger.standing.Panel, d.ledger.standing.Moduli = 1, [][]byte{{1}, modulus(1)}
	if place, err = d.gateway.Place(context.Background(), electionID, 1, d.request.Claim.Entry); err != nil || place.Number != 2 {
		t.Fatalf("%+v %v", place, err)
	}
	// No code where no token can come of it.
	for name, c := range map[string]struct {
		change func(*issue.Standing)
		want   error
	}{
		"closed":          {func(s *issue.Standing) { s.Open = false }, issue.ErrNotOpen},
		"removed":         {func(s *issue.Standing) { s.Removed = true }, issue.ErrEntry},
		"not in the roll": {func(s *issue.Standing) { s.InRoll = false }, issue.ErrEntry},
	} {
		was := d.ledger.standing
		c.change(&d.ledger.standing)
		if _, err := d.gateway.Place(context.Background(), electionID, 1, d.request.Claim.Entry); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		d.ledger.standing = was
	}
	// Who resumes has a token on the ledger already, and may need a code all the same.
	d.ledger.standing.Issued = true
	if _, err := d.gateway.Place(context.Background(), electionID, 1, d.request.Claim.Entry); err != nil {
		t.Error(err)
	}
}
