package portal

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// How long things live.
const (
	requestLife = 10 * time.Minute
	codeLife    = time.Minute
	tokenLife   = 5 * time.Minute
	sessionLife = 8 * time.Hour
	sweepEvery  = time.Minute
)

// session is a browser that somebody logged in with.
type session struct {
	account *Account
	begun   time.Time
}

// access is an access token.
type access struct {
	subject, client string
	scopes          []string
	expires         time.Time
}

// tries counts wrong passwords of an account.
type tries struct {
	wrong int
	until time.Time
}

// storage implements op.Storage in memory.
type storage struct {
	issuer string
	key    *rsa.PrivateKey
	keyID  string
	now    func() time.Time

	mu       sync.Mutex // guards everything below
	lists    *lists
	requests map[string]*request
	codes    map[string]*request
	tokens   map[string]access
	sessions map[string]session
	tries    map[string]tries // by login as folded
	swept    time.Time
}

var _ op.Storage = (*storage)(nil)

var (
	errGone  = errors.New("this log-in is over or was never begun; go back to the site you came from and begin again")
	errNever = errors.New("the portal does not do this")
)

// word is 128 random bits as text.
func word() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// sweep forgets what is over. The lock is held.
func (s *storage) sweep(now time.Time) {
	if now.Sub(s.swept) < sweepEvery {
		return
	}
	s.swept = now
	for id, r := range s.requests {
		if now.Sub(r.made) > requestLife {
			delete(s.requests, id)
		}
	}
	for code, r := range s.codes {
		if now.Sub(r.coded) > codeLife {
			delete(s.codes, code)
		}
	}
	for id, t := range s.tokens {
		if now.After(t.expires) {
			delete(s.tokens, id)
		}
	}
	for id, b := range s.sessions {
		if now.Sub(b.begun) > sessionLife {
			delete(s.sessions, id)
		}
	}
	for login, t := range s.tries {
		if now.After(t.until) {
			delete(s.tries, login)
		}
	}
}

// browserKey is where the handler leaves the browser's session for CreateAuthRequest.
type browserKey struct{}

func (s *storage) CreateAuthRequest(ctx context.Context, asked *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	if asked.CodeChallenge == "" || asked.CodeChallengeMethod != oidc.CodeChallengeMethodS256 {
		return nil, oidc.ErrInvalidRequest().WithDescription("code_challenge with code_challenge_method S256 is required")
	}
	if !slices.Contains(asked.Scopes, oidc.ScopeOpenID) {
		return nil, oidc.ErrInvalidRequest().WithDescription("scope must contain openid")
	}
	now := s.now()
	r := &request{id: word(), asked: *asked, made: now}
	for _, l := range asked.UILocales {
		if base, _ := l.Base(); base.String() == "ru" || base.String() == "en" {
			r.lang = base.String()
			break
		}
	}
	browser, known := ctx.Value(browserKey{}).(session)
	if slices.Contains(asked.Prompt, oidc.PromptNone) && (!known || r.wants(browser.begun, now)) {
		return nil, oidc.ErrLoginRequired()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	s.requests[r.id] = r
	copied := *r
	return &copied, nil
}

// open gives a request that still waits for a person or for its answer.
func (s *storage) open(id string) (request, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[id]
	if !ok || s.now().Sub(r.made) > requestLife {
		return request{}, false
	}
	return *r, true
}

// finish marks who logged in for a request.
func (s *storage) finish(id string, b session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[id]
	if !ok || s.now().Sub(r.made) > requestLife {
		return false
	}
	r.account, r.loggedIn = b.account, b.begun
	return true
}

// drop forgets a request that the person cancelled.
func (s *storage) drop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
}

func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	r, ok := s.open(id)
	if !ok {
		return nil, errGone
	}
	return &r, nil
}

// SaveAuthCode ends the request: it is answered once.
func (s *storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[id]
	if !ok {
		return errGone
	}
	delete(s.requests, id)
	r.code, r.coded = code, s.now()
	s.codes[code] = r
	return nil
}

// AuthRequestByCode takes the code: whatever becomes of this exchange, there is no
// second one.
func (s *storage) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.codes[code]
	delete(s.codes, code)
	if !ok || s.now().Sub(r.coded) > codeLife {
		return nil, errors.New("no such code, or it was used, or it is older than a minute")
	}
	copied := *r
	return &copied, nil
}

// DeleteAuthRequest has nothing left to do after SaveAuthCode and AuthRequestByCode.
func (s *storage) DeleteAuthRequest(context.Context, string) error { return nil }

func (s *storage) CreateAccessToken(_ context.Context, t op.TokenRequest) (string, time.Time, error) {
	r, ok := t.(*request)
	if !ok {
		return "", time.Time{}, errNever
	}
	id, expires := word(), s.now().Add(tokenLife)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[id] = access{subject: r.GetSubject(), client: r.GetClientID(), scopes: r.GetScopes(), expires: expires}
	return id, expires, nil
}

func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	c := s.client(id)
	if c == nil {
		return nil, errors.New("no such client")
	}
	return c, nil
}

func (s *storage) client(id string) *client {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.lists.clients[id]
	if c == nil {
		return nil
	}
	return &client{Client: c.Client, issuer: s.issuer}
}

func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	c := s.client(id)
	if c == nil || subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) != 1 {
		return oidc.ErrInvalidClient()
	}
	return nil
}

func (s *storage) SetUserinfoFromToken(_ context.Context, u *oidc.UserInfo, id, _, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tokens[id]
	if !ok || s.now().After(t.expires) {
		return oidc.ErrAccessDenied()
	}
	a, c := s.lists.bySubject[t.subject], s.lists.clients[t.client]
	if a == nil || c == nil {
		return oidc.ErrAccessDenied()
	}
	u.Subject = a.Subject
	if c.Person {
		fill(u, a, t.scopes)
	}
	return nil
}

// fill says what the scopes ask for.
func fill(u *oidc.UserInfo, a *Account, scopes []string) {
	for _, scope := range scopes {
		switch scope {
		case oidc.ScopeProfile:
			u.FamilyName, u.GivenName, u.MiddleName, u.Birthdate = a.Surname, a.Name, a.Patronymic, a.BirthDate
		case oidc.ScopePhone:
			u.PhoneNumber, u.PhoneNumberVerified = a.Phone, a.Phone != ""
		case oidc.ScopeEmail:
			u.Email, u.EmailVerified = a.Mail, a.Mail != ""
		case oidc.ScopeAddress:
			u.Address = &oidc.UserInfoAddress{Formatted: a.Address}
		case scopeDocument:
			u.AppendClaims("document", a.Document)
		case scopeCitizenship:
			if a.Citizenship != "" {
				u.AppendClaims("nationalities", []string{a.Citizenship})
			}
		}
	}
}

// TerminateSession logs a person out of every browser.
func (s *storage) TerminateSession(_ context.Context, subject, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, b := range s.sessions {
		if b.account.Subject == subject {
			delete(s.sessions, id)
		}
	}
	return nil
}

func (s *storage) SigningKey(context.Context) (op.SigningKey, error) { return privateKey{s}, nil }

func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (s *storage) KeySet(context.Context) ([]op.Key, error) { return []op.Key{publicKey{s}}, nil }

func (s *storage) Health(context.Context) error { return nil }

type privateKey struct{ s *storage }

func (k privateKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k privateKey) Key() any                                    { return k.s.key }
func (k privateKey) ID() string                                  { return k.s.keyID }

type publicKey struct{ s *storage }

func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k publicKey) Use() string                        { return "sig" }
func (k publicKey) Key() any                           { return &k.s.key.PublicKey }
func (k publicKey) ID() string                         { return k.s.keyID }
