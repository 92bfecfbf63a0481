package auth_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/otp"
	"github.com/urna-vote/urna/offchain/gateway/people"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/gateway/session"
	"github.com/urna-vote/urna/offchain/gateway/vault"
)

var (
	portalElection = [32]byte{1}
	portalRequest  = [32]byte{9, 9}
	annasEntry     = [32]byte{2}
)

// anyone is a portal at which the person who asks is whom the test says.
type anyone struct{ subject string }

func (p *anyone) Start(_ context.Context, a login.Attempt) (string, error) {
	return "https://portal.example/?state=" + a.State, nil
}

func (p *anyone) Finish(_ context.Context, a login.Attempt, q url.Values) (login.Account, error) {
	return login.Account{Subject: p.subject, Confirmed: true}, a.CheckState(q)
}

// post is an outbox whose channels are as the test says.
type post struct {
	mu     sync.Mutex
	sent   []notice.Message
	state  notice.State
	health map[notice.Channel]notice.Health
}

func (p *post) Offer(m notice.Message) (notice.Ticket, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, m)
	return notice.Ticket{byte(len(p.sent))}, nil
}

func (p *post) State(notice.Ticket) notice.State { return p.state }

func (p *post) Health(ch notice.Channel) notice.Health { return p.health[ch] }

// office is an issuer whose voters log in.
type office struct {
	t        *testing.T
	db       *database.DB
	store    *register.Store
	portal   *anyone
	people   *people.Store
	sessions *session.Store
	codes    *otp.Desk
	auth     *auth.Portal
	post     *post
	mu       sync.Mutex
	now      time.Time
}

func newOffice(t *testing.T, db *database.DB) *office {
	t.Helper()
	key, err := vault.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := notice.Health{Condition: notice.Good, Capacity: 100}
	o := &office{t: t, db: db, store: register.New(db), portal: &anyone{subject: "anna"}, people: people.New(db, key), now: time.UnixMilli(1_800_000_000_000),
		post: &post{state: notice.State{Phase: notice.Sent}, health: map[notice.Channel]notice.Health{notice.SMS: good, notice.Mail: good}}}
	list := []people.Person{
		{Election: portalElection, Entry: annasEntry, Style: 3, Subject: "anna", Phone: "+79000000001", Mail: "anna@example.org", Language: people.Russian},
		{Election: portalElection, Entry: [32]byte{4}, Style: 3, Subject: "boris", Phone: "+79000000002", Language: people.English},
	}
	if _, err := o.people.Import(context.Background(), list); err != nil {
		t.Fatal(err)
	}
	o.sessions, err = session.New(session.Config{Database: db, Vault: key, Portal: o.portal, Roll: o.people, Public: "https://one.example",
		Origins: []string{"https://vote.example"}, Purposes: []session.Purpose{session.Token, session.Dispute}, Now: o.clock, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	if o.codes, err = otp.New(otp.Config{Database: db, Vault: key, Outbox: o.post, Digits: 6, Now: o.clock, Random: rand.Reader}); err != nil {
		t.Fatal(err)
	}
	o.auth = auth.NewPortal(o.store, o.sessions, o.codes)
	return o
}

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = o.now.Add(d)
}

// logIn gives a session of the person for a request.
func (o *office) logIn(subject string, purpose session.Purpose, request [32]byte) (session.Session, string) {
	o.t.Helper()
	ctx := context.Background()
	o.portal.subject = subject
	id, _, err := o.sessions.Begin(ctx, purpose, portalElection, request, sha256.Sum256([]byte("v")), "https://vote.example/")
	if err != nil {
		o.t.Fatal(err)
	}
	to, cookie, err := o.sessions.Go(ctx, id)
	if err != nil {
		o.t.Fatal(err)
	}
	_, state, _ := strings.Cut(to, "state=")
	back, _, err := o.sessions.Callback(ctx, url.Values{"state": {state}, "code": {"x"}}, []*http.Cookie{cookie})
	if err != nil {
		o.t.Fatal(err)
	}
	_, grant, _ := strings.Cut(back, "login=")
	s, bearer, err := o.sessions.Redeem(ctx, grant, []byte("v"))
	if err != nil {
		o.t.Fatal(err)
	}
	return s, bearer
}

// code sends one and gives it.
func (o *office) code(s session.Session, channel notice.Channel) string {
	o.t.Helper()
	var code string
	_, err := o.codes.Send(context.Background(), auth.CodeKey(o.codes, s), channel, func(digits string) notice.Message {
		code = digits
		return notice.Message{To: "x", Text: "x"}
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return code
}

func (o *office) decide(c auth.Claim) error {
	o.t.Helper()
	var v auth.Verdict
	err := o.store.Update(func(tx *register.Tx) (err error) {
		v, err = o.auth.Decide(tx, c)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return v.Refusal
}

func claimOf(bearer, code string) auth.Claim {
	return auth.Claim{Election: portalElection, Entry: annasEntry, Style: 3, Bearer: bearer, Code: code, Request: portalRequest}
}

func outcome(err error) otp.Outcome {
	var code *auth.CodeError
	if errors.As(err, &code) {
		return code.Verdict.Outcome
	}
	return 255
}

func TestASessionAndItsCodeOpenTheRequestTheyWereMadeFor(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		o := newOffice(t, db)
		s, bearer := o.logIn("anna", session.Token, portalRequest)
		if err := o.decide(claimOf(bearer, "123456")); outcome(err) != otp.None {
			t.Fatalf("before a code was sent: %v", err)
		}
		code := o.code(s, notice.SMS)
		for name, change := range map[string]func(*auth.Claim){
			"no session": func(c *auth.Claim) { c.Bearer = "" },
			"another":    func(c *auth.Claim) { c.Bearer += "x" },
		} {
			c := claimOf(bearer, code)
			change(&c)
			if err := o.decide(c); !errors.Is(err, session.ErrNoSession) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, change := range map[string]func(*auth.Claim){
			"request":  func(c *auth.Claim) { c.Request[0]++ },
			"entry":    func(c *auth.Claim) { c.Entry = [32]byte{4} },
			"style":    func(c *auth.Claim) { c.Style++ },
			"election": func(c *auth.Claim) { c.Election[0]++ },
		} {
			c := claimOf(bearer, code)
			change(&c)
			if err := o.decide(c); !errors.Is(err, auth.ErrOtherRequest) {
				t.Errorf("another %s: %v", name, err)
			}
		}
		// None of these used the code up.
		c := claimOf(bearer, code)
		if v, err := o.auth.Screen(context.Background(), c); err != nil || v.Refusal != nil {
			t.Fatal(v.Refusal, err)
		}
		if err := o.decide(c); err != nil {
			t.Fatal(err)
		}
		// The retry after a lost answer needs no code, and opens nothing else.
		c.Code = ""
		if err := o.decide(c); err != nil {
			t.Fatalf("the retry: %v", err)
		}
		if v, err := o.auth.Screen(context.Background(), c); err != nil || v.Refusal != nil {
			t.Fatal(v.Refusal, err)
		}
		c.Request[0]++
		if err := o.decide(c); !errors.Is(err, auth.ErrOtherRequest) {
			t.Fatalf("another request after the code: %v", err)
		}
	})
}

func TestWrongCodesOfASessionAreCountedAndScreenCountsNone(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		o := newOffice(t, db)
		s, bearer := o.logIn("anna", session.Token, portalRequest)
		code := o.code(s, notice.SMS)
		wrong := claimOf(bearer, string('0'+(code[0]-'0'+1)%10)+code[1:])
		for range 5 {
			v, err := o.auth.Screen(context.Background(), wrong)
			if err != nil || outcome(v.Refusal) != otp.Wrong || !v.Counted {
				t.Fatal(v, err)
			}
		}
		for n := range otp.Tries {
			if err := o.decide(wrong); outcome(err) != otp.Wrong {
				t.Fatalf("try %d: %v", n+1, err)
			}
		}
		if err := o.decide(claimOf(bearer, code)); outcome(err) != otp.Exhausted {
			t.Fatalf("the right code after three wrong ones: %v", err)
		}
		// A second session of the person does not get three more tries at that code,
		// nor a code at once.
		again, second := o.logIn("anna", session.Token, portalRequest)
		if err := o.decide(claimOf(second, code)); outcome(err) != otp.None {
			t.Fatalf("in another session: %v", err)
		}
		_, err := o.codes.Send(context.Background(), auth.CodeKey(o.codes, again), notice.SMS, func(string) notice.Message { return notice.Message{} })
		var wait *otp.WaitError
		if !errors.As(err, &wait) {
			t.Fatalf("another code at once: %v", err)
		}
		o.pass(otp.Resend)
		if err := o.decide(claimOf(second, o.code(again, notice.Mail))); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSessionsOfOtherPurposesEndorseNothing(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		o := newOffice(t, db)
		_, bearer := o.logIn("anna", session.Dispute, [32]byte{})
		c := claimOf(bearer, "")
		c.Request = [32]byte{}
		if err := o.decide(c); !errors.Is(err, auth.ErrOtherRequest) {
			t.Fatal(err)
		}
	})
}

// bound makes an endorsement of anna's as package issue does.
func (o *office) bound(channel notice.Channel) {
	o.t.Helper()
	s, bearer := o.logIn("anna", session.Token, portalRequest)
	c := claimOf(bearer, o.code(s, channel))
	err := o.store.Update(func(tx *register.Tx) error {
		v, err := o.auth.Decide(tx, c)
		if err != nil || v.Refusal != nil {
			return errors.Join(err, v.Refusal)
		}
		if _, err := tx.Bind(portalElection, annasEntry, 0, []byte("record")); err != nil {
			return err
		}
		return o.auth.Bound(tx, c)
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) teller() *auth.Teller {
	return auth.NewTeller(o.db, o.people, o.post, "Первая", o.clock)
}

func (o *office) tell(teller *auth.Teller) []notice.Message {
	o.t.Helper()
	before := len(o.post.sent)
	if err := teller.Tell(context.Background()); err != nil {
		o.t.Fatal(err)
	}
	return o.post.sent[before:]
}

func TestThePersonIsToldOfAnEndorsementByAnotherChannelOnce(t *testing.T) {
	for used, want := range map[notice.Channel]notice.Message{
		notice.SMS:  {Channel: notice.Mail, To: "anna@example.org"},
		notice.Mail: {Channel: notice.SMS, To: "+79000000001"},
	} {
		databasetest.Each(t, func(t *testing.T, db *database.DB) {
			o := newOffice(t, db)
			o.bound(used)
			teller := o.teller()
			got := o.tell(teller)
			if len(got) != 1 || got[0].Channel != want.Channel || got[0].To != want.To || !strings.Contains(got[0].Text, "Первая") || !strings.Contains(got[0].Text, "бюллетен") {
				t.Fatalf("%d messages, not by the other channel", len(got))
			}
			for range 3 {
				o.pass(time.Hour)
				if again := o.tell(teller); len(again) != 0 {
					t.Fatal("told twice")
				}
			}
		})
	}
}

func TestANoticeOutlivesACrashAndADeadChannel(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		o := newOffice(t, db)
		o.bound(notice.SMS)
		crowded := notice.Health{Condition: notice.Slow, Waiting: 51, Capacity: 100}
		good := o.post.health[notice.Mail]
		o.post.health[notice.SMS] = crowded
		if got := o.tell(o.teller()); len(got) != 0 {
			t.Fatal("a notice takes the place of codes")
		}
		o.post.health[notice.SMS] = good
		if got := o.tell(o.teller()); len(got) != 1 {
			t.Fatalf("%d messages", len(got))
		}
		// The process died before it knew what became of it; a replica waits for the lease.
		replica := o.teller()
		if got := o.tell(replica); len(got) != 0 {
			t.Fatal("a replica tells at the same time")
		}
		o.pass(6 * time.Minute)
		o.post.health[notice.Mail] = notice.Health{Condition: notice.Down, Capacity: 100}
		o.post.state = notice.State{Phase: notice.Failed, Reason: notice.Expired}
		for range 20 { // SMS now, for as long as it takes
			if got := o.tell(replica); len(got) != 1 || got[0].Channel != notice.SMS {
				t.Fatalf("%d messages", len(got))
			}
			if got := o.tell(replica); len(got) != 0 {
				t.Fatal("no pause")
			}
			o.pass(time.Minute)
		}
		o.post.health[notice.Mail] = good
		o.post.state = notice.State{Phase: notice.Failed, Reason: notice.BadAddress}
		var channels []notice.Channel
		for range 10 {
			for _, m := range o.tell(replica) {
				channels = append(channels, m.Channel)
			}
		}
		if len(channels) != 5 || channels[0] == channels[1] {
			t.Fatalf("an address that is refused was tried on %v", channels)
		}
	})
}

func TestDisputesAreCountedOnceAPersonAndOnlyOfWhatWasEndorsed(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := context.Background()
		o := newOffice(t, db)
		d := auth.NewDisputes(db)
		if endorsed, counted, err := d.Raise(ctx, portalElection, annasEntry); endorsed || counted || err != nil {
			t.Fatal(endorsed, counted, err)
		}
		o.bound(notice.SMS)
		for range 2 {
			if endorsed, counted, err := d.Raise(ctx, portalElection, annasEntry); !endorsed || !counted || err != nil {
				t.Fatal(endorsed, counted, err)
			}
		}
		if n, err := d.Count(ctx, portalElection); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if n, err := d.Count(ctx, [32]byte{8}); n != 0 || err != nil {
			t.Fatal(n, err)
		}
	})
}

func TestMessagesNameActOrganisationAndMark(t *testing.T) {
	p := people.Person{Phone: "+79000000001", Mail: "anna@example.org", Language: people.Russian}
	m := auth.CodeMessage(p, notice.SMS, auth.Organisation{Number: 1, Of: 2, Name: "Первая"}, "004711", "4821")
	for _, part := range []string{"Код для получения бюллетеня", "организация 1 из 2", "Первая", "004711", "4821"} {
		if !strings.Contains(m.Text, part) {
			t.Errorf("%q is missing", part)
		}
	}
	if m.To != p.Phone || m.Channel != notice.SMS {
		t.Error("to another address")
	}
	p.Language = people.English
	m = auth.CodeMessage(p, notice.Mail, auth.Organisation{Number: 2, Of: 2, Name: "Second"}, "004711", "4821")
	for _, part := range []string{"Code for receiving the ballot", "organisation 2 of 2", "Second", "004711", "4821"} {
		if !strings.Contains(m.Text, part) {
			t.Errorf("%q is missing", part)
		}
	}
	if m.To != p.Mail || m.Subject == "" {
		t.Error("to another address, or without a subject")
	}
}
