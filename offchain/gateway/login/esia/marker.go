package esia

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/login"
)

const (
	// skew is how far the portal's clock may be from this one.
	skew = time.Minute
	// oldest is how long before this moment a token may have been made.
	oldest = 5 * time.Minute
	// longestOID is more digits than account numbers have.
	longestOID = 20
)

// marker is the ID token (маркер идентификации).
type marker struct {
	Issuer    string      `json:"iss"`
	Audience  audience    `json:"aud"`
	Subject   json.Number `json:"sub"`
	Expiry    int64       `json:"exp"`
	IssuedAt  int64       `json:"iat"`
	NotBefore int64       `json:"nbf"`
	Nonce     *string     `json:"nonce"`
	About     struct {
		OID     json.Number `json:"urn:esia:sbj:oid"`
		Type    string      `json:"urn:esia:sbj:typ"`
		Trusted bool        `json:"urn:esia:sbj:is_tru"`
	} `json:"urn:esia:sbj"`
}

// audience is one name or a list.
type audience []string

// UnmarshalJSON takes both.
func (a *audience) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// account is whom a token names.
type account struct {
	oid       string
	confirmed bool
}

// checkMarker is the list of everything that makes a token this attempt's.
func (p *Provider) checkMarker(a login.Attempt, raw string) (account, error) {
	m, err := p.open(raw)
	if err != nil {
		return account{}, err
	}
	now := p.config.Now()
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	oid := m.About.OID.String()
	switch {
	case m.Issuer != p.config.Issuer:
		return account{}, markerFault("issuer")
	case !slices.Equal(m.Audience, audience{p.config.ClientID}):
		return account{}, markerFault("audience")
	case m.Nonce != nil && subtle.ConstantTimeCompare([]byte(*m.Nonce), []byte(a.Nonce)) != 1:
		return account{}, markerFault("nonce")
	case at(m.Expiry).Before(now.Add(-skew)):
		return account{}, markerFault("expiry")
	case at(m.NotBefore).After(now.Add(skew)):
		return account{}, markerFault("first moment")
	case at(m.IssuedAt).Before(now.Add(-oldest)), at(m.IssuedAt).After(now.Add(skew)):
		return account{}, markerFault("time of issue")
	case m.About.Type != "P":
		return account{}, markerFault("type of account: only persons vote")
	case !isOID(oid) || (m.Subject != "" && m.Subject.String() != oid):
		return account{}, markerFault("subject")
	}
	return account{oid: oid, confirmed: m.About.Trusted}, nil
}

// open checks the signature, and reads nothing before.
func (p *Provider) open(raw string) (marker, error) {
	var m marker
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return m, markerFault("form")
	}
	var decoded [3][]byte
	for i, part := range parts {
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
		if err != nil {
			return m, markerFault("form")
		}
		decoded[i] = b
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	if err := json.Unmarshal(decoded[0], &header); err != nil {
		return m, markerFault("form")
	}
	if err := p.config.Verifier.Verify(header.Algorithm, []byte(parts[0]+"."+parts[1]), decoded[2]); err != nil {
		return m, markerFault("signature")
	}
	d := json.NewDecoder(bytes.NewReader(decoded[1]))
	if err := d.Decode(&m); err != nil {
		return m, markerFault("claims")
	}
	return m, nil
}

func isOID(s string) bool {
	if s == "" || len(s) > longestOID {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func markerFault(what string) error {
	return fmt.Errorf("check ID token: %s: %w", what, login.ErrAnswer)
}
