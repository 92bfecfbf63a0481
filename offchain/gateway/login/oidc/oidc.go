package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/urna-vote/urna/offchain/gateway/login"
)

// ConfirmedACR is the authentication context that says of an account that its
// owner's identity was checked, unless Config says otherwise.
const ConfirmedACR = "confirmed"

// Config is a client of a portal.
type Config struct {
	// Issuer is the portal's address, https except on loopback.
	Issuer   string
	ClientID string
	// Secret authenticates this client at the portal's token endpoint.
	Secret string
	// ConfirmedACR lists the values of acr that confirmed accounts come with;
	// empty: ConfirmedACR.
	ConfirmedACR []string
	// HTTP makes the requests; nil: login.HTTPClient.
	HTTP *http.Client
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Format prints a redaction for every verb.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[client of a portal]") }

// Provider is the portal; it implements login.Provider.
type Provider struct {
	config Config
	portal *discovery
}

var _ login.Provider = (*Provider)(nil)

// New makes a client. The portal is not asked before the first log-in, so that a
// gateway starts while the portal is away.
func New(c Config) (*Provider, error) {
	if err := checkIssuer(c.Issuer); err != nil {
		return nil, err
	}
	if c.ClientID == "" || c.Secret == "" {
		return nil, errors.New("make portal client: client_id and client_secret_file must both be set; the portal gives them when the client is registered")
	}
	if len(c.ConfirmedACR) == 0 {
		c.ConfirmedACR = []string{ConfirmedACR}
	}
	if c.HTTP == nil {
		c.HTTP = login.HTTPClient()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Provider{config: c, portal: newDiscovery(c.Issuer, c.HTTP, c.Now)}, nil
}

func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("make portal client: issuer %q is not an address like https://portal.example", issuer)
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return fmt.Errorf("make portal client: issuer %q must begin with https://, since whoever can change what the portal says can log in as anyone", issuer)
	}
	return nil
}

// Start implements login.Provider.
func (p *Provider) Start(ctx context.Context, a login.Attempt) (string, error) {
	portal, err := p.portal.get(ctx)
	if err != nil {
		return "", err
	}
	return p.client(portal, a).AuthCodeURL(a.State,
		oauth2.S256ChallengeOption(a.Verifier), gooidc.Nonce(a.Nonce)), nil
}

// Finish implements login.Provider.
func (p *Provider) Finish(ctx context.Context, a login.Attempt, query url.Values) (login.Account, error) {
	portal, err := p.portal.get(ctx)
	if err != nil {
		return login.Account{}, err
	}
	code, err := p.answer(portal, a, query)
	if err != nil {
		return login.Account{}, err
	}
	ctx = gooidc.ClientContext(ctx, p.config.HTTP)
	token, err := p.client(portal, a).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return login.Account{}, exchangeError(ctx, err)
	}
	claims, err := p.checkIDToken(ctx, portal, a, token)
	if err != nil {
		return login.Account{}, err
	}
	account := login.Account{Subject: claims.Subject, Confirmed: slices.Contains(p.config.ConfirmedACR, claims.ACR)}
	if !a.Person {
		return account, nil
	}
	account.Person, err = p.person(ctx, portal, token, claims.Subject)
	return account, err
}

// answer checks what came with the browser and gives the code.
func (p *Provider) answer(portal *portal, a login.Attempt, query url.Values) (string, error) {
	if err := a.CheckState(query); err != nil {
		return "", err
	}
	// An answer of another portal would carry a code that is not for this one.
	if (portal.namesIssuer || query.Has("iss")) && (len(query["iss"]) != 1 || query.Get("iss") != p.config.Issuer) {
		return "", fmt.Errorf("check issuer of the answer: %w", login.ErrAnswer)
	}
	return login.Code(query)
}

func (p *Provider) client(portal *portal, a login.Attempt) *oauth2.Config {
	scopes := []string{gooidc.ScopeOpenID}
	if a.Person {
		scopes = append(scopes, personScopes...)
	}
	return &oauth2.Config{
		ClientID: p.config.ClientID, ClientSecret: p.config.Secret,
		Endpoint: portal.endpoint, RedirectURL: a.Redirect, Scopes: scopes,
	}
}

// exchangeError says whose fault it is that there is no token. What the portal
// wrote stays out: it may quote what it was sent.
func exchangeError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("exchange code: %w", ctx.Err())
	}
	var refusal *oauth2.RetrieveError
	if !errors.As(err, &refusal) {
		return fmt.Errorf("exchange code: %w", login.ErrUnavailable)
	}
	switch refusal.ErrorCode {
	case "invalid_grant":
		return fmt.Errorf("exchange code: the portal knows no such code for this attempt: %w", login.ErrAnswer)
	case "invalid_client", "unauthorized_client":
		return fmt.Errorf("exchange code: the portal refuses this client, check client_id and client_secret_file: %w", login.ErrUnavailable)
	}
	return fmt.Errorf("exchange code: %w", login.ErrUnavailable)
}
