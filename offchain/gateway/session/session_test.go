package session_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/session"
	"github.com/urna-vote/urna/offchain/gateway/vault"
	"github.com/urna-vote/urna/proto/api"
)

const page = "https://vote.example"

var (
	election = [32]byte{1}
	request  = [32]byte{2}
	verifier = []byte("what only the device knows")
)

// portal answers with whoever the code names, to the attempt it was asked in.
type portal struct {
	mu      sync.Mutex
	begun   map[string]login.Attempt // by state
	asked   int
	account login.Account
	fault   error
}

func (p *portal) Start(_ context.Context, a login.Attempt) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fault != nil {
		return "", p.fault
	}
	p.begun[a.State] = a
	return "https://portal.example/authorize?state=" + url.QueryEscape(a.State) + "&nonce=" + a.Nonce, nil
}

func (p *portal) Finish(_ context.Context, a login.Attempt, query url.Values) (login.Account, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if err := a.CheckState(query); err != nil {
		return login.Account{}, err
	}
	if p.fault != nil {
		return login.Account{}, p.fault
	}
	// The portal knows which attempt its code belongs to, and so does PKCE.
	if code, err := login.Code(query); err != nil || code != "code of "+a.State || p.begun[a.State] != a {
		return login.Account{}, login.ErrAnswer
	}
	return p.account, nil
}

type roll map[string][32]byte

func (r roll) Whose(_ context.Context, id [32]byte, subject string) ([32]byte, uint32, bool, error) {
	entry, ok := r[subject]
	return entry, 7, ok && id == election, nil
}

type town struct {
	t      *testing.T
	portal *portal
	cfg    session.Config
	store  *session.Store
	mu     sync.Mutex
	now    time.Time
}

func newTown(t *testing.T, db *database.DB) *town {
	t.Helper()
	key, err := vault.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := &town{t: t, portal: &portal{begun: map[string]login.Attempt{}, account: login.Account{Subject: "anna", Confirmed: true}}, now: time.UnixMilli(1_800_000_000_000)}
	w.cfg = session.Config{
		Database: db, Vault: key, Portal: w.portal, Roll: roll{"anna": {3}}, Public: "https://gateway.example/",
		Origins: []string{page}, Purposes: []session.Purpose{session.Token, session.Application}, Random: rand.Reader,
		Now: func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.now
		},
	}
	w.store = w.replica()
	return w
}

// replica is another process over the same database.
func (w *town) replica() *session.Store {
	w.t.Helper()
	s, err := session.New(w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *town) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *town) begin(purpose session.Purpose, request [32]byte) string {
	w.t.Helper()
	id, address, err := w.store.Begin(context.Background(), purpose, election, request, sha256.Sum256(verifier), page+"/ballot")
	if err != nil {
		w.t.Fatal(err)
	}
	if address != "https://gateway.example/login/"+id {
		w.t.Fatal(address)
	}
	return id
}

// visit opens the log-in's address and gives the portal's answer and the cookie.
func (w *town) visit(id string) (url.Values, []*http.Cookie) {
	w.t.Helper()
	to, cookie, err := w.store.Go(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	at, err := url.Parse(to)
	if err != nil {
		w.t.Fatal(err)
	}
	state := at.Query().Get("state")
	return url.Values{"state": {state}, "code": {"code of " + state}}, []*http.Cookie{cookie}
}

// value is what came back to the return address.
func value(t *testing.T, address, name string) string {
	t.Helper()
	_, after, ok := strings.Cut(address, page+"/ballot#"+name+"=")
	if !ok {
		t.Fatalf("%s has no %s", address, name)
	}
	return after
}

func (w *town) grant(purpose session.Purpose, request [32]byte) string {
	w.t.Helper()
	query, cookies := w.visit(w.begin(purpose, request))
	to, spent, err := w.store.Callback(context.Background(), query, cookies)
	if err != nil {
		w.t.Fatal(err)
	}
	if spent.MaxAge >= 0 || spent.Name != cookies[0].Name {
		w.t.Fatal("the cookie stays")
	}
	return value(w.t, to, "login")
}

func TestALogInAtThePortalBecomesASessionForItsRequest(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newTown(t, db)
		s, bearer, err := w.store.Redeem(context.Background(), w.grant(session.Token, request), verifier)
		if err != nil {
			t.Fatal(err)
		}
		if s.Purpose != session.Token || s.Request != request || s.Election != election || s.Entry != [32]byte{3} || s.Style != 7 || s.Account.Subject != "" {
			t.Fatal("the session is of another person or request")
		}
		for state, a := range w.portal.begun {
			if a.Nonce != base64.RawURLEncoding.EncodeToString(request[:]) || a.Redirect != "https://gateway.example/login/callback" || a.Person || state != a.State {
				t.Error("the portal was asked for another request, or for more than who it is")
			}
		}
		found, err := w.replica().Look(context.Background(), bearer)
		if err != nil || found.Key != s.Key || found.Request != request || found.Entry != s.Entry || found.Confirmed != 0 {
			t.Fatal("a replica does not find the session:", err)
		}
		for _, other := range []string{"", bearer + "x", bearer[1:], strings.ToLower(bearer)} {
			if _, err := w.store.Look(context.Background(), other); other != bearer && !errors.Is(err, session.ErrNoSession) {
				t.Errorf("another bearer: %v", err)
			}
		}
		if err := db.Update(func(tx *database.Tx) error { return w.store.Confirm(tx, s.Key, notice.Mail) }); err != nil {
			t.Fatal(err)
		}
		if found, err = w.store.Look(context.Background(), bearer); err != nil || found.Confirmed != notice.Mail {
			t.Fatal("not confirmed:", err)
		}
		w.pass(session.SessionTime)
		if _, err := w.store.Look(context.Background(), bearer); !errors.Is(err, session.ErrNoSession) {
			t.Fatalf("after its time: %v", err)
		}
	})
}

// What the registrar needs of a person is there, sealed, and nobody else's
// session has it.
func TestOnlyAnApplicationAsksForThePerson(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newTown(t, db)
		w.portal.account = login.Account{Subject: "boris", Confirmed: true, Person: &login.Person{Surname: "Борисов", Phone: "+79000000001"}}
		s, bearer, err := w.store.Redeem(context.Background(), w.grant(session.Application, [32]byte{}), verifier)
		if err != nil {
			t.Fatal(err)
		}
		found, err := w.store.Look(context.Background(), bearer)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []session.Session{s, found} {
			if s.Account.Subject != "boris" || s.Account.Person == nil || s.Account.Person.Surname != "Борисов" || !s.Account.Confirmed {
				t.Error("the account is not what the portal said")
			}
		}
		for _, a := range w.portal.begun {
			if !a.Person {
				t.Error("the portal was not asked for the person")
			}
		}
	})
}

// errBroken is a fault and no refusal.
var errBroken = errors.New("the disk is gone")

// T41, the session's half: whatever is altered, replayed or taken to another
// browser, device or gateway, there is no session.
func TestACallbackThatIsAlteredReplayedOrTakenElsewhereGivesNoSession(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		spoil func(w *town, other *town, query url.Values, cookies []*http.Cookie) (*session.Store, []*http.Cookie)
		want  error
	}{
		"state altered": {func(w, _ *town, q url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			q.Set("state", q.Get("state")+"0")
			return w.store, c
		}, session.ErrAttempt},
		"no state": {func(w, _ *town, q url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			q.Del("state")
			return w.store, c
		}, session.ErrAttempt},
		"two states": {func(w, _ *town, q url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			q.Add("state", "another")
			return w.store, c
		}, login.ErrAnswer},
		"another's code": {func(w, _ *town, q url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			theirs, _ := w.visit(w.begin(session.Token, [32]byte{9}))
			q.Set("code", theirs.Get("code"))
			return w.store, c
		}, login.ErrAnswer},
		"no code": {func(w, _ *town, q url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			q.Del("code")
			return w.store, c
		}, login.ErrAnswer},
		"declined": {func(w, _ *town, q url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			q.Set("error", "access_denied")
			return w.store, c
		}, login.ErrDeclined},
		"no cookie": {func(w, _ *town, _ url.Values, _ []*http.Cookie) (*session.Store, []*http.Cookie) {
			return w.store, nil
		}, session.ErrBrowser},
		"another browser's cookie": {func(w, _ *town, _ url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			_, theirs := w.visit(w.begin(session.Token, request))
			return w.store, []*http.Cookie{{Name: c[0].Name, Value: theirs[0].Value}}
		}, session.ErrBrowser},
		"another browser's state": {func(w, _ *town, q url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			theirs, _ := w.visit(w.begin(session.Token, request))
			q.Set("state", theirs.Get("state"))
			return w.store, c
		}, session.ErrBrowser},
		"another gateway": {func(_, other *town, _ url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			return other.store, c
		}, session.ErrAttempt},
		"too late": {func(w, _ *town, _ url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			w.pass(session.AttemptTime)
			return w.store, c
		}, session.ErrAttempt},
		"replayed": {func(w, _ *town, q url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			if _, _, err := w.store.Callback(ctx, q, c); err != nil {
				t.Fatal(err)
			}
			return w.store, c
		}, session.ErrAttempt},
		"replayed at a replica": {func(w, _ *town, q url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			if _, _, err := w.store.Callback(ctx, q, c); err != nil {
				t.Fatal(err)
			}
			return w.replica(), c
		}, session.ErrAttempt},
		"an older visit": {func(w, _ *town, q url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			id := w.begin(session.Token, request)
			old, cookies := w.visit(id)
			w.visit(id)
			q.Set("state", old.Get("state"))
			q.Set("code", old.Get("code"))
			return w.store, cookies
		}, session.ErrAttempt},
		"account not confirmed": {func(w, _ *town, _ url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			w.portal.account.Confirmed = false
			return w.store, c
		}, session.ErrUnconfirmed},
		"account of nobody here": {func(w, _ *town, _ url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			w.portal.account.Subject = "clara"
			return w.store, c
		}, session.ErrUnknownPerson},
		"portal away": {func(w, _ *town, _ url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			w.portal.fault = login.ErrUnavailable
			return w.store, c
		}, login.ErrUnavailable},
		"gateway broken": {func(w, _ *town, _ url.Values, c []*http.Cookie) (*session.Store, []*http.Cookie) {
			w.portal.fault = errBroken
			return w.store, c
		}, errBroken},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, databasetest.Open(t, databasetest.SQLite(t)))
			other := newTown(t, databasetest.Open(t, databasetest.SQLite(t)))
			query, cookies := w.visit(w.begin(session.Token, request))
			store, shown := c.spoil(w, other, query, cookies)
			to, _, err := store.Callback(ctx, query, shown)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if strings.Contains(to, "login=") {
				t.Fatal("a grant was given")
			}
			told := session.Name(c.want)
			if c.want == errBroken { //nolint:errorlint // it is the case's own
				told = "internal"
			}
			if to != "" && value(t, to, "login_error") != told {
				t.Fatalf("the page is told %s", to)
			}
			// The attempt is spent by a wrong answer: the right one after it is too late.
			if to != "" {
				if _, _, err := store.Callback(ctx, query, shown); !errors.Is(err, session.ErrAttempt) {
					t.Fatalf("a second answer was taken: %v", err)
				}
			}
		})
	}
}

// T33: who begins a log-in and has the person finish it, silently at the portal
// where the person is logged in already, holds verifier and id and gets nothing:
// what opens the session went to the person's page.
func TestWhoBeginsALogInForAnotherPersonGetsNoSession(t *testing.T) {
	ctx := context.Background()
	w := newTown(t, databasetest.Open(t, databasetest.SQLite(t)))
	own := [32]byte{66}
	id := w.begin(session.Token, own) // the corrupt gateway's, with its own messages
	query, cookies := w.visit(id)     // the voter's browser follows its link
	to, _, err := w.store.Callback(ctx, query, cookies)
	if err != nil {
		t.Fatal(err)
	}
	grant := value(t, to, "login")
	for name, shown := range map[string]string{"id": id, "nothing": "", "state": query.Get("state"), "cookie": cookies[0].Value} {
		if _, _, err := w.store.Redeem(ctx, shown, verifier); !errors.Is(err, session.ErrAttempt) {
			t.Errorf("%s redeems: %v", name, err)
		}
	}
	// And the voter's page, to which the grant came, holds another verifier.
	if _, _, err := w.store.Redeem(ctx, grant, []byte("the voter's own verifier")); !errors.Is(err, session.ErrAttempt) {
		t.Errorf("the grant of another log-in redeems: %v", err)
	}
}

func TestALostAnswerCostsNoSecondLogIn(t *testing.T) {
	ctx := context.Background()
	databasetest.Places(t, func(t *testing.T, where string) {
		db := databasetest.Open(t, where)
		w := newTown(t, db)
		grant := w.grant(session.Token, request)
		first, bearer, err := w.store.Redeem(ctx, grant, verifier)
		if err != nil {
			t.Fatal(err)
		}
		// A restart, and at a replica.
		w.cfg.Database = databasetest.Open(t, where)
		again, same, err := w.replica().Redeem(ctx, grant, verifier)
		if err != nil || same != bearer || again.Key != first.Key || !again.Ends.Equal(first.Ends) {
			t.Fatal("the retry gives another session:", err)
		}
	})
}

func TestOfTwoCallbacksAtOnceOneIsLookedAt(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newTown(t, db)
		query, cookies := w.visit(w.begin(session.Token, request))
		var granted atomic.Int32
		var group sync.WaitGroup
		for range 8 {
			store := w.replica()
			group.Go(func() {
				to, _, err := store.Callback(context.Background(), query, cookies)
				if err == nil && strings.Contains(to, "#login=") {
					granted.Add(1)
				} else if !errors.Is(err, session.ErrAttempt) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if granted.Load() != 1 || w.portal.asked != 1 {
			t.Fatalf("%d grants, the portal was asked %d times", granted.Load(), w.portal.asked)
		}
	})
}

func TestABrowserIsSentBackToKnownPlacesOnly(t *testing.T) {
	w := newTown(t, databasetest.Open(t, databasetest.SQLite(t)))
	for address, good := range map[string]bool{
		page + "/ballot":                       true,
		"http://127.0.0.1:4711/back":           true,
		"http://[::1]:4711/":                   true,
		"https://vote.example.evil.example/":   false,
		"https://vote.example@evil.example/":   false,
		"https://evil.example/":                false,
		"http://vote.example/ballot":           false,
		"http://127.0.0.1/back":                false,
		"https://127.0.0.1:4711/back":          false,
		"http://127.0.0.1.evil.example:80/":    false,
		"http://localhost:4711/":               false,
		"javascript:alert(1)":                  false,
		"//vote.example/ballot":                false,
		page + "/ballot?x=1":                   false,
		page + "/ballot#login=forged":          false,
		page + "/" + strings.Repeat("a", 600):  false,
		"":                                     false,
		"http://user@127.0.0.1:4711/":          false,
		"https://vote.example:8443/ballot":     false,
		"http://127.0.0.1:4711/back?login=own": false,
	} {
		_, _, err := w.store.Begin(context.Background(), session.Token, election, request, [32]byte{}, address)
		if good != (err == nil) || (err != nil && !errors.Is(err, session.ErrReturn)) {
			t.Errorf("%s: %v", address, err)
		}
	}
	// A program on the device reads a query; a page keeps it from every server.
	id, _, err := w.store.Begin(context.Background(), session.Token, election, request, sha256.Sum256(verifier), "http://127.0.0.1:4711/back")
	if err != nil {
		t.Fatal(err)
	}
	query, cookies := w.visit(id)
	to, _, err := w.store.Callback(context.Background(), query, cookies)
	if err != nil || !strings.HasPrefix(to, "http://127.0.0.1:4711/back?login=") {
		t.Fatal(to, err)
	}
}

func TestPurposesAreKeptApart(t *testing.T) {
	w := newTown(t, databasetest.Open(t, databasetest.SQLite(t)))
	for name, c := range map[string]struct {
		purpose session.Purpose
		request [32]byte
	}{
		"a token without a request":     {session.Token, [32]byte{}},
		"an application with a request": {session.Application, request},
		"what this gateway does not do": {session.Dispute, [32]byte{}},
		"what nobody does":              {"admin", [32]byte{}},
	} {
		if _, _, err := w.store.Begin(context.Background(), c.purpose, election, c.request, [32]byte{}, page); !errors.Is(err, session.ErrPurpose) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestThePortalThatIsAwayLeavesTheAttemptOpen(t *testing.T) {
	w := newTown(t, databasetest.Open(t, databasetest.SQLite(t)))
	id := w.begin(session.Token, request)
	w.portal.fault = login.ErrUnavailable
	if _, _, err := w.store.Go(context.Background(), id); !errors.Is(err, login.ErrUnavailable) || session.Name(err) != "login-portal" {
		t.Fatal(err)
	}
	w.portal.fault = nil
	query, cookies := w.visit(id)
	if _, _, err := w.store.Callback(context.Background(), query, cookies); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.store.Go(context.Background(), id); !errors.Is(err, session.ErrAttempt) {
		t.Fatalf("a finished log-in begins again: %v", err)
	}
}

func TestWhatIsOverIsSweptAndNothingIsStoredInClear(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newTown(t, db)
		w.portal.account = login.Account{Subject: "a subject in clear", Confirmed: true, Person: &login.Person{Document: "4509123456"}}
		id := w.begin(session.Application, [32]byte{})
		query, cookies := w.visit(id)
		to, _, err := w.store.Callback(context.Background(), query, cookies)
		if err != nil {
			t.Fatal(err)
		}
		_, bearer, err := w.store.Redeem(context.Background(), value(t, to, "login"), verifier)
		if err != nil {
			t.Fatal(err)
		}
		w.begin(session.Token, request)
		stored := everything(t, db)
		for name, secret := range map[string]string{
			"id": id, "bearer": bearer, "cookie": cookies[0].Value, "state": query.Get("state"), "grant": value(t, to, "login"),
			"subject": "a subject in clear", "document": "4509123456",
		} {
			if bytes.Contains(stored, []byte(secret)) {
				t.Errorf("%s is stored in clear", name)
			}
		}
		w.pass(session.SessionTime)
		if err := w.store.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		if left := everything(t, db); len(left) != 0 {
			t.Fatalf("%d bytes stay", len(left))
		}
	})
}

func everything(t *testing.T, db *database.DB) (all []byte) {
	t.Helper()
	err := db.View(context.Background(), func(tx *database.Tx) error {
		for table, n := range map[string]int{"login_attempt": 15, "login_session": 9} {
			rows, err := tx.Rows("SELECT * FROM " + table)
			if err != nil {
				return err
			}
			for rows.Next() {
				values := make([]any, n)
				into := make([]any, n)
				for i := range values {
					into[i] = &values[i]
				}
				if err := rows.Scan(into...); err != nil {
					return errors.Join(err, rows.Close())
				}
				for _, v := range values {
					if b, ok := v.([]byte); ok {
						all = append(all, b...)
						continue
					}
					all = fmt.Append(all, v)
				}
			}
			if err := rows.Close(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestASessionPrintsAsARedaction(t *testing.T) {
	s := session.Session{Entry: [32]byte{3}}
	if out := fmt.Sprintf("%v %+v %s", s, s, s); out != "[session] [session] [session]" {
		t.Fatal(out)
	}
	if _, err := s.MarshalText(); err == nil {
		t.Fatal("a session is written")
	}
}

// T33: a corrupt member begins a log-in here with a request and a verifier of its
// own, and leads a voter's browser to it, with the voter's own return address. What
// comes back would open the voter's session to it; it tells the voter's device
// that it is not the member's, which hands it over to nobody.
func TestWhatComesBackTellsWhoseLogInItIsAndWhatFor(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newTown(t, db)
		corrupt, theirs := [32]byte{66}, [32]byte{67}
		w.cfg.Operator = [32]byte{65}
		w.store = w.replica()
		grant := w.grant(session.Token, theirs)
		if !api.LoginFits(grant, api.LoginTag(api.PurposeToken, w.cfg.Operator, election, theirs)) {
			t.Error("it does not name this issuer and the request")
		}
		for name, tag := range map[string]string{
			"the corrupt member's":       api.LoginTag(api.PurposeToken, corrupt, election, theirs),
			"of the voter's own request": api.LoginTag(api.PurposeToken, w.cfg.Operator, election, request),
			"of another election":        api.LoginTag(api.PurposeToken, w.cfg.Operator, [32]byte{2}, theirs),
			"for a dispute":              api.LoginTag(api.PurposeDispute, w.cfg.Operator, election, theirs),
			"none":                       "",
		} {
			if api.LoginFits(grant, tag) {
				t.Errorf("it passes as one %s", name)
			}
		}
		// The tag cannot be exchanged for the device's sake.
		secret, _, _ := strings.Cut(grant, ".")
		for _, other := range []string{secret, secret + "." + api.LoginTag(api.PurposeToken, corrupt, election, request)} {
			if _, _, err := w.store.Redeem(context.Background(), other, verifier); !errors.Is(err, session.ErrAttempt) {
				t.Errorf("redeemed under another tag: %v", err)
			}
		}
		grant = w.grant(session.Application, [32]byte{})
		if !api.LoginFits(grant, api.LoginTag(api.PurposeApplication, [32]byte{}, election, [32]byte{})) {
			t.Error("a registrar's names no application")
		}
	})
}
