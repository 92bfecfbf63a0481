package portal

import (
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// request is one client's question, from /authorize to the exchange of its code.
type request struct {
	id       string
	asked    oidc.AuthRequest
	made     time.Time
	lang     string
	loggedIn time.Time // when the person logged in; zero while nobody has
	account  *Account
	code     string // set once, when the answer is sent
	coded    time.Time
}

var _ op.AuthRequest = (*request)(nil)

func (r *request) GetID() string                      { return r.id }
func (r *request) GetAMR() []string                   { return []string{"pwd"} }
func (r *request) GetAudience() []string              { return []string{r.asked.ClientID} }
func (r *request) GetAuthTime() time.Time             { return r.loggedIn }
func (r *request) GetClientID() string                { return r.asked.ClientID }
func (r *request) GetNonce() string                   { return r.asked.Nonce }
func (r *request) GetRedirectURI() string             { return r.asked.RedirectURI }
func (r *request) GetResponseType() oidc.ResponseType { return r.asked.ResponseType }
func (r *request) GetResponseMode() oidc.ResponseMode { return oidc.ResponseModeQuery }
func (r *request) GetScopes() []string                { return r.asked.Scopes }
func (r *request) GetState() string                   { return r.asked.State }
func (r *request) Done() bool                         { return r.account != nil }

func (r *request) GetACR() string {
	if r.account != nil && r.account.Confirmed {
		return acrConfirmed
	}
	return acrBasic
}

func (r *request) GetSubject() string {
	if r.account == nil {
		return ""
	}
	return r.account.Subject
}

func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	return &oidc.CodeChallenge{Challenge: r.asked.CodeChallenge, Method: r.asked.CodeChallengeMethod}
}

// Authentication contexts of the portal.
const (
	acrConfirmed = "confirmed"
	acrBasic     = "basic"
)

// wants reports that a session begun at some moment is not enough for the client.
func (r *request) wants(loggedIn, now time.Time) bool {
	for _, p := range r.asked.Prompt {
		if p == oidc.PromptLogin && !loggedIn.After(r.made) {
			return true
		}
	}
	return r.asked.MaxAge != nil && now.Sub(loggedIn) > time.Duration(*r.asked.MaxAge)*time.Second && !loggedIn.After(r.made)
}
