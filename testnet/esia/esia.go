package esia

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/urna-vote/urna/testnet/portal"
)

// System is an information system that is registered at the portal.
type System struct {
	// ID is the mnemonic.
	ID          string
	Certificate *x509.Certificate
	Redirects   []string
	// Scope it may ask for.
	Scope []string
}

// Config is a simulator's.
type Config struct {
	// Base is where browsers and systems reach it.
	Base string
	// Accounts of persons; Subject is the account's number (oid), digits.
	Accounts []portal.Account
	Systems  []System
	// Alter changes the claims of every ID token before it is signed; nil: honest.
	Alter func(claims map[string]any)
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// question is one authorization request.
type question struct {
	system, redirect, state, challenge string
	scope                              []string
	first                              bool // edition
	made                               time.Time
	account                            *portal.Account
}

type access struct {
	account *portal.Account
	scope   []string
	expires time.Time
}

// Simulator implements http.Handler.
type Simulator struct {
	config  Config
	key     *rsa.PrivateKey
	cert    []byte // PEM
	handler http.Handler

	mu        sync.Mutex // guards everything below
	questions map[string]*question
	codes     map[string]*question
	tokens    map[string]access
	browsers  map[string]*portal.Account
	states    map[string]bool // by system and state
}

const (
	codeLife  = time.Minute
	tokenLife = time.Hour
	// timeOff is how far a request's time may be from the portal's.
	timeOff = 5 * time.Minute
)

// New makes a simulator with a key and certificate of its own.
func New(c Config) (*Simulator, error) {
	if u, err := url.Parse(c.Base); err != nil || u.Host == "" || u.Path != "" {
		return nil, fmt.Errorf("make simulator: base %q is not an address without a path", c.Base)
	}
	for i, a := range c.Accounts {
		if strings.Trim(a.Subject, "0123456789") != "" || a.Subject == "" {
			return nil, fmt.Errorf("make simulator: account %d: sub must be a number", i+1)
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make simulator: %w", err)
	}
	der, err := Certificate(key, "ESIA simulator", c.Now())
	if err != nil {
		return nil, err
	}
	s := &Simulator{
		config: c, key: key, cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		questions: map[string]*question{}, codes: map[string]*question{}, tokens: map[string]access{},
		browsers: map[string]*portal.Account{}, states: map[string]bool{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /aas/oauth2/ac", func(w http.ResponseWriter, r *http.Request) { s.authorize(w, r, true) })
	mux.HandleFunc("GET /aas/oauth2/v2/ac", func(w http.ResponseWriter, r *http.Request) { s.authorize(w, r, false) })
	mux.HandleFunc("POST /aas/oauth2/te", func(w http.ResponseWriter, r *http.Request) { s.exchange(w, r, true) })
	mux.HandleFunc("POST /aas/oauth2/v3/te", func(w http.ResponseWriter, r *http.Request) { s.exchange(w, r, false) })
	mux.HandleFunc("GET /login", s.showLogin)
	mux.HandleFunc("POST /login", s.logIn)
	mux.HandleFunc("GET /rs/prns/{oid}", s.rest(natural))
	mux.HandleFunc("GET /rs/prns/{oid}/ctts", s.rest(contacts))
	mux.HandleFunc("GET /rs/prns/{oid}/docs", s.rest(documents))
	mux.HandleFunc("GET /rs/prns/{oid}/addrs", s.rest(addresses))
	s.handler = http.NewCrossOriginProtection().Handler(mux)
	return s, nil
}

// Certificate makes a certificate of a system for a year, signed by its own key.
func Certificate(key *rsa.PrivateKey, name string, now time.Time) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return der, nil
}

// Certificate of the key that signs ID tokens, in PEM.
func (s *Simulator) Certificate() []byte { return s.cert }

// Issuer as ID tokens name it.
func (s *Simulator) Issuer() string {
	_, host, _ := strings.Cut(s.config.Base, "://")
	return "http://" + host + "/"
}

// ServeHTTP implements http.Handler.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Simulator) system(id string) *System {
	for i := range s.config.Systems {
		if s.config.Systems[i].ID == id {
			return &s.config.Systems[i]
		}
	}
	return nil
}
