package esia_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/login/esia"
	simulator "github.com/urna-vote/urna/testnet/esia"
	"github.com/urna-vote/urna/testnet/portal"
)

const back = "https://gateway.example/login/callback"

var ivan = portal.Account{
	Subject: "1000299944", Login: "ivan", Password: "correct horse", Confirmed: true,
	Surname: "Иванов", Name: "Иван", Patronymic: "Иванович", BirthDate: "1980-01-31", Document: "4510123456",
	Citizenship: "RUS", Address: "г. Москва,  ул. Ленина", Phone: "+79000000001", Mail: "ivan@mail.example",
}

// pair is a key and its certificate, as a system holds them.
type pair struct {
	key, cert []byte // PEM
	parsed    *x509.Certificate
}

var pairs = sync.OnceValue(func() []pair {
	list := make([]pair, 3)
	for i := range list {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		der, err := simulator.Certificate(key, "system", time.Now())
		if err != nil {
			panic(err)
		}
		p8, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			panic(err)
		}
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			panic(err)
		}
		list[i] = pair{
			key:    pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: p8}),
			cert:   pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
			parsed: parsed,
		}
	}
	return list
})

type fixture struct {
	*simulator.Simulator
	url   string
	now   time.Time
	alter func(map[string]any)
}

func start(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{now: time.Now()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.url = "http://" + listener.Addr().String()
	scope := strings.Fields(esia.DefaultPersonScope)
	f.Simulator, err = simulator.New(simulator.Config{
		Base: f.url, Now: func() time.Time { return f.now },
		Accounts: []portal.Account{ivan, {Subject: "1000299945", Login: "olga", Password: "battery staple"}},
		Systems: []simulator.System{
			{ID: "ALPHA", Certificate: pairs()[0].parsed, Redirects: []string{back}, Scope: []string{"openid"}},
			{ID: "BETA", Certificate: pairs()[1].parsed, Redirects: []string{back}, Scope: []string{"openid"}},
			{ID: "REGISTRAR", Certificate: pairs()[2].parsed, Redirects: []string{back}, Scope: scope},
		},
		Alter: func(m map[string]any) {
			if f.alter != nil {
				f.alter(m)
			}
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

// config of a registered system.
func (f *fixture) config(t *testing.T, id string, keys pair, e esia.Edition) esia.Config {
	t.Helper()
	signer, err := esia.NewRSASigner(esia.FormOf(e), keys.cert, keys.key)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := esia.NewRSAVerifier(f.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	return esia.Config{Base: f.url, ClientID: id, Edition: e, Signer: signer, Verifier: verifier, Random: rand.Reader,
		Now: func() time.Time { return f.now }}
}

func client(t *testing.T, c esia.Config) *esia.Provider {
	t.Helper()
	p, err := esia.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func isBack(u *url.URL) bool { return strings.HasPrefix(u.String(), back) }

// begin goes as far as the browser's way back.
func begin(t *testing.T, p *esia.Provider, b *portal.Browser, person bool) (login.Attempt, url.Values) {
	t.Helper()
	a, err := login.NewAttempt(rand.Reader, "hash of a request", back)
	if err != nil {
		t.Fatal(err)
	}
	a.Person = person
	address, err := p.Start(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	at, err := b.Go(t.Context(), address, isBack)
	if err != nil {
		t.Fatal(err)
	}
	return a, at.Query()
}

func browser() *portal.Browser { return portal.NewBrowser("ivan", "correct horse") }

func TestSecondSystemIsAnsweredWithoutAPage(t *testing.T) {
	for _, e := range []esia.Edition{esia.First, esia.Second} {
		f := start(t)
		b := browser()
		for i, id := range []string{"ALPHA", "BETA"} {
			p := client(t, f.config(t, id, pairs()[i], e))
			a, back := begin(t, p, b, false)
			account, err := p.Finish(t.Context(), a, back)
			if err != nil {
				t.Fatalf("edition %d, %s: %v", e, id, err)
			}
			if account.Subject != "1000299944" || !account.Confirmed || account.Person != nil {
				t.Errorf("edition %d, %s: not the account that logged in, or more than its subject", e, id)
			}
		}
		if b.Forms != 1 {
			t.Errorf("edition %d: %d forms were filled in", e, b.Forms)
		}
	}
}

func TestRegistrarLearnsWhatThePortalVerified(t *testing.T) {
	f := start(t)
	p := client(t, f.config(t, "REGISTRAR", pairs()[2], esia.Second))
	a, back := begin(t, p, browser(), true)
	account, err := p.Finish(t.Context(), a, back)
	if err != nil {
		t.Fatal(err)
	}
	want := login.Person{
		Surname: "Иванов", Name: "Иван", Patronymic: "Иванович", BirthDate: "1980-01-31", Document: "4510123456",
		Citizenship: "RUS", Address: "г. Москва, ул. Ленина, д. 1, кв. 2", Phone: "+79000000001", Mail: "ivan@mail.example",
	}
	if account.Person == nil || *account.Person != want {
		t.Error("the registrar does not get the person that the portal verified")
	}
}

func TestUnconfirmedAccountIsSaidToBeOne(t *testing.T) {
	f := start(t)
	p := client(t, f.config(t, "ALPHA", pairs()[0], esia.Second))
	a, back := begin(t, p, portal.NewBrowser("olga", "battery staple"), false)
	account, err := p.Finish(t.Context(), a, back)
	if err != nil || account.Confirmed || account.Subject != "1000299945" {
		t.Errorf("confirmed %v, error %v", account.Confirmed, err)
	}
}

func set(key string, value any) func(map[string]any) {
	return func(m map[string]any) { m[key] = value }
}

func about(key string, value any) func(map[string]any) {
	return func(m map[string]any) { m["urn:esia:sbj"].(map[string]any)[key] = value }
}

// Nothing that was altered on its way, made for another, made before or replayed
// becomes an account.
func TestAlteredAnswerOfESIAGivesNoAccount(t *testing.T) {
	now := time.Now().Unix()
	for name, c := range map[string]struct {
		alter   func(map[string]any)
		back    func(url.Values)
		attempt func(*login.Attempt)
		later   time.Duration
		other   bool // exchanged by another system
		foreign bool // the token is checked with another portal's certificate
		twice   bool
		check   string
	}{
		"wrong state":           {back: func(q url.Values) { q.Set("state", "00000000-0000-4000-8000-000000000000") }, check: "state"},
		"no code":               {back: func(q url.Values) { q.Del("code") }, check: "code"},
		"code of nobody":        {back: func(q url.Values) { q.Set("code", "x") }, check: "ESIA-007011"},
		"replayed code":         {twice: true, check: "ESIA-007011"},
		"code of a minute ago":  {later: 61 * time.Second, check: "ESIA-007011"},
		"code of another":       {other: true, check: "ESIA-007011"},
		"verifier of another":   {attempt: func(a *login.Attempt) { a.Verifier = strings.Repeat("A", 43) }, check: "ESIA-007040"},
		"issuer of another":     {alter: set("iss", "http://portal.example/"), check: "issuer"},
		"audience of another":   {alter: set("aud", "BETA"), check: "audience"},
		"two audiences":         {alter: set("aud", []string{"ALPHA", "BETA"}), check: "audience"},
		"nonce of another":      {alter: set("nonce", "hash of another request"), check: "nonce"},
		"expired":               {alter: set("exp", now-61), check: "expiry"},
		"not valid yet":         {alter: set("nbf", now+120), check: "first moment"},
		"made six minutes ago":  {alter: set("iat", now-360), check: "time of issue"},
		"subject of another":    {alter: set("sub", 1000299945), check: "subject"},
		"no account":            {alter: func(m map[string]any) { delete(m, "urn:esia:sbj") }, check: "type of account"},
		"an organisation's":     {alter: about("urn:esia:sbj:typ", "B"), check: "type of account"},
		"account of no number":  {alter: about("urn:esia:sbj:oid", "../1"), check: "claims"},
		"account of minus one":  {alter: about("urn:esia:sbj:oid", -1), check: "subject"},
		"key of another portal": {foreign: true, check: "signature"},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t)
			f.alter = c.alter
			config := f.config(t, "ALPHA", pairs()[0], esia.Second)
			if c.foreign {
				var err error
				if config.Verifier, err = esia.NewRSAVerifier(pairs()[1].cert); err != nil {
					t.Fatal(err)
				}
			}
			p := client(t, config)
			a, back := begin(t, p, browser(), false)
			if c.back != nil {
				c.back(back)
			}
			if c.attempt != nil {
				c.attempt(&a)
			}
			if c.other {
				p = client(t, f.config(t, "BETA", pairs()[1], esia.Second))
			}
			f.now = f.now.Add(c.later)
			if c.twice {
				if _, err := p.Finish(t.Context(), a, back); err != nil {
					t.Fatal(err)
				}
			}
			account, err := p.Finish(t.Context(), a, back)
			if !errors.Is(err, login.ErrAnswer) || account.Subject != "" {
				t.Fatalf("an answer with a lie in it: %v", err)
			}
			if !strings.Contains(err.Error(), c.check) {
				t.Errorf("%q does not name %q", err, c.check)
			}
			for _, secret := range []string{a.State, a.Nonce, a.Verifier, back.Get("code"), ivan.Subject} {
				if len(secret) > 1 && strings.Contains(err.Error(), secret) {
					t.Errorf("%q says what was sent", err)
				}
			}
		})
	}
}

// unlike signs something else.
type unlike struct{ esia.Signer }

func (s unlike) Sign(m []byte) ([]byte, error) { return s.Signer.Sign(append(m, 'x')) }

func TestPortalTakesOnlyWhatTheRegisteredKeySigned(t *testing.T) {
	for _, e := range []esia.Edition{esia.First, esia.Second} {
		for name, c := range map[string]struct {
			change func(*testing.T, *fixture, *esia.Config)
			query  func(url.Values)
			want   string
		}{
			"another system's key": {change: func(t *testing.T, f *fixture, c *esia.Config) { c.Signer = f.config(t, "BETA", pairs()[1], e).Signer }, want: "ESIA-007053"},
			"another message":      {change: func(_ *testing.T, _ *fixture, c *esia.Config) { c.Signer = unlike{c.Signer} }, want: "ESIA-007053"},
			"the other edition": {change: func(t *testing.T, _ *fixture, c *esia.Config) {
				var err error
				if c.Signer, err = esia.NewRSASigner(esia.FormOf(esia.First+esia.Second-e), pairs()[0].cert, pairs()[0].key); err != nil {
					t.Fatal(err)
				}
			}, want: "ESIA-007053"},
			"a clock that is off": {change: func(_ *testing.T, f *fixture, c *esia.Config) {
				c.Now = func() time.Time { return f.now.Add(-10 * time.Minute) }
			}, want: "ESIA-007015"},
			"a scope not granted": {query: func(q url.Values) { q.Set("scope", "openid snils") }, want: "ESIA-007006"},
			"a state not signed":  {query: func(q url.Values) { q.Set("state", "00000000-0000-4000-8000-000000000000") }, want: "ESIA-007053"},
		} {
			f := start(t)
			config := f.config(t, "ALPHA", pairs()[0], e)
			if c.change != nil {
				c.change(t, f, &config)
			}
			a, err := login.NewAttempt(rand.Reader, "n", back)
			if err != nil {
				t.Fatal(err)
			}
			p := client(t, config)
			address, err := p.Start(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			if c.query != nil {
				q := u.Query()
				c.query(q)
				u.RawQuery = q.Encode()
				a.State = q.Get("state")
			}
			at, err := browser().Go(t.Context(), u.String(), isBack)
			if err != nil {
				t.Fatalf("edition %d, %s: %v", e, name, err)
			}
			_, err = p.Finish(t.Context(), a, at.Query())
			if !errors.Is(err, login.ErrUnavailable) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("edition %d, %s: %v, not %s", e, name, err, c.want)
			}
		}
	}
}

func TestRequestIsTakenOnce(t *testing.T) {
	f := start(t)
	p := client(t, f.config(t, "ALPHA", pairs()[0], esia.Second))
	a, err := login.NewAttempt(rand.Reader, "n", back)
	if err != nil {
		t.Fatal(err)
	}
	address, err := p.Start(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	b := browser()
	for i, want := range []string{"code", "error"} {
		at, err := b.Go(t.Context(), address, isBack)
		if err != nil || !at.Query().Has(want) {
			t.Errorf("time %d: no %s (%v)", i+1, want, err)
		}
	}
	// An address that is not registered is never gone to.
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("redirect_uri", "https://elsewhere.example/")
	u.RawQuery = q.Encode()
	if at, err := b.Go(t.Context(), u.String(), func(u *url.URL) bool { return u.Host == "elsewhere.example" }); err == nil {
		t.Errorf("the portal sends people to %s", at)
	}
}

func TestPersonWhoGoesAwayIsNoFault(t *testing.T) {
	f := start(t)
	p := client(t, f.config(t, "ALPHA", pairs()[0], esia.Second))
	a, back := begin(t, p, browser(), false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Finish(ctx, a, back); !errors.Is(err, context.Canceled) {
		t.Errorf("gone while the code is exchanged: %v", err)
	}
	declined := url.Values{"state": {a.State}, "error": {"access_denied"}, "error_description": {"ESIA-007004: no"}}
	if _, err := p.Finish(t.Context(), a, declined); !errors.Is(err, login.ErrDeclined) {
		t.Errorf("declined: %v", err)
	}
	silent, err := esia.New(esia.Config{Base: "http://127.0.0.1:1", ClientID: "A", Random: rand.Reader,
		Signer: f.config(t, "ALPHA", pairs()[0], esia.Second).Signer, Verifier: f.config(t, "ALPHA", pairs()[0], esia.Second).Verifier})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := silent.Finish(t.Context(), a, back); !errors.Is(err, login.ErrUnavailable) {
		t.Errorf("portal that is away: %v", err)
	}
}

func TestKeysThatDoNotFitAreRefused(t *testing.T) {
	if _, err := esia.NewRSASigner(esia.Bare, pairs()[0].cert, pairs()[1].key); err == nil {
		t.Error("a key of another certificate is taken")
	}
	for _, text := range [][]byte{nil, []byte("text"), pairs()[0].cert} {
		if _, err := esia.NewRSASigner(esia.Bare, pairs()[0].cert, text); err == nil {
			t.Error("what is no key is taken for one")
		}
	}
	for _, text := range [][]byte{nil, pairs()[0].key} {
		if _, err := esia.NewRSAVerifier(text); err == nil {
			t.Error("what is no certificate is taken for one")
		}
	}
	v, err := esia.NewRSAVerifier(append(append([]byte{}, pairs()[1].cert...), pairs()[0].cert...))
	if err != nil {
		t.Fatal(err)
	}
	s, err := esia.NewRSASigner(esia.Bare, pairs()[0].cert, pairs()[0].key)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := s.Sign([]byte("m"))
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Verify("RS256", []byte("m"), signature); err != nil {
		t.Errorf("second certificate of the portal: %v", err)
	}
	for _, alg := range []string{"none", "HS256", "RS512", "GOST3410_2012_256", ""} {
		if v.Verify(alg, []byte("m"), signature) == nil {
			t.Errorf("algorithm %q is taken for RS256", alg)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v", s, s, s); strings.Contains(text, "{") {
		t.Error("a signer prints its insides")
	}
}

func TestUnusableConfigurationIsRefused(t *testing.T) {
	f := start(t)
	good := f.config(t, "ALPHA", pairs()[0], esia.Second)
	for name, change := range map[string]func(*esia.Config){
		"plain http":  func(c *esia.Config) { c.Base = "http://esia.example" },
		"no address":  func(c *esia.Config) { c.Base = "" },
		"no mnemonic": func(c *esia.Config) { c.ClientID = "" },
		"no signer":   func(c *esia.Config) { c.Signer = nil },
		"no verifier": func(c *esia.Config) { c.Verifier = nil },
		"no hash":     func(c *esia.Config) { c.Signer = blank{c.Signer} },
	} {
		c := good
		change(&c)
		if _, err := esia.New(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

type blank struct{ esia.Signer }

func (blank) CertificateHash() string { return "" }
