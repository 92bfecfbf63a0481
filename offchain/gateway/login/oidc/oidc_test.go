package oidc_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/login/oidc"
)

const back = "https://gateway.example/login/callback"

// liar is a portal whose every answer can be altered.
type liar struct {
	*httptest.Server
	key, other *rsa.PrivateKey

	mu        sync.Mutex
	asked     map[string]url.Values // questions by code
	document  func(map[string]any)
	claims    func(map[string]any)
	answer    func(map[string]any) // of the token endpoint
	info      func(map[string]any)
	sign      func(*liar, map[string]any) string
	refuse    string // error of the token endpoint
	down      bool
	documents int // how often the document was asked for
}

var keys = sync.OnceValue(func() [2]*rsa.PrivateKey {
	var k [2]*rsa.PrivateKey
	for i := range k {
		var err error
		if k[i], err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			panic(err)
		}
	}
	return k
})

func newLiar(t *testing.T) *liar {
	t.Helper()
	l := &liar{asked: map[string]url.Values{}, key: keys()[0], other: keys()[1]}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", l.discovery)
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: l.key.Public(), KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /token", l.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) {
		said := map[string]any{"sub": "1001", "given_name": "Иван", "phone_number": "8 (900)", "email": "i@mail.example",
			"nationalities": []string{"BLR", "RUS"}}
		l.alter(l.info, said)
		writeJSON(w, said)
	})
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		down := l.down
		l.mu.Unlock()
		if down {
			http.Error(w, "back soon", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(l.Close)
	return l
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (l *liar) alter(how func(map[string]any), what map[string]any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if how != nil {
		how(what)
	}
}

func (l *liar) discovery(w http.ResponseWriter, _ *http.Request) {
	said := map[string]any{
		"issuer": l.URL, "authorization_endpoint": l.URL + "/authorize", "token_endpoint": l.URL + "/token",
		"userinfo_endpoint": l.URL + "/userinfo", "jwks_uri": l.URL + "/keys",
		"id_token_signing_alg_values_supported":          []string{"RS256", "HS256", "none"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
	}
	l.alter(func(m map[string]any) { l.documents++ }, nil)
	l.alter(l.document, said)
	writeJSON(w, said)
}

func (l *liar) token(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	asked, known := l.asked[r.PostFormValue("code")]
	delete(l.asked, r.PostFormValue("code"))
	refuse := l.refuse
	l.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case id != "alpha" || secret != "alpha+secret":
		refuse = "invalid_client"
	case !known || r.PostFormValue("redirect_uri") != asked.Get("redirect_uri") ||
		base64.RawURLEncoding.EncodeToString(challenge[:]) != asked.Get("code_challenge"):
		refuse = "invalid_grant"
	}
	if refuse != "" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": refuse, "error_description": "of " + asked.Get("nonce")})
		return
	}
	now := time.Now().Unix()
	said := map[string]any{"iss": l.URL, "sub": "1001", "aud": "alpha", "nonce": asked.Get("nonce"),
		"iat": now, "exp": now + 300, "acr": "confirmed"}
	l.alter(l.claims, said)
	sign := (*liar).signed
	if l.sign != nil {
		sign = l.sign
	}
	answer := map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": sign(l, said)}
	l.alter(l.answer, answer)
	writeJSON(w, answer)
}

func (l *liar) signed(claims map[string]any) string { return sign(jose.RS256, l.key, claims) }

func sign(alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	if err != nil {
		panic(err)
	}
	raw, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	signed, err := s.Sign(raw)
	if err != nil {
		panic(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

func (l *liar) client(t *testing.T) *oidc.Provider {
	t.Helper()
	p, err := oidc.New(oidc.Config{Issuer: l.URL, ClientID: "alpha", Secret: "alpha secret"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// begin starts an attempt and gives what an honest portal sends back with the browser.
func (l *liar) begin(t *testing.T, p *oidc.Provider, person bool) (login.Attempt, url.Values) {
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
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	code := rand.Text()
	l.mu.Lock()
	l.asked[code] = u.Query()
	l.mu.Unlock()
	return a, url.Values{"code": {code}, "state": {u.Query().Get("state")}, "iss": {l.URL}}
}

func TestHonestAnswerGivesTheAccount(t *testing.T) {
	l := newLiar(t)
	p := l.client(t)
	a, back := l.begin(t, p, true)
	account, err := p.Finish(t.Context(), a, back)
	if err != nil {
		t.Fatal(err)
	}
	// Contacts that the portal did not verify are none.
	if account.Subject != "1001" || !account.Confirmed || account.Person == nil ||
		*account.Person != (login.Person{Name: "Иван", Citizenship: "RUS"}) {
		t.Error("the account is not what the portal said")
	}
}

func TestQuestionCarriesStateNonceAndChallenge(t *testing.T) {
	l := newLiar(t)
	p := l.client(t)
	a, err := login.NewAttempt(rand.Reader, "hash of a request", back)
	if err != nil {
		t.Fatal(err)
	}
	address, err := p.Start(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	challenge := sha256.Sum256([]byte(a.Verifier))
	for key, want := range map[string]string{
		"client_id": "alpha", "response_type": "code", "scope": "openid", "redirect_uri": back,
		"state": a.State, "nonce": a.Nonce, "code_challenge_method": "S256",
		"code_challenge": base64.RawURLEncoding.EncodeToString(challenge[:]),
	} {
		if got := u.Query()[key]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is not what the attempt says", key)
		}
	}
	if strings.Contains(address, a.Verifier) {
		t.Error("the verifier travels with the browser")
	}
}

func set(key string, value any) func(map[string]any) {
	return func(m map[string]any) { m[key] = value }
}

// Nothing that was altered on its way, made for another, made before or replayed
// becomes an account.
func TestAlteredAnswerGivesNoAccount(t *testing.T) {
	now := time.Now().Unix()
	for name, c := range map[string]struct {
		lie     func(*liar)
		back    func(url.Values)
		attempt func(*login.Attempt)
		twice   bool
		person  bool
		check   string // what the refusal names
	}{
		"wrong state":               {back: func(q url.Values) { q.Set("state", "00000000-0000-4000-8000-000000000000") }, check: "state"},
		"no state":                  {back: func(q url.Values) { q.Del("state") }, check: "state"},
		"two states":                {back: func(q url.Values) { q.Add("state", "x") }, check: "state"},
		"answer of another portal":  {back: func(q url.Values) { q.Set("iss", "https://portal.example") }, check: "issuer of the answer"},
		"answer that names nobody":  {back: func(q url.Values) { q.Del("iss") }, check: "issuer of the answer"},
		"no code":                   {back: func(q url.Values) { q.Del("code") }, check: "code"},
		"code of nobody":            {back: func(q url.Values) { q.Set("code", "x") }, check: "code"},
		"replayed code":             {twice: true, check: "code"},
		"verifier of another":       {attempt: func(a *login.Attempt) { a.Verifier = strings.Repeat("A", 43) }, check: "code"},
		"redirect of another":       {attempt: func(a *login.Attempt) { a.Redirect = "https://other.example/" }, check: "code"},
		"nonce of another request":  {attempt: func(a *login.Attempt) { a.Nonce = "hash of another request" }, check: "nonce"},
		"nonce left out":            {lie: func(l *liar) { l.claims = func(m map[string]any) { delete(m, "nonce") } }, check: "nonce"},
		"issuer of another portal":  {lie: func(l *liar) { l.claims = set("iss", "https://portal.example") }, check: "issuer"},
		"audience of another":       {lie: func(l *liar) { l.claims = set("aud", "beta") }, check: "audience"},
		"two audiences, no party":   {lie: func(l *liar) { l.claims = set("aud", []string{"alpha", "beta"}) }, check: "authorized party"},
		"party of another":          {lie: func(l *liar) { l.claims = set("azp", "beta") }, check: "authorized party"},
		"expired":                   {lie: func(l *liar) { l.claims = set("exp", now-61) }, check: "expiry"},
		"no expiry":                 {lie: func(l *liar) { l.claims = func(m map[string]any) { delete(m, "exp") } }, check: "expiry"},
		"made six minutes ago":      {lie: func(l *liar) { l.claims = set("iat", now-360) }, check: "time of issue"},
		"made in the future":        {lie: func(l *liar) { l.claims = set("iat", now+120) }, check: "time of issue"},
		"not valid yet":             {lie: func(l *liar) { l.claims = set("nbf", now+120) }, check: "first moment"},
		"no subject":                {lie: func(l *liar) { l.claims = set("sub", "") }, check: "subject"},
		"hash of another token":     {lie: func(l *liar) { l.claims = set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA") }, check: "access token hash"},
		"key of another":            {lie: func(l *liar) { l.sign = func(l *liar, m map[string]any) string { return sign(jose.RS256, l.other, m) } }, check: "signature"},
		"signed with the secret":    {lie: func(l *liar) { l.sign = secretSigned }, check: "signature"},
		"not signed":                {lie: func(l *liar) { l.sign = unsigned }, check: "signature"},
		"altered after signing":     {lie: func(l *liar) { l.sign = tampered }, check: "signature"},
		"no ID token":               {lie: func(l *liar) { l.answer = func(m map[string]any) { delete(m, "id_token") } }, check: "token endpoint"},
		"token of another kind":     {lie: func(l *liar) { l.answer = set("token_type", "mac") }, check: "token endpoint"},
		"data of another's account": {lie: func(l *liar) { l.info = set("sub", "1002") }, person: true, check: "subject"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLiar(t)
			if c.lie != nil {
				c.lie(l)
			}
			p := l.client(t)
			a, back := l.begin(t, p, c.person)
			if c.back != nil {
				c.back(back)
			}
			if c.attempt != nil {
				c.attempt(&a)
			}
			if c.twice {
				if _, err := p.Finish(t.Context(), a, back); err != nil {
					t.Fatal(err)
				}
			}
			account, err := p.Finish(t.Context(), a, back)
			if !errors.Is(err, login.ErrAnswer) || account.Subject != "" && c.check != "subject" {
				t.Fatalf("an answer with a lie in it: %v", err)
			}
			if !strings.Contains(err.Error(), c.check) {
				t.Errorf("%q does not name %q", err, c.check)
			}
			for _, secret := range []string{a.State, a.Nonce, a.Verifier, back.Get("code"), "1001", "1002"} {
				if secret != "" && len(secret) > 1 && strings.Contains(err.Error(), secret) {
					t.Errorf("%q says what was sent", err)
				}
			}
		})
	}
}

func secretSigned(_ *liar, m map[string]any) string {
	return sign(jose.HS256, []byte("alpha secret alpha secret alpha secret"), m)
}

func unsigned(_ *liar, m map[string]any) string {
	raw, _ := json.Marshal(m)
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(raw) + "."
}

func tampered(l *liar, m map[string]any) string {
	parts := strings.Split(l.signed(m), ".")
	m = maps.Clone(m)
	m["sub"] = "1002"
	raw, _ := json.Marshal(m)
	return parts[0] + "." + base64.RawURLEncoding.EncodeToString(raw) + "." + parts[2]
}

func TestPersonWhoSaysNoIsNotAnError(t *testing.T) {
	l := newLiar(t)
	p := l.client(t)
	for said, want := range map[string]error{
		"access_denied": login.ErrDeclined, "login_required": login.ErrDeclined,
		"server_error": login.ErrUnavailable, "temporarily_unavailable": login.ErrUnavailable,
	} {
		a, back := l.begin(t, p, false)
		back.Del("code")
		back.Set("error", said)
		if _, err := p.Finish(t.Context(), a, back); !errors.Is(err, want) {
			t.Errorf("%s: %v", said, err)
		}
		back.Set("state", "x")
		if _, err := p.Finish(t.Context(), a, back); !errors.Is(err, login.ErrAnswer) {
			t.Errorf("%s for another attempt: %v", said, err)
		}
	}
}

func TestPortalThatIsDownComesBack(t *testing.T) {
	l := newLiar(t)
	now := time.Now()
	p, err := oidc.New(oidc.Config{Issuer: l.URL, ClientID: "alpha", Secret: "alpha secret", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	a, err := login.NewAttempt(rand.Reader, "n", back)
	if err != nil {
		t.Fatal(err)
	}
	l.down = true
	if _, err := p.Start(t.Context(), a); !errors.Is(err, login.ErrUnavailable) {
		t.Fatalf("while it is down: %v", err)
	}
	l.down = false
	if _, err := p.Start(t.Context(), a); !errors.Is(err, login.ErrUnavailable) {
		t.Fatalf("asked again within the second: %v", err)
	}
	now = now.Add(time.Second)
	if _, err := p.Start(t.Context(), a); err != nil {
		t.Fatalf("a second later: %v", err)
	}
	// What was read serves while the portal is away, and is read again when old.
	l.down = true
	now = now.Add(2 * time.Hour)
	if _, err := p.Start(t.Context(), a); err != nil {
		t.Errorf("with an old document: %v", err)
	}
	l.down = false
	before := l.documents
	now = now.Add(time.Minute)
	for range 3 {
		if _, err := p.Start(t.Context(), a); err != nil {
			t.Error(err)
		}
	}
	if l.documents != before+1 {
		t.Errorf("the document was read %d times, not once", l.documents-before)
	}
}

func TestPortalMustOfferWhatProtectsTheAnswer(t *testing.T) {
	for name, lie := range map[string]func(map[string]any){
		"no PKCE":          func(m map[string]any) { delete(m, "code_challenge_methods_supported") },
		"plain PKCE":       set("code_challenge_methods_supported", []string{"plain"}),
		"another issuer":   set("issuer", "https://portal.example"),
		"token by http":    set("token_endpoint", "http://portal.example/token"),
		"keys by http":     set("jwks_uri", "http://portal.example/keys"),
		"no secret wanted": set("token_endpoint_auth_methods_supported", []string{"none"}),
		"endless document": func(m map[string]any) { m["x"] = strings.Repeat("x", 2<<20) },
	} {
		l := newLiar(t)
		l.document = lie
		if _, err := l.client(t).Start(t.Context(), login.Attempt{}); !errors.Is(err, login.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFaultOfThePortalIsNotBlamedOnThePerson(t *testing.T) {
	l := newLiar(t)
	p := l.client(t)
	for _, refuse := range []string{"invalid_client", "invalid_request", "server_error"} {
		a, back := l.begin(t, p, false)
		l.refuse = refuse
		_, err := p.Finish(t.Context(), a, back)
		if !errors.Is(err, login.ErrUnavailable) || strings.Contains(err.Error(), a.Nonce) {
			t.Errorf("%s: %v", refuse, err)
		}
	}
	l.refuse = ""
	a, back := l.begin(t, p, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Finish(ctx, a, back); !errors.Is(err, context.Canceled) {
		t.Errorf("person went away: %v", err)
	}
}

func TestUnusableConfigurationIsRefused(t *testing.T) {
	for _, c := range []oidc.Config{
		{Issuer: "http://portal.example", ClientID: "a", Secret: "b"},
		{Issuer: "portal.example", ClientID: "a", Secret: "b"},
		{Issuer: "https://u@portal.example", ClientID: "a", Secret: "b"},
		{Issuer: "https://portal.example", Secret: "b"},
		{Issuer: "https://portal.example", ClientID: "a"},
	} {
		if _, err := oidc.New(c); err == nil {
			t.Error("a configuration that cannot be used is taken")
		}
	}
	if s := fmt.Sprintf("%v %+v %#v %s", oidc.Config{Secret: "hush"}, oidc.Config{Secret: "hush"}, oidc.Config{Secret: "hush"}, oidc.Config{Secret: "hush"}); strings.Contains(s, "hush") {
		t.Error("a configuration prints its secret")
	}
}
