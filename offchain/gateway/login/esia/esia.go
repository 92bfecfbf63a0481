package esia

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/urna-vote/urna/offchain/gateway/login"
)

// Edition of the portal's endpoints.
type Edition int

const (
	// Second: v2/ac and v3/te, which a new system is connected to.
	Second Edition = iota
	// First: ac and te without a version, where a system is still connected so.
	First
)

// Timestamp is the layout of times in requests.
const Timestamp = "2006.01.02 15:04:05 -0700"

// DefaultPersonScope is what a registrar asks for: what matching with a register of
// voters takes.
const DefaultPersonScope = "openid fullname birthdate citizenship id_doc addresses mobile email"

// Config is a system connected to the portal.
type Config struct {
	// Base is https://esia.gosuslugi.ru, or a test portal's address.
	Base string
	// Issuer as ID tokens name it, "http://esia.gosuslugi.ru/"; empty: Base with
	// http and a slash, as the portal does.
	Issuer string
	// ClientID is the system's mnemonic.
	ClientID string
	// PersonScope is what the system may ask for where a person's data are wanted;
	// empty: DefaultPersonScope.
	PersonScope string
	Edition     Edition
	Signer      Signer
	Verifier    Verifier
	// Random draws the state of token requests.
	Random io.Reader
	// HTTP makes the requests; nil: login.HTTPClient.
	HTTP *http.Client
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Provider is the portal; it implements login.Provider.
type Provider struct {
	config Config
}

var _ login.Provider = (*Provider)(nil)

// New makes a client of the portal.
func New(c Config) (*Provider, error) {
	u, err := url.Parse(c.Base)
	loopback := err == nil && (u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost")
	if err != nil || u.Host == "" || u.RawQuery != "" || (u.Scheme != "https" && (u.Scheme != "http" || !loopback)) {
		return nil, fmt.Errorf("make portal client: issuer %q is not an address like https://esia.gosuslugi.ru", c.Base)
	}
	if c.ClientID == "" || c.Signer == nil || c.Verifier == nil || c.Random == nil {
		return nil, errors.New("make portal client: client_id, the system's certificate and key, and the portal's certificate must all be set")
	}
	if c.Edition == Second && c.Signer.CertificateHash() == "" {
		return nil, errors.New("make portal client: the second edition of the endpoints wants the hash of the certificate")
	}
	c.Base = strings.TrimSuffix(c.Base, "/")
	if c.Issuer == "" {
		c.Issuer = "http://" + u.Host + "/"
	}
	if c.PersonScope == "" {
		c.PersonScope = DefaultPersonScope
	}
	if c.HTTP == nil {
		c.HTTP = login.HTTPClient()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Provider{config: c}, nil
}

func (c *Config) scope(a login.Attempt) string {
	if a.Person {
		return c.PersonScope
	}
	return "openid"
}

// Start implements login.Provider.
func (p *Provider) Start(_ context.Context, a login.Attempt) (string, error) {
	q, err := p.signed(a, a.State, "")
	if err != nil {
		return "", err
	}
	q.Set("response_type", "code")
	q.Set("access_type", "online")
	path := "/aas/oauth2/ac"
	if p.config.Edition == Second {
		path = "/aas/oauth2/v2/ac"
		q.Set("code_challenge", oauth2.S256ChallengeFromVerifier(a.Verifier))
		q.Set("code_challenge_method", "S256")
	}
	return p.config.Base + path + "?" + q.Encode(), nil
}

// signed makes the parameters that every request has.
func (p *Provider) signed(a login.Attempt, state, code string) (url.Values, error) {
	c := &p.config
	timestamp := c.Now().Format(Timestamp)
	message := Message(c.Edition, c.ClientID, c.scope(a), timestamp, state, a.Redirect, code)
	signature, err := c.Signer.Sign([]byte(message))
	if err != nil {
		return nil, fmt.Errorf("sign request to the portal: %w", err)
	}
	q := url.Values{
		"client_id":     {c.ClientID},
		"client_secret": {base64.URLEncoding.EncodeToString(signature)},
		"scope":         {c.scope(a)},
		"timestamp":     {timestamp},
		"state":         {state},
		"redirect_uri":  {a.Redirect},
	}
	if c.Edition == Second {
		q.Set("client_certificate_hash", c.Signer.CertificateHash())
	}
	return q, nil
}

// Message is what client_secret signs. Code is empty in the first request.
func Message(e Edition, clientID, scope, timestamp, state, redirect, code string) string {
	if e == First {
		return scope + timestamp + clientID + state
	}
	return clientID + scope + timestamp + state + redirect + code
}

// Finish implements login.Provider.
func (p *Provider) Finish(ctx context.Context, a login.Attempt, query url.Values) (login.Account, error) {
	if err := a.CheckState(query); err != nil {
		if n := number(query.Get("error_description")); n != "" {
			return login.Account{}, fmt.Errorf("%s: %w", n, err)
		}
		return login.Account{}, err
	}
	code, err := login.Code(query)
	if err != nil {
		return login.Account{}, err
	}
	answer, err := p.exchange(ctx, a, code)
	if err != nil {
		return login.Account{}, err
	}
	who, err := p.checkMarker(a, answer.IDToken)
	if err != nil {
		return login.Account{}, err
	}
	account := login.Account{Subject: who.oid, Confirmed: who.confirmed}
	if a.Person {
		account.Person, err = p.person(ctx, who.oid, answer.AccessToken)
	}
	return account, err
}

// errorNumber is how the portal numbers its refusals: the same for everybody, so it
// may be logged.
var errorNumber = regexp.MustCompile(`^ESIA-[0-9]{6}`)

func number(description string) string { return errorNumber.FindString(description) }
