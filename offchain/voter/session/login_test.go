package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
)

// counter is a member at which people log in: it judges session and code, and
// hands the rest to the member's gateway as a slip would.
type counter struct {
	access   session.Access
	operator [32]byte
	entry    [32]byte

	mu sync.Mutex
	// logins and codes asked for, requests they were for.
	logins, sent int
	requests     map[string]bool
	code         string
	// refuse answers the next token requests, the first first.
	refuse []string
	// busy is how often a code is refused because one was sent just now, lost
	// whether that one is of this session.
	busy int
	lost bool
	// redeemed log-ins.
	redeemed int
	// mislead the browser to a log-in with another tag.
	mislead func(election, request [32]byte) string
	// entry of whoever logs in, if another.
	other bool
}

func (c *counter) Login(_ context.Context, r api.LoginRequest) (api.LoginAnswer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logins++
	c.requests[string(r.Request)] = true
	tag := api.LoginTag(r.Purpose, c.operator, [32]byte(r.Election), [32]byte(r.Request))
	if c.mislead != nil {
		tag = c.mislead([32]byte(r.Election), [32]byte(r.Request))
	}
	return api.LoginAnswer{URL: r.Return + "?login=grant-" + r.Challenge.String() + "." + tag}, nil
}

// Session implements session.Portal over the real client: the bearer's type
// cannot be made elsewhere.
func (c *counter) Session(ctx context.Context, r api.SessionRequest) (issuer.Bearer, api.SessionAnswer, error) {
	c.mu.Lock()
	c.redeemed++
	c.mu.Unlock()
	entry := c.entry
	if c.other {
		entry[0] ^= 1
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, api.SessionAnswer{Session: "bearer", Entry: entry[:], Channels: []string{api.ChannelSMS, api.ChannelMail}, Mark: "0417"})
	}))
	defer server.Close()
	g, err := issuer.New(nil, server.URL)
	if err != nil {
		return issuer.Bearer{}, api.SessionAnswer{}, err
	}
	return g.Session(ctx, r)
}

func (c *counter) SendCode(_ context.Context, _ issuer.Bearer, channel string) (api.CodeAnswer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy > 0 {
		c.busy--
		return api.CodeAnswer{}, refused("code-wait")
	}
	c.sent++
	c.code = fmt.Sprintf("%06d", 100_000*c.sent+1)
	return api.CodeAnswer{Channel: channel}, nil
}

func (c *counter) CodeState(context.Context, issuer.Bearer) (api.CodeAnswer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.lost {
		return api.CodeAnswer{}, refused("code-none")
	}
	c.code = "111111"
	return api.CodeAnswer{Channel: api.ChannelSMS}, nil
}

func (c *counter) EndorseAs(ctx context.Context, _ issuer.Bearer, r api.TokenRequest) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.refuse) > 0 {
		name := c.refuse[0]
		c.refuse = c.refuse[1:]
		return nil, refused(name)
	}
	if r.Code != c.code || len(r.Pass) != 0 {
		return nil, refused("code-wrong")
	}
	r.Pass, r.Code = c.access.Pass[:], c.access.Code
	return c.access.Issuer.Endorse(ctx, r)
}

func refused(name string) error {
	return &issuer.Refusal{Status: 403, GatewayError: api.GatewayError{Name: name}}
}

// typist logs in at once and types what the counters sent.
type typist struct {
	counters map[string]*counter
	// typed by the person instead of the code, the first first.
	typed []session.Reply
	asked []session.Question
	ways  [][]string
	fails error
	waits int
}

func (p *typist) Wait(string, time.Duration) { p.waits++ }

func (p *typist) Returns(n int) (out []string, err error) {
	for i := range n {
		out = append(out, fmt.Sprintf("http://127.0.0.1:1/%d", i))
	}
	return out, nil
}

func (p *typist) LogIn(_ context.Context, visits []session.Visit) (grants []string, err error) {
	var way []string
	for _, v := range visits {
		way = append(way, v.Issuer)
		u, err := url.Parse(v.URL)
		if err != nil || !strings.HasPrefix(v.URL, v.Return) {
			return nil, fmt.Errorf("%v: %w", v, err)
		}
		grants = append(grants, u.Query().Get("login"))
	}
	p.ways = append(p.ways, way)
	return grants, p.fails
}

func (p *typist) Code(_ context.Context, q session.Question) (session.Reply, error) {
	p.asked = append(p.asked, q)
	if len(p.typed) > 0 {
		r := p.typed[0]
		p.typed = p.typed[1:]
		return r, nil
	}
	c := p.counters[q.Issuer]
	c.mu.Lock()
	defer c.mu.Unlock()
	return session.Reply{Code: c.code}, nil
}

// portalConfig is the config of a voter who logs in at every member.
func (w *world) portalConfig(st *session.State) (session.Config, *typist) {
	cfg := w.config(0, st)
	p := &typist{counters: map[string]*counter{}}
	right := cfg.Access
	cfg.Access = func(operator [32]byte) (session.Access, bool) {
		a, ok := right(operator)
		name := w.gateways[operator].name
		if p.counters[name] == nil {
			p.counters[name] = &counter{access: a, operator: operator, entry: st.Entry(), requests: map[string]bool{}}
		}
		return session.Access{Issuer: a.Issuer, Portal: p.counters[name]}, ok
	}
	cfg.Person = p
	return cfg, p
}

func (w *world) portalSession(st *session.State) (*session.Session, *typist) {
	w.t.Helper()
	cfg, p := w.portalConfig(st)
	s, err := session.New(context.Background(), cfg)
	w.must(err)
	// Counters are made as they are asked for.
	for operator := range w.gateways {
		cfg.Access(operator)
	}
	return s, p
}

func TestOneWayForTheBrowserAndACodeOfEachMember(t *testing.T) {
	w := newWorld(t, 1)
	s, p := w.portalSession(w.state(0))
	w.must(s.Token(context.Background()))
	if len(p.ways) != 1 || !slices.Equal(p.ways[0], []string{"issuer-0", "issuer-1"}) {
		t.Fatalf("ways %v", p.ways)
	}
	if len(p.asked) != 2 || p.asked[0].Issuer != "issuer-0" || p.asked[1].Member != 2 || p.asked[1].Members != 2 || p.asked[1].Mark != "0417" {
		t.Fatalf("asked %+v", p.asked)
	}
	for _, name := range []string{"issuer-0", "issuer-1"} {
		c := p.counters[name]
		if c.logins != 1 || c.sent != 1 || len(c.requests) != 1 {
			t.Errorf("%s: %d log-ins, %d codes, %d requests", name, c.logins, c.sent, len(c.requests))
		}
	}
	if w.issued() != 1 || p.counters["issuer-2"].logins != 0 {
		t.Error("issued", w.issued())
	}
}

func TestAWrongCodeIsAskedForAgainAndAnOldOneSentAgain(t *testing.T) {
	w := newWorld(t, 1)
	s, p := w.portalSession(w.state(0))
	p.typed = []session.Reply{{Code: "000000"}, {Resend: api.ChannelMail}, {Resend: "pigeon"}}
	p.counters["issuer-1"].refuse = []string{"code-expired"}
	w.must(s.Token(context.Background()))
	first := p.asked[:4]
	if first[0].Refusal != nil || !issuer.Refused(first[1].Refusal, "code-wrong") || first[2].Channel != api.ChannelMail || first[3].Refusal == nil {
		t.Fatalf("%+v", first)
	}
	if p.counters["issuer-0"].sent != 2 || p.counters["issuer-1"].sent != 2 || w.issued() != 1 {
		t.Fatal(p.counters["issuer-0"].sent, p.counters["issuer-1"].sent, w.issued())
	}
}

func TestACodeSentToAnotherDeviceIsWaitedFor(t *testing.T) {
	w := newWorld(t, 1)
	s, p := w.portalSession(w.state(0))
	p.counters["issuer-0"].busy = 3
	p.counters["issuer-1"].busy, p.counters["issuer-1"].lost = 1, true
	w.must(s.Token(context.Background()))
	if p.waits != 2 || p.counters["issuer-0"].sent != 1 || p.counters["issuer-1"].sent != 0 || len(p.asked) != 2 {
		t.Fatalf("waits %d, sent %d and %d, asked %d", p.waits, p.counters["issuer-0"].sent, p.counters["issuer-1"].sent, len(p.asked))
	}
}

func TestAfterAFailureOnlyTheMissingMemberIsAsked(t *testing.T) {
	w := newWorld(t, 1)
	s, p := w.portalSession(w.state(0))
	p.counters["issuer-1"].refuse = []string{"session"}
	if err := s.Token(context.Background()); !errors.Is(err, session.ErrSessionOver) {
		t.Fatal(err)
	}
	w.must(s.Token(context.Background()))
	if len(p.ways) != 2 || !slices.Equal(p.ways[1], []string{"issuer-1"}) || p.counters["issuer-0"].logins != 1 {
		t.Fatalf("ways %v", p.ways)
	}
}

func TestALogInOfAnotherPersonGetsNothing(t *testing.T) {
	w := newWorld(t, 1)
	s, p := w.portalSession(w.state(0))
	p.counters["issuer-1"].other = true
	if err := s.Token(context.Background()); !errors.Is(err, session.ErrOtherPerson) || w.issued() != 0 || p.counters["issuer-0"].sent != 0 {
		t.Fatal(err, w.issued())
	}
	p.counters["issuer-1"].other = false
	p.fails = &session.LoginError{Issuer: "issuer-1", Name: "login-unconfirmed"}
	var refused *session.LoginError
	if err := s.Token(context.Background()); !errors.As(err, &refused) {
		t.Fatal(err)
	}
}

func TestWithoutAPersonNobodyLogsIn(t *testing.T) {
	w := newWorld(t, 1)
	cfg, _ := w.portalConfig(w.state(0))
	cfg.Person = nil
	s, err := session.New(context.Background(), cfg)
	w.must(err)
	if err := s.Token(context.Background()); !errors.Is(err, session.ErrNoAccess) {
		t.Fatal(err)
	}
}

// A code that was typed survives a refusal that is not about it; another panel
// is another request, for which the person logs in anew.
func TestAnotherPanelIsAnotherLogIn(t *testing.T) {
	w := newWorld(t, 1)
	s, p := w.portalSession(w.state(0))
	p.counters["issuer-0"].refuse = []string{"not-open", "not-open"}
	p.counters["issuer-1"].refuse = []string{"not-open"}
	w.must(s.Token(context.Background()))
	if len(p.ways) != 1 || len(p.asked) != 2 {
		t.Fatalf("ways %v, asked %d", p.ways, len(p.asked))
	}
	w = newWorld(t, 1)
	s, p = w.portalSession(w.state(0))
	p.counters["issuer-1"].refuse = []string{"session"}
	if err := s.Token(context.Background()); err == nil {
		t.Fatal("no failure")
	}
	w.mu.Lock()
	err := w.city.Decide(commissionv1.Action_ACTION_OPEN_PANEL, &issuancev1.OpenPanel{ElectionId: w.city.ID[:], Panel: 1, Reason: "issuer-1 is silent"})
	w.mu.Unlock()
	w.must(err)
	w.must(s.Token(context.Background()))
	if s.State().Panel() != 1 || len(p.counters["issuer-0"].requests) != 2 {
		t.Fatal(s.State().Panel(), len(p.counters["issuer-0"].requests))
	}
}

func answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

// T33: a corrupt member leads the browser on to a log-in that it began itself,
// at another member or at the registrar, and hopes to be handed what comes back.
func TestALogInOfAnotherGatewayIsHandedToNobody(t *testing.T) {
	for name, tag := range map[string]func(election, request [32]byte) string{
		"another member": func(election, request [32]byte) string {
			return api.LoginTag(api.PurposeToken, [32]byte{9}, election, request)
		},
		"another request": func(election, _ [32]byte) string {
			return api.LoginTag(api.PurposeToken, [32]byte{9}, election, [32]byte{8})
		},
		"the registrar": func(_, _ [32]byte) string {
			return api.LoginTag(api.PurposeApplication, [32]byte{}, [32]byte{}, [32]byte{})
		},
		"nobody": func(_, _ [32]byte) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			s, p := w.portalSession(w.state(0))
			p.counters["issuer-1"].mislead = tag
			if err := s.Token(context.Background()); !errors.Is(err, session.ErrOtherLogin) || w.issued() != 0 || p.counters["issuer-1"].redeemed != 0 {
				t.Fatal(err, w.issued(), p.counters["issuer-1"].redeemed)
			}
		})
	}
}
