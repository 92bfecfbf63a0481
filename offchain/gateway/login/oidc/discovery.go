package oidc

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/urna-vote/urna/offchain/gateway/login"
)

const (
	// freshFor: how long a discovery document is used without asking again.
	freshFor = time.Hour
	// retryAfter keeps a crowd of voters from knocking on a portal that is down,
	// refreshAfter from waiting for it where the old document serves.
	retryAfter   = time.Second
	refreshAfter = time.Minute
)

// portal is what the discovery document says.
type portal struct {
	provider *gooidc.Provider
	keys     *gooidc.IDTokenVerifier
	endpoint oauth2.Endpoint
	// namesIssuer: every answer carries iss (RFC 9207).
	namesIssuer bool
}

// discovery reads the document when it is first wanted, again when it is old, and
// lives on with the old one while the portal does not answer.
type discovery struct {
	issuer string
	http   *http.Client
	now    func() time.Time

	mu      sync.Mutex
	current *portal
	read    time.Time // when current was read
	tried   time.Time // when reading was last tried
	fault   error     // of the last try
}

func newDiscovery(issuer string, client *http.Client, now func() time.Time) *discovery {
	return &discovery{issuer: issuer, http: client, now: now}
}

// get holds the lock while it asks: whoever else wants a portal that is not known
// has nothing better to do than to wait for the same answer.
func (d *discovery) get(ctx context.Context) (*portal, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	if d.current != nil && now.Sub(d.read) < freshFor {
		return d.current, nil
	}
	wait := retryAfter
	if d.current != nil {
		wait = refreshAfter
	}
	if now.Sub(d.tried) >= wait {
		p, err := d.ask(ctx)
		if err != nil && ctx.Err() != nil {
			return nil, fmt.Errorf("read discovery document: %w", ctx.Err())
		}
		d.tried, d.fault = now, err
		if err == nil {
			d.current, d.read = p, now
		}
	}
	if d.current == nil {
		return nil, d.fault
	}
	return d.current, nil
}

func (d *discovery) ask(ctx context.Context) (*portal, error) {
	ctx = gooidc.ClientContext(ctx, d.http)
	provider, err := gooidc.NewProvider(ctx, d.issuer)
	if err != nil {
		// The document is public: its faults may be told to the operator.
		return nil, fmt.Errorf("read discovery document: %w: %s", login.ErrUnavailable, clip(err))
	}
	var said struct {
		AuthURL      string   `json:"authorization_endpoint"`
		TokenURL     string   `json:"token_endpoint"`
		UserInfo     string   `json:"userinfo_endpoint"`
		Keys         string   `json:"jwks_uri"`
		Challenges   []string `json:"code_challenge_methods_supported"`
		AuthMethods  []string `json:"token_endpoint_auth_methods_supported"`
		NamesIssuer  bool     `json:"authorization_response_iss_parameter_supported"`
		ResponseType []string `json:"response_types_supported"`
	}
	if err := provider.Claims(&said); err != nil {
		return nil, fmt.Errorf("read discovery document: %w", login.ErrUnavailable)
	}
	for _, e := range []string{said.AuthURL, said.TokenURL, said.Keys} {
		if err := checkEndpoint(e); err != nil {
			return nil, err
		}
	}
	if !slices.Contains(said.Challenges, "S256") {
		return nil, fmt.Errorf("read discovery document: the portal does not offer PKCE with S256, without which a code that leaks can be used: %w", login.ErrUnavailable)
	}
	endpoint := provider.Endpoint()
	if endpoint.AuthStyle, err = authStyle(said.AuthMethods); err != nil {
		return nil, err
	}
	return &portal{
		provider: provider,
		// Claims are checked one by one in checkIDToken, to name the one that fails.
		keys:        provider.Verifier(&gooidc.Config{SkipClientIDCheck: true, SkipIssuerCheck: true, SkipExpiryCheck: true}),
		endpoint:    endpoint,
		namesIssuer: said.NamesIssuer,
	}, nil
}

func checkEndpoint(address string) error {
	if err := checkIssuer(address); err != nil {
		return fmt.Errorf("read discovery document: endpoint %q is not an address with https: %w", address, login.ErrUnavailable)
	}
	return nil
}

// authStyle picks how the client shows its secret. Trying both would spend the code.
func authStyle(methods []string) (oauth2.AuthStyle, error) {
	switch {
	case len(methods) == 0 || slices.Contains(methods, "client_secret_basic"):
		return oauth2.AuthStyleInHeader, nil
	case slices.Contains(methods, "client_secret_post"):
		return oauth2.AuthStyleInParams, nil
	}
	return 0, fmt.Errorf("read discovery document: the portal takes no client secret: %w", login.ErrUnavailable)
}

func clip(err error) string {
	const most = 200
	s := err.Error()
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
