package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/urna-vote/urna/offchain/gateway/login"
)

const (
	// skew is how far the portal's clock may be from this one.
	skew = time.Minute
	// oldest is how long before this moment an ID token may have been made: it is
	// made when the code is exchanged, which was just now.
	oldest = 5 * time.Minute
	// longestSubject by OpenID Connect Core, section 2.
	longestSubject = 255
)

// claims of an ID token that are not checked by whoever parsed it.
type claims struct {
	Subject   string       `json:"sub"`
	Azp       string       `json:"azp"`
	ACR       string       `json:"acr"`
	NotBefore *json.Number `json:"nbf"`
}

// checkIDToken is the list of everything that makes a token this attempt's.
func (p *Provider) checkIDToken(ctx context.Context, portal *portal, a login.Attempt, token *oauth2.Token) (claims, error) {
	var c claims
	raw, _ := token.Extra("id_token").(string)
	if raw == "" || !strings.EqualFold(token.Type(), "Bearer") {
		return c, answerFault("answer of the token endpoint")
	}
	id, err := portal.keys.Verify(ctx, raw)
	if err != nil {
		if ctx.Err() != nil {
			return c, fmt.Errorf("check ID token: %w", ctx.Err())
		}
		return c, answerFault("signature")
	}
	if err := id.Claims(&c); err != nil {
		return c, answerFault("claims")
	}
	now := p.config.Now()
	switch {
	case id.Issuer != p.config.Issuer:
		return c, answerFault("issuer")
	case !slices.Contains(id.Audience, p.config.ClientID):
		return c, answerFault("audience")
	case (len(id.Audience) > 1 || c.Azp != "") && c.Azp != p.config.ClientID:
		return c, answerFault("authorized party")
	case a.Nonce == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.Nonce)) != 1:
		return c, answerFault("nonce")
	case id.Expiry.Before(now.Add(-skew)):
		return c, answerFault("expiry")
	case id.IssuedAt.Before(now.Add(-oldest)), id.IssuedAt.After(now.Add(skew)):
		return c, answerFault("time of issue")
	case !begun(c.NotBefore, now):
		return c, answerFault("first moment")
	case id.AccessTokenHash != "" && id.VerifyAccessToken(token.AccessToken) != nil:
		return c, answerFault("access token hash")
	case c.Subject == "" || len(c.Subject) > longestSubject:
		return c, answerFault("subject")
	}
	return c, nil
}

func begun(notBefore *json.Number, now time.Time) bool {
	if notBefore == nil {
		return true
	}
	seconds, err := notBefore.Float64()
	return err == nil && !time.Unix(int64(seconds), 0).After(now.Add(skew))
}

func answerFault(what string) error {
	return fmt.Errorf("check ID token: %s: %w", what, login.ErrAnswer)
}
