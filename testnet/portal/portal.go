package portal

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"
)

// Config is a portal's.
type Config struct {
	// Issuer is where browsers and gateways reach the portal, without a path.
	Issuer   string
	Accounts []Account
	Clients  []Client
	// Now is the clock of requests, sessions and waits; nil: time.Now. Times in
	// tokens are the machine's.
	Now func() time.Time
}

// Portal is the provider and its pages; it implements http.Handler.
type Portal struct {
	issuer   string
	secure   bool
	storage  *storage
	provider *op.Provider
	handler  http.Handler
}

// New makes a portal with a fresh signing key.
func New(c Config) (*Portal, error) {
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("make portal: issuer %q is not an address like https://portal.example, without a slash at its end", c.Issuer)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	l, err := newLists(c.Accounts, c.Clients)
	if err != nil {
		return nil, fmt.Errorf("make portal: %w", err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make portal: %w", err)
	}
	p := &Portal{issuer: c.Issuer, secure: u.Scheme == "https", storage: &storage{
		issuer: c.Issuer, key: key, keyID: word(), now: c.Now, lists: l,
		requests: map[string]*request{}, codes: map[string]*request{}, tokens: map[string]access{},
		sessions: map[string]session{}, tries: map[string]tries{}, swept: c.Now(),
	}}
	if p.provider, err = newProvider(p.storage, p.secure); err != nil {
		return nil, err
	}
	p.handler = p.routes()
	return p, nil
}

func newProvider(s *storage, secure bool) (*op.Provider, error) {
	config := &op.Config{
		CodeMethodS256: true, AuthMethodPost: true,
		SupportedUILocales: []language.Tag{language.Russian, language.English},
		SupportedScopes: []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopePhone, oidc.ScopeEmail, oidc.ScopeAddress,
			scopeDocument, scopeCitizenship},
	}
	_, _ = rand.Read(config.CryptoKey[:]) // never fails
	// What the library logs names clients and quotes what they sent.
	options := []op.Option{op.WithLogger(slog.New(slog.DiscardHandler)), op.WithCORSOptions(nil)}
	if !secure {
		options = append(options, op.WithAllowInsecure())
	}
	provider, err := op.NewProvider(config, s, op.StaticIssuer(s.issuer), options...)
	if err != nil {
		return nil, fmt.Errorf("make portal: %w", err)
	}
	return provider, nil
}

// Replace puts other accounts and clients in place of those there are. Browsers of
// accounts that are no longer listed are logged out.
func (p *Portal) Replace(accounts []Account, clients []Client) error {
	l, err := newLists(accounts, clients)
	if err != nil {
		return fmt.Errorf("replace lists: %w", err)
	}
	s := p.storage
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists = l
	for id, b := range s.sessions {
		if b.account = l.bySubject[b.account.Subject]; b.account == nil {
			delete(s.sessions, id)
			continue
		}
		s.sessions[id] = b
	}
	for id, r := range s.requests {
		if l.clients[r.asked.ClientID] == nil {
			delete(s.requests, id)
		}
	}
	return nil
}

// ServeHTTP implements http.Handler.
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

func (p *Portal) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.home)
	mux.HandleFunc("GET /login", p.showLogin)
	mux.HandleFunc("POST /login", p.logIn)
	mux.HandleFunc("POST /logout", p.logOut)
	mux.HandleFunc("GET /style.css", serveStyle)
	mux.HandleFunc("GET "+oidc.DiscoveryEndpoint, p.discover)
	mux.HandleFunc("/authorize", p.authorize)
	mux.HandleFunc("/authorize/callback", p.answer)
	mux.Handle("/", p.provider)
	// A page of another site cannot log a browser in or out.
	return http.NewCrossOriginProtection().Handler(mux)
}

// discover says what the portal does rather than what its library could do.
func (p *Portal) discover(w http.ResponseWriter, r *http.Request) {
	config := op.CreateDiscoveryConfig(op.ContextWithIssuer(r.Context(), p.issuer), p.provider, p.storage)
	config.ResponseTypesSupported = []string{string(oidc.ResponseTypeCode)}
	config.GrantTypesSupported = []oidc.GrantType{oidc.GrantTypeCode}
	config.ACRValuesSupported = []string{acrConfirmed, acrBasic}
	raw, err := json.Marshal(config)
	var document map[string]any
	if err = errors.Join(err, json.Unmarshal(raw, &document)); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for _, absent := range []string{"introspection_endpoint", "device_authorization_endpoint"} {
		delete(document, absent)
	}
	document["authorization_response_iss_parameter_supported"] = true
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document)
}

// authorize takes a client's question; refusals that go back to the client name
// the issuer too.
func (p *Portal) authorize(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	if b, ok := p.browser(r); ok {
		ctx = withBrowser(ctx, b)
	}
	p.provider.ServeHTTP(&namer{ResponseWriter: w, issuer: p.issuer}, r.WithContext(ctx))
}

// answer sends the browser back to the client with a code.
func (p *Portal) answer(w http.ResponseWriter, r *http.Request) {
	if req, ok := p.storage.open(r.URL.Query().Get("id")); !ok || !req.Done() {
		p.tell(w, r, http.StatusGone, func(t *texts) (string, string) { return t.GoneTitle, t.Gone })
		return
	}
	p.provider.ServeHTTP(&namer{ResponseWriter: w, issuer: p.issuer}, r)
}

// namer adds the issuer to every answer that a browser carries to a client (RFC 9207).
type namer struct {
	http.ResponseWriter
	issuer string
}

func (n *namer) WriteHeader(status int) {
	location := n.Header().Get("Location")
	if location != "" && !strings.HasPrefix(location, n.issuer+"/") {
		n.Header().Set("Location", withIssuer(location, n.issuer))
	}
	n.ResponseWriter.WriteHeader(status)
}

func withIssuer(location, issuer string) string {
	u, err := url.Parse(location)
	if err != nil {
		return location
	}
	q := u.Query()
	q.Set("iss", issuer)
	u.RawQuery = q.Encode()
	return u.String()
}
