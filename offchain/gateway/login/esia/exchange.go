package esia

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/urna-vote/urna/offchain/gateway/login"
)

// tokens is the answer of the token endpoint.
type tokens struct {
	AccessToken string `json:"access_token"`
	IDToken     string `json:"id_token"`
	State       string `json:"state"`
	TokenType   string `json:"token_type"`
}

// refusal is what the portal answers instead.
type refusal struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// spent are the refusals by which it is the code, or the proof that goes with it,
// that is not this attempt's.
var spent = map[string]bool{
	"ESIA-007011": true, // code unknown, used, expired, or of another system or address
	"ESIA-007040": true, // the PKCE verifier does not fit
}

func (p *Provider) exchange(ctx context.Context, a login.Attempt, code string) (tokens, error) {
	var drawn [16]byte
	if _, err := io.ReadFull(p.config.Random, drawn[:]); err != nil {
		return tokens{}, fmt.Errorf("exchange code: draw state: %w", err)
	}
	state := login.UUID(drawn)
	form, err := p.signed(a, state, code)
	if err != nil {
		return tokens{}, err
	}
	form.Set("code", code)
	form.Set("grant_type", "authorization_code")
	form.Set("token_type", "Bearer")
	path := "/aas/oauth2/te"
	if p.config.Edition == Second {
		path = "/aas/oauth2/v3/te"
		form.Set("code_verifier", a.Verifier)
	}
	status, body, err := p.send(ctx, http.MethodPost, p.config.Base+path, "", form)
	if err != nil {
		return tokens{}, fmt.Errorf("exchange code: %w", err)
	}
	if status != http.StatusOK {
		return tokens{}, refused(body)
	}
	var t tokens
	if err := json.Unmarshal(body, &t); err != nil || t.IDToken == "" || !strings.EqualFold(t.TokenType, "Bearer") {
		return tokens{}, fmt.Errorf("exchange code: the answer is no token: %w", login.ErrAnswer)
	}
	// The portal repeats the state of this request, not of the first.
	if t.State != state {
		return tokens{}, fmt.Errorf("exchange code: state: %w", login.ErrAnswer)
	}
	return t, nil
}

func refused(body []byte) error {
	var r refusal
	if err := json.Unmarshal(body, &r); err != nil {
		return fmt.Errorf("exchange code: %w", login.ErrUnavailable)
	}
	n := number(r.Description)
	switch {
	case spent[n] || (n == "" && r.Error == "invalid_grant"):
		return fmt.Errorf("exchange code: %s the portal knows no such code for this attempt: %w", n, login.ErrAnswer)
	case n != "":
		return fmt.Errorf("exchange code: the portal refuses this system's request with %s: %w", n, login.ErrUnavailable)
	}
	return fmt.Errorf("exchange code: %w", login.ErrUnavailable)
}

// send makes a request with a form or an access token.
func (p *Provider) send(ctx context.Context, method, address, access string, form url.Values) (int, []byte, error) {
	var content io.Reader
	if form != nil {
		content = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return 0, nil, errors.New("the portal's address cannot be used")
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if access != "" {
		r.Header.Set("Authorization", "Bearer "+access)
	}
	r.Header.Set("Accept", "application/json")
	resp, err := p.config.HTTP.Do(r)
	if err == nil {
		defer func() { _ = resp.Body.Close() }()
		var body []byte
		if body, err = io.ReadAll(resp.Body); err == nil {
			return resp.StatusCode, body, nil
		}
	}
	if ctx.Err() != nil {
		return 0, nil, ctx.Err()
	}
	return 0, nil, login.ErrUnavailable // what went wrong would quote the address with the person's number
}
