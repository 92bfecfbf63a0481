package portal_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/login/oidc"
	"github.com/urna-vote/urna/testnet/portal"
)

var ivan = portal.Account{
	Subject: "1001", Login: "Ivan", Password: "correct horse", Confirmed: true,
	Surname: "Иванов", Name: "Иван", Patronymic: "Иванович", BirthDate: "1980-01-31", Document: "4510123456",
	Citizenship: "RUS", Address: "Москва,  ул. Ленина, 1", Phone: "+79000000001", Mail: "ivan@mail.example",
}

const back = "http://127.0.0.1:1/login/callback"

type fixture struct {
	*portal.Portal
	url string
	now time.Time
}

// start runs a portal with two issuers and a registrar.
func start(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{now: time.Now()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.url = "http://" + listener.Addr().String()
	f.Portal, err = portal.New(portal.Config{
		Issuer: f.url, Now: func() time.Time { return f.now },
		Accounts: []portal.Account{ivan, {Subject: "1002", Login: "olga", Password: "battery staple"}},
		Clients: []portal.Client{
			{ID: "alpha", Secret: "alpha secret", Redirects: []string{back}, Name: map[string]string{"ru": "Первая", "en": "First"}},
			{ID: "beta", Secret: "beta secret", Redirects: []string{back}},
			{ID: "registrar", Secret: "registrar secret", Redirects: []string{back}, Person: true},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: f, ReadHeaderTimeout: time.Minute}}
	server.Start()
	t.Cleanup(server.Close)
	return f
}

func (f *fixture) client(t *testing.T, id string) *oidc.Provider {
	t.Helper()
	p, err := oidc.New(oidc.Config{Issuer: f.url, ClientID: id, Secret: id + " secret"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func isBack(u *url.URL) bool { return strings.HasPrefix(u.String(), back) }

func attempt(t *testing.T, person bool) login.Attempt {
	t.Helper()
	a, err := login.NewAttempt(rand.Reader, "nonce of a request", back)
	if err != nil {
		t.Fatal(err)
	}
	a.Person = person
	return a
}

// logIn goes the whole way with a browser.
func logIn(t *testing.T, p *oidc.Provider, b *portal.Browser, person bool) (login.Account, error) {
	t.Helper()
	a := attempt(t, person)
	address, err := p.Start(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	at, err := b.Go(t.Context(), address, isBack)
	if err != nil {
		return login.Account{}, err
	}
	return p.Finish(t.Context(), a, at.Query())
}

func TestSecondClientIsAnsweredWithoutAPage(t *testing.T) {
	f := start(t)
	b := portal.NewBrowser(" ivan ", "correct horse")
	for _, id := range []string{"alpha", "beta"} {
		account, err := logIn(t, f.client(t, id), b, false)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		if account.Subject != "1001" || !account.Confirmed || account.Person != nil {
			t.Errorf("%s: not the account that logged in, or more than its subject", id)
		}
	}
	if b.Forms != 1 {
		t.Errorf("%d forms were filled in where one is enough", b.Forms)
	}
}

func TestRegistrarLearnsThePersonAndAnIssuerDoesNot(t *testing.T) {
	f := start(t)
	b := portal.NewBrowser("ivan", "correct horse")
	account, err := logIn(t, f.client(t, "registrar"), b, true)
	if err != nil {
		t.Fatal(err)
	}
	want := login.Person{
		Surname: "Иванов", Name: "Иван", Patronymic: "Иванович", BirthDate: "1980-01-31", Document: "4510123456",
		Citizenship: "RUS", Address: "Москва, ул. Ленина, 1", Phone: "+79000000001", Mail: "ivan@mail.example",
	}
	if account.Person == nil || *account.Person != want {
		t.Error("the registrar does not get the person that the list has")
	}
	account, err = logIn(t, f.client(t, "alpha"), b, true)
	if err != nil {
		t.Fatal(err)
	}
	if account.Person == nil || *account.Person != (login.Person{}) {
		t.Error("an issuer that asks gets what it is not registered for")
	}
}

func TestUnconfirmedAccountIsSaidToBeOne(t *testing.T) {
	f := start(t)
	account, err := logIn(t, f.client(t, "alpha"), portal.NewBrowser("olga", "battery staple"), false)
	if err != nil || account.Confirmed || account.Subject != "1002" {
		t.Errorf("unconfirmed account: confirmed %v, error %v", account.Confirmed, err)
	}
}

func TestCodeIsGoodForOneExchangeEvenIfItFails(t *testing.T) {
	f := start(t)
	p := f.client(t, "alpha")
	for name, spoil := range map[string]func(*login.Attempt){
		"used before":       nil,
		"wrong verifier":    func(a *login.Attempt) { a.Verifier = strings.Repeat("A", 43) },
		"another redirect":  func(a *login.Attempt) { a.Redirect += "/other" },
		"nonce of another":  func(a *login.Attempt) { a.Nonce = "another nonce" },
		"state of another":  func(a *login.Attempt) { a.State = "another state" },
		"without its nonce": func(a *login.Attempt) { a.Nonce = "" },
	} {
		a := attempt(t, false)
		address, err := p.Start(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		at, err := portal.NewBrowser("ivan", "correct horse").Go(t.Context(), address, isBack)
		if err != nil {
			t.Fatal(err)
		}
		first := a
		if spoil != nil {
			spoil(&first)
		}
		if _, err := p.Finish(t.Context(), first, at.Query()); (spoil == nil) != (err == nil) || (err != nil && !errors.Is(err, login.ErrAnswer)) {
			t.Errorf("%s: first exchange: %v", name, err)
		}
		if name == "state of another" {
			continue // the code never went out
		}
		if _, err := p.Finish(t.Context(), a, at.Query()); !errors.Is(err, login.ErrAnswer) {
			t.Errorf("%s: second exchange of the code: %v", name, err)
		}
	}
}

func TestCodeDiesAfterAMinute(t *testing.T) {
	f := start(t)
	p, a := f.client(t, "alpha"), attempt(t, false)
	address, err := p.Start(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	at, err := portal.NewBrowser("ivan", "correct horse").Go(t.Context(), address, isBack)
	if err != nil {
		t.Fatal(err)
	}
	f.now = f.now.Add(61 * time.Second)
	if _, err := p.Finish(t.Context(), a, at.Query()); !errors.Is(err, login.ErrAnswer) {
		t.Errorf("code of 61 seconds: %v", err)
	}
}

func TestCodeOfOneClientServesNoOther(t *testing.T) {
	f := start(t)
	a := attempt(t, false)
	address, err := f.client(t, "alpha").Start(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	at, err := portal.NewBrowser("ivan", "correct horse").Go(t.Context(), address, isBack)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.client(t, "beta").Finish(t.Context(), a, at.Query()); !errors.Is(err, login.ErrAnswer) {
		t.Errorf("another client's code: %v", err)
	}
}

func TestWrongPasswordsMakeTheFormWait(t *testing.T) {
	f := start(t)
	p := f.client(t, "alpha")
	for range 5 {
		if _, err := logIn(t, p, portal.NewBrowser("ivan", "wrong"), false); !errors.Is(err, portal.ErrPassword) {
			t.Fatalf("wrong password: %v", err)
		}
	}
	if _, err := logIn(t, p, portal.NewBrowser("ivan", "correct horse"), false); err == nil || !strings.Contains(err.Error(), "429") {
		t.Errorf("sixth try within the minute: %v", err)
	}
	f.now = f.now.Add(61 * time.Second)
	if _, err := logIn(t, p, portal.NewBrowser("ivan", "correct horse"), false); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

// ask sends one request as a browser without cookies and gives answer and page.
func ask(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(page)
}

func get(t *testing.T, address, lang string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Language", lang)
	return ask(t, r)
}

// form is the address of the log-in form of a new attempt.
func (f *fixture) form(t *testing.T, a login.Attempt) string {
	t.Helper()
	address, err := f.client(t, "alpha").Start(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	at, err := portal.NewBrowser("", "").Go(t.Context(), address, func(u *url.URL) bool { return u.Path == "/login" })
	if err != nil {
		t.Fatal(err)
	}
	return at.String()
}

func TestPagesAreInTheLanguageAskedForAndLoadNothingForeign(t *testing.T) {
	f := start(t)
	form := f.form(t, attempt(t, false))
	for _, c := range []struct{ lang, query, title, client string }{
		{"ru-RU,ru;q=0.9,en;q=0.8", "", "<h1>Вход</h1>", "Первая"},
		{"en-GB,en;q=0.9", "", "<h1>Log in</h1>", "First"},
		{"de", "", "<h1>Вход</h1>", "Первая"},
		{"ru", "&lang=en", "<h1>Log in</h1>", "First"},
	} {
		resp, page := get(t, form+c.query, c.lang)
		if resp.StatusCode != http.StatusOK || !strings.Contains(page, c.title) || !strings.Contains(page, c.client) {
			t.Errorf("%s%s: %s, wants %q of %q", c.lang, c.query, resp.Status, c.title, c.client)
		}
		for _, part := range []string{`name="viewport"`, `name="request"`, `name="login"`, `name="password"`, `value="cancel"`} {
			if !strings.Contains(page, part) {
				t.Errorf("the form has no %s", part)
			}
		}
		if strings.Contains(page, "http:") || strings.Contains(page, "https:") || strings.Contains(page, "<script") {
			t.Error("the page reaches outside or runs a script")
		}
		if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("content security policy %q", csp)
		}
	}
}

func TestCancellingLeadsBackToTheClient(t *testing.T) {
	f := start(t)
	a := attempt(t, false)
	form, err := url.Parse(f.form(t, a))
	if err != nil {
		t.Fatal(err)
	}
	post := func(site string) *http.Response {
		body := url.Values{"request": form.Query()["request"], "action": {"cancel"}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/login", strings.NewReader(body.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", site)
		resp, _ := ask(t, r)
		return resp
	}
	if resp := post("cross-site"); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site: %s", resp.Status)
	}
	resp := post("same-origin")
	at, err := resp.Location()
	if err != nil {
		t.Fatal(resp.Status)
	}
	if _, err := f.client(t, "alpha").Finish(t.Context(), a, at.Query()); !errors.Is(err, login.ErrDeclined) {
		t.Errorf("after cancelling: %v", err)
	}
	if resp := post("same-origin"); resp.StatusCode != http.StatusGone {
		t.Errorf("a cancelled form sent again: %s", resp.Status)
	}
}

func TestClientsMustUsePKCEAndTheirOwnAddress(t *testing.T) {
	f := start(t)
	address, err := f.client(t, "alpha").Start(t.Context(), attempt(t, false))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, key, value string
		redirected       bool
	}{
		{"no challenge", "code_challenge", "", true},
		{"plain challenge", "code_challenge_method", "plain", true},
		{"implicit flow", "response_type", "id_token", false},
		{"no openid", "scope", "profile", true},
		{"silent without session", "prompt", "none", true},
		{"address of another", "redirect_uri", "https://elsewhere.example/", false},
		{"no such client", "client_id", "gamma", false},
	} {
		q := u.Query()
		q.Set(c.key, c.value)
		resp, _ := get(t, u.Scheme+"://"+u.Host+u.Path+"?"+q.Encode(), "en")
		at, err := resp.Location()
		if redirected := err == nil; redirected != c.redirected {
			t.Errorf("%s: %s, redirected %v", c.name, resp.Status, redirected)
			continue
		}
		if c.redirected && (!at.Query().Has("error") && !strings.Contains(at.Fragment, "error=")) {
			t.Errorf("%s: goes on without an error", c.name)
		}
		if c.redirected && at.Query().Get("iss") != f.url {
			t.Errorf("%s: the answer does not name its issuer", c.name)
		}
	}
}

func TestLoginCanBeDemandedAgain(t *testing.T) {
	f := start(t)
	p, b := f.client(t, "alpha"), portal.NewBrowser("ivan", "correct horse")
	for i, extra := range []string{"", "&prompt=none", "&prompt=login", "&max_age=3600", "&max_age=60"} {
		f.now = f.now.Add(2 * time.Minute)
		before := b.Forms
		a := attempt(t, false)
		address, err := p.Start(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		at, err := b.Go(t.Context(), address+extra, isBack)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Finish(t.Context(), a, at.Query()); err != nil {
			t.Errorf("%q: %v", extra, err)
		}
		if form, want := b.Forms > before, slices.Contains([]int{0, 2, 4}, i); form != want {
			t.Errorf("%q: a form is shown: %v", extra, form)
		}
	}
}

func TestLoggingOutEndsTheSession(t *testing.T) {
	f := start(t)
	p, b := f.client(t, "alpha"), portal.NewBrowser("ivan", "correct horse")
	if _, err := logIn(t, p, b, false); err != nil {
		t.Fatal(err)
	}
	// An account that is no longer listed is logged out too.
	if err := f.Replace([]portal.Account{{Subject: "1003", Login: "ivan", Password: "correct horse"}},
		[]portal.Client{{ID: "alpha", Secret: "alpha secret", Redirects: []string{back}}}); err != nil {
		t.Fatal(err)
	}
	account, err := logIn(t, p, b, false)
	if err != nil || account.Subject != "1003" || b.Forms != 2 {
		t.Errorf("after the lists changed: %d forms, %v", b.Forms, err)
	}
}

func TestDiscoverySaysWhatThePortalDoes(t *testing.T) {
	f := start(t)
	resp, page := get(t, f.url+"/.well-known/openid-configuration", "")
	var said map[string]any
	if err := json.Unmarshal([]byte(page), &said); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	for key, want := range map[string]any{
		"issuer": f.url, "authorization_response_iss_parameter_supported": true,
		"response_types_supported": []any{"code"}, "grant_types_supported": []any{"authorization_code"},
		"code_challenge_methods_supported": []any{"S256"},
	} {
		if !reflect.DeepEqual(said[key], want) {
			t.Errorf("%s is %v, not %v", key, said[key], want)
		}
	}
}

func TestListsAreReadAsTheyAreWritten(t *testing.T) {
	list := []portal.Account{ivan, {Subject: "2", Login: "b", Password: "c"}}
	var b bytes.Buffer
	if err := portal.WriteAccounts(&b, list); err != nil {
		t.Fatal(err)
	}
	got, err := portal.ReadAccounts(&b)
	if err != nil || !reflect.DeepEqual(got, list) {
		t.Errorf("JSON: %v", err)
	}
	got, err = portal.ReadAccounts(strings.NewReader("login,sub,password,confirmed,phone\nivan,1,\"a,b\",yes,+7900\n"))
	if err != nil || len(got) != 1 || got[0] != (portal.Account{Subject: "1", Login: "ivan", Password: "a,b", Confirmed: true, Phone: "+7900"}) {
		t.Errorf("CSV: %v", err)
	}
	b.Reset()
	clients := []portal.Client{{ID: "a", Secret: "b", Redirects: []string{back}, Person: true, Name: map[string]string{"ru": "А"}}}
	if err := portal.WriteClients(&b, clients); err != nil {
		t.Fatal(err)
	}
	again, err := portal.ReadClients(&b)
	if err != nil || !reflect.DeepEqual(again, clients) {
		t.Errorf("clients: %v", err)
	}
}

func TestBadListsAreRefusedWithTheirPlace(t *testing.T) {
	for list, want := range map[string]string{
		"sub,login,passwort\n1,a,b\n":                     `"passwort"`,
		"sub,login,password,confirmed\n1,a,b,1\n":         "line 2",
		`[{"sub":"1","login":"a","password":"b","x":1}]`:  "unknown field",
		`[{"sub":"1","login":"a","password":"b"}] trash`:  "follows",
		"sub,login,password\n1,a,b\n2,c\n":                "line 3",
		`[{"sub":"1","login":"a","password":"b"}`:         "EOF",
		`{"sub":"1","login":"a","password":"b"}` + "\n\n": `"`,
	} {
		if _, err := portal.ReadAccounts(strings.NewReader(list)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", list, err)
		}
	}
	for want, accounts := range map[string][]portal.Account{
		"account 2: its sub":   {{Subject: "1", Login: "a", Password: "b"}, {Subject: "1", Login: "b", Password: "b"}},
		"account 2: its login": {{Subject: "1", Login: "a", Password: "b"}, {Subject: "2", Login: " A", Password: "b"}},
		"account 1: sub":       {{Subject: "1", Login: "a"}},
	} {
		if _, err := portal.New(portal.Config{Issuer: "http://127.0.0.1:1", Accounts: accounts}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestBrowserGivesUpOnACircle(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}))
	defer server.Close()
	_, err := portal.NewBrowser("", "").Go(context.Background(), server.URL+"/a", func(*url.URL) bool { return false })
	if err == nil || !strings.Contains(err.Error(), "redirects") {
		t.Errorf("a circle: %v", err)
	}
}
