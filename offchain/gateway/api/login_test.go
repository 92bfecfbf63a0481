package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/gateway/login/oidc"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/otp"
	"github.com/urna-vote/urna/offchain/gateway/people"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/gateway/session"
	"github.com/urna-vote/urna/offchain/gateway/vault"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/testnet/portal"
)

const votersPage = "https://vote.example/ballot"

// telephone is the voter's, and the outbox of both organisations.
type telephone struct {
	last   notice.Message
	health map[notice.Channel]notice.Health
	fault  error
}

func (p *telephone) Offer(m notice.Message) (notice.Ticket, error) {
	if p.fault != nil {
		return notice.Ticket{}, p.fault
	}
	p.last = m
	return notice.Ticket{1}, nil
}

func (p *telephone) State(notice.Ticket) notice.State { return notice.State{Phase: notice.Sent} }

func (p *telephone) Health(ch notice.Channel) notice.Health { return p.health[ch] }

// seat says which organisation it is.
type seat int

func (s seat) Place(context.Context, [32]byte, uint32, [32]byte) (issue.Place, error) {
	return issue.Place{Number: int(s), Of: 2, Name: fmt.Sprintf("Организация-%d", s)}, nil
}

// organisation is one member of a panel with all that stands behind its address.
type organisation struct {
	url    string
	db     *database.DB
	issuer *authIssuer
}

// authIssuer decides claims as issuing does, without a ledger.
type authIssuer struct {
	auth    *auth.Portal
	store   *register.Store
	request [32]byte
}

func (a *authIssuer) Endorse(ctx context.Context, r issue.EndorseRequest) (out [64]byte, err error) {
	r.Claim.Request = a.request
	if v, err := a.auth.Screen(ctx, r.Claim); err != nil || (v.Refusal != nil && !v.Counted) {
		return out, firstOf(err, v.Refusal)
	}
	var v auth.Verdict
	err = a.store.Update(func(tx *register.Tx) (err error) {
		if v, err = a.auth.Decide(tx, r.Claim); err != nil || v.Refusal != nil {
			return err
		}
		_, err = tx.Bind(r.Claim.Election, r.Claim.Entry, r.Panel, []byte("record"))
		return err
	})
	return [64]byte{1}, firstOf(err, v.Refusal)
}

func (a *authIssuer) Sign(context.Context, issue.SignRequest) ([]byte, error) { return nil, nil }

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// republic is a portal, two organisations and one voter.
type republic struct {
	t     *testing.T
	phone *telephone
	orgs  []*organisation
	log   bytes.Buffer
	now   time.Time
}

var (
	republicElection = [32]byte{0xe1}
	republicRequest  = [32]byte{0x11, 0x22}
	republicEntry    = [32]byte{0xaa}
)

func listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l, "http://" + l.Addr().String()
}

func stand(t *testing.T, l net.Listener, h http.Handler) {
	t.Helper()
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}}
	server.Start()
	t.Cleanup(server.Close)
}

func found(t *testing.T) *republic {
	t.Helper()
	good := notice.Health{Condition: notice.Good}
	r := &republic{t: t, now: time.Now(), phone: &telephone{health: map[notice.Channel]notice.Health{notice.SMS: good, notice.Mail: good}}}
	portalAt, portalURL := listen(t)
	config := portal.Config{Issuer: portalURL, Accounts: []portal.Account{
		{Subject: "1001", Login: "anna", Password: "correct horse", Confirmed: true},
		{Subject: "1002", Login: "clara", Password: "correct horse", Confirmed: true},
	}}
	var starts []func()
	for n := 1; n <= 2; n++ {
		at, address := listen(t)
		id := fmt.Sprintf("org-%d", n)
		config.Clients = append(config.Clients, portal.Client{ID: id, Secret: id + " secret", Redirects: []string{address + "/login/callback"}})
		starts = append(starts, func() { r.open(n, at, address, portalURL, id) })
	}
	p, err := portal.New(config)
	if err != nil {
		t.Fatal(err)
	}
	stand(t, portalAt, p)
	for _, start := range starts {
		start()
	}
	return r
}

func (r *republic) open(n int, at net.Listener, address, portalURL, id string) {
	t := r.t
	t.Helper()
	key, err := vault.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	db := databasetest.Open(t, databasetest.SQLite(t))
	provider, err := oidc.New(oidc.Config{Issuer: portalURL, ClientID: id, Secret: id + " secret"})
	if err != nil {
		t.Fatal(err)
	}
	list := people.New(db, key)
	anna := people.Person{Election: republicElection, Entry: republicEntry, Style: 3, Subject: "1001", Phone: "+79000000001", Mail: "anna@example.org", Language: people.Russian}
	if _, err := list.Import(context.Background(), []people.Person{anna}); err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return r.now }
	sessions, err := session.New(session.Config{Database: db, Vault: key, Portal: provider, Roll: list, Public: address,
		Origins: []string{"https://vote.example"}, Purposes: []session.Purpose{session.Token, session.Dispute}, Now: clock, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	codes, err := otp.New(otp.Config{Database: db, Vault: key, Outbox: r.phone, Digits: 6, Now: clock, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	store := register.New(db)
	issuer := &authIssuer{auth: auth.NewPortal(store, sessions, codes), store: store, request: republicRequest}
	handler, err := gatewayapi.New(gatewayapi.Config{Now: time.Now, Origins: []string{"https://vote.example"},
		Log: slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Parts: []gatewayapi.Part{gatewayapi.Issuance{Issuer: issuer}, gatewayapi.Login{
			Sessions: sessions, Codes: codes, People: list, Channels: r.phone, Placer: seat(n), Disputes: auth.NewDisputes(db), Now: clock,
		}}})
	if err != nil {
		t.Fatal(err)
	}
	stand(t, at, handler)
	r.orgs = append(r.orgs, &organisation{url: address, db: db, issuer: issuer})
}

// call posts a body with a session, if any, and reads what comes.
func (r *republic) call(method, address, bearer string, in, out any) (int, api.GatewayError) {
	r.t.Helper()
	body := bytes.NewReader(nil)
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			r.t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, address, body)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Accept-Language", "ru")
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	var refusal api.GatewayError
	into := any(&refusal)
	if response.StatusCode == http.StatusOK {
		into = out
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		r.t.Fatal(response.Status, err)
	}
	return response.StatusCode, refusal
}

func (r *republic) must(method, address, bearer string, in, out any) {
	r.t.Helper()
	if status, refusal := r.call(method, address, bearer, in, out); status != http.StatusOK {
		r.t.Fatalf("%s %s: %d %+v", method, address, status, refusal)
	}
}

func begin(purpose string) api.LoginRequest {
	challenge := sha256.Sum256([]byte("verifier"))
	in := api.LoginRequest{Purpose: purpose, Election: republicElection[:], Challenge: challenge[:], Return: votersPage}
	if purpose == api.PurposeToken {
		in.Request = republicRequest[:]
	}
	return in
}

// walk takes the browser through the portal and back, and gives what came.
func (r *republic) walk(org *organisation, browser *portal.Browser, purpose string) url.Values {
	r.t.Helper()
	var begun api.LoginAnswer
	r.must(http.MethodPost, org.url+"/v1/login", "", begin(purpose), &begun)
	at, err := browser.Go(context.Background(), begun.URL, func(u *url.URL) bool { return u.Host == "vote.example" })
	if err != nil {
		r.t.Fatal(err)
	}
	values, err := url.ParseQuery(at.Fragment)
	if err != nil || at.RawQuery != "" {
		r.t.Fatalf("%s %v", at, err)
	}
	return values
}

func (r *republic) logIn(org *organisation, browser *portal.Browser, purpose string) api.SessionAnswer {
	r.t.Helper()
	var out api.SessionAnswer
	login := r.walk(org, browser, purpose).Get("login")
	r.must(http.MethodPost, org.url+"/v1/session", "", api.SessionRequest{ID: login, Verifier: []byte("verifier")}, &out)
	return out
}

func token(code string) api.TokenRequest {
	h := func(b byte) api.Hex { return bytes.Repeat([]byte{b}, 32) }
	return api.TokenRequest{Election: republicElection[:], Entry: republicEntry[:], Style: 3, Code: code, Blinded: []byte{6}, BlindedHashes: []api.Hex{h(7), h(8)}, ClaimKeyHash: h(9)}
}

// digits of the last message.
func (r *republic) digits() string {
	r.t.Helper()
	_, after, ok := strings.Cut(r.phone.last.Text, "): ")
	if !ok || len(after) < 6 {
		r.t.Fatal("no code in the message")
	}
	return after[:6]
}

// The whole way, at two organisations of one panel, through a real portal: one
// log-in form, two authorizations, two codes of two organisations.
func TestAVoterLogsInOnceAndEachOrganisationSendsItsOwnCode(t *testing.T) {
	r := found(t)
	browser := portal.NewBrowser("anna", "correct horse")
	for n, org := range r.orgs {
		s := r.logIn(org, browser, api.PurposeToken)
		if !bytes.Equal(s.Entry, republicEntry[:]) || s.Style != 3 || strings.Join(s.Channels, " ") != "sms mail" || s.ExpiresS < 1700 || len(s.Mark) != 4 {
			t.Fatalf("organisation %d: session of another person", n+1)
		}
		var sent api.CodeAnswer
		r.must(http.MethodPost, org.url+"/v1/code", s.Session, api.CodeRequest{Channel: "sms"}, &sent)
		if sent.Digits != 6 || sent.ResendS != 60 || sent.ExpiresS != 300 || sent.State != "sent" || sent.Channel != "sms" {
			t.Fatalf("%+v", sent)
		}
		for _, part := range []string{fmt.Sprintf("организация %d из 2", n+1), fmt.Sprintf("Организация-%d", n+1), "Метка " + s.Mark, "получения бюллетеня"} {
			if !strings.Contains(r.phone.last.Text, part) {
				t.Errorf("the message does not say %q", part)
			}
		}
		if r.phone.last.To != "+79000000001" {
			t.Fatal("the code goes to somebody else")
		}
		var endorsed api.TokenAnswer
		r.must(http.MethodPost, org.url+"/v1/token", s.Session, token(r.digits()), &endorsed)
		r.must(http.MethodPost, org.url+"/v1/token", s.Session, token(""), &endorsed) // a lost answer
	}
	if browser.Forms != 1 {
		t.Fatalf("the voter filled in %d forms", browser.Forms)
	}
	// No log holds who or what it was.
	for _, secret := range []string{"1001", "+7900", "anna", r.digits(), fmt.Sprintf("%x", republicEntry), "Bearer", "state="} {
		if strings.Contains(r.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestSessionsOfOneOrganisationAreNoneAtTheOther(t *testing.T) {
	r := found(t)
	browser := portal.NewBrowser("anna", "correct horse")
	s := r.logIn(r.orgs[0], browser, api.PurposeToken)
	var sent api.CodeAnswer
	r.must(http.MethodPost, r.orgs[0].url+"/v1/code", s.Session, api.CodeRequest{Channel: "sms"}, &sent)
	if status, refusal := r.call(http.MethodPost, r.orgs[1].url+"/v1/token", s.Session, token(r.digits()), nil); status != http.StatusUnauthorized || refusal.Name != "session" {
		t.Errorf("%d %+v", status, refusal)
	}
	// The code of the first is none in a session of the second.
	other := r.logIn(r.orgs[1], browser, api.PurposeToken)
	if status, refusal := r.call(http.MethodPost, r.orgs[1].url+"/v1/token", other.Session, token(r.digits()), nil); status != http.StatusForbidden || refusal.Name != "code-none" {
		t.Errorf("%d %+v", status, refusal)
	}
	// A grant of the one redeems nothing at the other.
	grant := r.walk(r.orgs[0], browser, api.PurposeToken).Get("login")
	status, refusal := r.call(http.MethodPost, r.orgs[1].url+"/v1/session", "", api.SessionRequest{ID: grant, Verifier: []byte("verifier")}, nil)
	if status != http.StatusGone || refusal.Name != "login-over" {
		t.Errorf("%d %+v", status, refusal)
	}
}

// Every refusal has a name for programs, and says in the voter's language what to
// do next.
func TestEveryRefusalOfLogInAndCodeIsWorded(t *testing.T) {
	r := found(t)
	org := r.orgs[0]
	s := r.logIn(org, portal.NewBrowser("anna", "correct horse"), api.PurposeToken)
	wrong := func() string {
		d := r.digits()
		return string('0'+(d[0]-'0'+1)%10) + d[1:]
	}
	send := func(channel string) (int, api.GatewayError) {
		return r.call(http.MethodPost, org.url+"/v1/code", s.Session, api.CodeRequest{Channel: channel}, new(api.CodeAnswer))
	}
	ask := func(code string) (int, api.GatewayError) {
		return r.call(http.MethodPost, org.url+"/v1/token", s.Session, token(code), new(api.TokenAnswer))
	}
	for _, c := range []struct {
		name   string
		status int
		do     func() (int, api.GatewayError)
	}{
		{"session", 401, func() (int, api.GatewayError) {
			return r.call(http.MethodPost, org.url+"/v1/code", "", api.CodeRequest{Channel: "sms"}, nil)
		}},
		{"login-return", 400, func() (int, api.GatewayError) {
			in := begin(api.PurposeToken)
			in.Return = "https://evil.example/"
			return r.call(http.MethodPost, org.url+"/v1/login", "", in, nil)
		}},
		{"login-purpose", 400, func() (int, api.GatewayError) {
			return r.call(http.MethodPost, org.url+"/v1/login", "", begin(api.PurposeApplication), nil)
		}},
		{"code-none", 403, func() (int, api.GatewayError) { return ask("123456") }},
		{"malformed", 400, func() (int, api.GatewayError) { return send("pigeon") }},
		{"channel-full", 503, func() (int, api.GatewayError) {
			r.phone.fault = notice.ErrFull
			defer func() { r.phone.fault = nil }()
			return send("sms")
		}},
		{"channel-absent", 409, func() (int, api.GatewayError) {
			was := r.phone.health[notice.Mail]
			r.phone.health[notice.Mail] = notice.Health{}
			defer func() { r.phone.health[notice.Mail] = was }()
			return send("mail")
		}},
		{"", 200, func() (int, api.GatewayError) { return send("sms") }},
		{"code-wait", 429, func() (int, api.GatewayError) { return send("mail") }},
		{"code-unreadable", 403, func() (int, api.GatewayError) { return ask("12") }},
		{"code-wrong", 403, func() (int, api.GatewayError) { return ask(wrong()) }},
		{"code-wrong", 403, func() (int, api.GatewayError) { return ask(wrong()) }},
		{"code-exhausted", 403, func() (int, api.GatewayError) { return ask(wrong()) }},
		{"code-exhausted", 403, func() (int, api.GatewayError) { return ask(r.digits()) }},
		{"", 200, func() (int, api.GatewayError) {
			r.now = r.now.Add(otp.Resend)
			return send("mail")
		}},
		{"code-expired", 403, func() (int, api.GatewayError) {
			r.now = r.now.Add(otp.Valid)
			return ask(r.digits())
		}},
		{"other-request", 409, func() (int, api.GatewayError) {
			org.issuer.request = [32]byte{66}
			defer func() { org.issuer.request = republicRequest }()
			if status, refusal := send("sms"); status != http.StatusOK {
				return status, refusal
			}
			return ask(r.digits())
		}},
		{"login-purpose", 400, func() (int, api.GatewayError) {
			return r.call(http.MethodPost, org.url+"/v1/dispute", s.Session, api.DisputeRequest{}, nil)
		}},
	} {
		status, refusal := c.do()
		if status != c.status || refusal.Name != c.name {
			t.Errorf("want %d %q, got %d %+v", c.status, c.name, status, refusal)
			continue
		}
		if status == http.StatusOK {
			continue
		}
		for part, text := range map[string]string{"title": refusal.Title, "detail": refusal.Detail, "next": refusal.Next} {
			if text == "" || strings.ContainsAny(text, "{}") || !strings.ContainsAny(text, "аеиоуыяАЕИО") {
				t.Errorf("%s: %s is %q", c.name, part, text)
			}
		}
		if c.name == "code-wait" && refusal.RetryAfterS != 60 {
			t.Errorf("wait of %d s", refusal.RetryAfterS)
		}
	}
}

// A browser that comes back the wrong way is shown a page, and no session is made.
func TestABrowserThatCannotFinishIsToldSo(t *testing.T) {
	r := found(t)
	org := r.orgs[0]
	// A person who is on no list comes back to the page that began, with the reason.
	if got := r.walk(org, portal.NewBrowser("clara", "correct horse"), api.PurposeToken); got.Get("login_error") != "login-not-listed" || got.Has("login") {
		t.Error(got)
	}
	// Another browser with the right address, and an address that was used.
	browser := portal.NewBrowser("anna", "correct horse")
	var begun api.LoginAnswer
	r.must(http.MethodPost, org.url+"/v1/login", "", begin(api.PurposeToken), &begun)
	at, err := browser.Go(context.Background(), begun.URL, func(u *url.URL) bool { return u.Path == "/login/callback" })
	if err != nil {
		t.Fatal(err)
	}
	shown := func(address string) (int, string, http.Header) {
		t.Helper()
		request, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", "text/html")
		request.Header.Set("Accept-Language", "ru-RU,ru;q=0.9")
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var page bytes.Buffer
		if _, err := page.ReadFrom(response.Body); err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, page.String(), response.Header
	}
	if status, page, header := shown(at.String()); status != http.StatusForbidden || !strings.Contains(page, "в другом браузере") || !strings.Contains(header.Get("Content-Type"), "text/html") || strings.Contains(page, at.Query().Get("state")) {
		t.Error(status, page)
	}
	if _, err := browser.Go(context.Background(), at.String(), func(u *url.URL) bool { return u.Host == "vote.example" }); err != nil {
		t.Error("the right browser after the wrong one:", err)
	}
	if status, page, _ := shown(begun.URL); status != http.StatusGone || !strings.Contains(page, "заново") {
		t.Error(status, page)
	}
	if status, _, _ := shown(org.url + "/login/nothing"); status != http.StatusGone {
		t.Error(status)
	}
}

// Cookies alone do nothing: what changes anything needs the session in a header,
// which no other page can make a browser send.
func TestACookieIsNoSession(t *testing.T) {
	r := found(t)
	org := r.orgs[0]
	var begun api.LoginAnswer
	r.must(http.MethodPost, org.url+"/v1/login", "", begin(api.PurposeToken), &begun)
	response, err := http.DefaultTransport.RoundTrip(must(http.NewRequest(http.MethodGet, begun.URL, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	cookies := response.Cookies()
	if response.StatusCode != http.StatusSeeOther || len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || cookies[0].MaxAge != 600 {
		t.Fatalf("%s %v", response.Status, cookies)
	}
	request := must(http.NewRequest(http.MethodPost, org.url+"/v1/code", strings.NewReader(`{"channel":"sms"}`)))
	request.Header.Set("Content-Type", "application/json")
	request.AddCookie(cookies[0])
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		t.Fatal(answer.Status)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestADisputeIsRaisedByLogInAndCounted(t *testing.T) {
	r := found(t)
	org := r.orgs[0]
	browser := portal.NewBrowser("anna", "correct horse")
	dispute := func() (out api.DisputeAnswer) {
		t.Helper()
		s := r.logIn(org, browser, api.PurposeDispute)
		r.must(http.MethodPost, org.url+"/v1/dispute", s.Session, api.DisputeRequest{}, &out)
		return out
	}
	if got := dispute(); got.Endorsed || got.Counted {
		t.Fatalf("nothing was endorsed: %+v", got)
	}
	s := r.logIn(org, browser, api.PurposeToken)
	r.must(http.MethodPost, org.url+"/v1/code", s.Session, api.CodeRequest{Channel: "sms"}, new(api.CodeAnswer))
	r.must(http.MethodPost, org.url+"/v1/token", s.Session, token(r.digits()), new(api.TokenAnswer))
	for range 2 {
		if got := dispute(); !got.Endorsed || !got.Counted {
			t.Fatalf("%+v", got)
		}
	}
	if n, err := auth.NewDisputes(org.db).Count(context.Background(), republicElection); n != 1 || err != nil {
		t.Fatal(n, err)
	}
}

func TestASlowChannelIsAdvisedAgainst(t *testing.T) {
	r := found(t)
	org := r.orgs[0]
	r.phone.health[notice.SMS] = notice.Health{Condition: notice.Slow}
	s := r.logIn(org, portal.NewBrowser("anna", "correct horse"), api.PurposeToken)
	if strings.Join(s.Channels, " ") != "mail sms" {
		t.Errorf("channels in the order %v", s.Channels)
	}
	var sent api.CodeAnswer
	r.must(http.MethodPost, org.url+"/v1/code", s.Session, api.CodeRequest{Channel: "sms"}, &sent)
	if sent.Advice != "mail" {
		t.Errorf("%+v", sent)
	}
	r.now = r.now.Add(10 * time.Second)
	r.must(http.MethodGet, org.url+"/v1/code", s.Session, nil, &sent)
	if sent.ResendS != 50 || sent.ExpiresS != 290 || sent.State != "sent" || sent.Advice != "mail" {
		t.Errorf("%+v", sent)
	}
}
