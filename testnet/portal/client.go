package portal

import (
	"net/url"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Scopes besides those of OpenID Connect.
const (
	scopeDocument    = "document"
	scopeCitizenship = "citizenship"
)

// client is a Client as the provider's library wants it: code flow and nothing else.
type client struct {
	Client
	issuer string
}

var _ op.Client = (*client)(nil)

func (c *client) GetID() string                       { return c.ID }
func (c *client) RedirectURIs() []string              { return c.Redirects }
func (c *client) PostLogoutRedirectURIs() []string    { return nil }
func (c *client) ApplicationType() op.ApplicationType { return op.ApplicationTypeWeb }
func (c *client) AuthMethod() oidc.AuthMethod         { return oidc.AuthMethodBasic }
func (c *client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c *client) GrantTypes() []oidc.GrantType         { return []oidc.GrantType{oidc.GrantTypeCode} }
func (c *client) AccessTokenType() op.AccessTokenType  { return op.AccessTokenTypeBearer }
func (c *client) IDTokenLifetime() time.Duration       { return tokenLife }
func (c *client) DevMode() bool                        { return false }
func (c *client) IDTokenUserinfoClaimsAssertion() bool { return false }
func (c *client) ClockSkew() time.Duration             { return 0 }

func (c *client) LoginURL(request string) string {
	return c.issuer + "/login?" + url.Values{"request": {request}}.Encode()
}

func (c *client) RestrictAdditionalIdTokenScopes() func([]string) []string { return noScopes }

func (c *client) RestrictAdditionalAccessTokenScopes() func([]string) []string { return noScopes }

func noScopes([]string) []string { return nil }

func (c *client) IsScopeAllowed(scope string) bool {
	return scope == scopeDocument || scope == scopeCitizenship
}

// shown is the client's name in a language, or its id.
func (c *client) shown(lang string) string {
	if n := c.Name[lang]; n != "" {
		return n
	}
	return c.ID
}
