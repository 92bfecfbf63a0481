package esia

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/smallstep/pkcs7"
)

// fault is a refusal by the portal's numbers.
type fault struct {
	code, number, text string
}

var (
	faultCertificate = &fault{"invalid_request", "007002", "the certificate is not the system's"}
	faultParameter   = &fault{"invalid_request", "007003", "a parameter is missing, wrong or there twice"}
	faultDenied      = &fault{"access_denied", "007004", "the owner of the resource refused"}
	faultScope       = &fault{"invalid_scope", "007006", "the scope is unknown"}
	faultGrant       = &fault{"invalid_grant", "007011", "the code is unknown, used or expired, or of another system or address"}
	faultMissing     = &fault{"invalid_request", "007014", "a required parameter is missing"}
	faultTime        = &fault{"invalid_request", "007015", "the time of the request is wrong"}
	faultRedirect    = &fault{"invalid_request", "007023", "redirect_uri is not registered"}
	faultNoChallenge = &fault{"invalid_request", "007039", "code_challenge was not given"}
	faultChallenge   = &fault{"invalid_request", "007040", "code_verifier does not fit code_challenge"}
	faultSecret      = &fault{"invalid_client", "007053", "client_secret is not the signature of the request"}
)

func (f *fault) description() string { return "ESIA-" + f.number + ": " + f.text }

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// check judges what every request of a system has. The signature comes last: each
// other fault keeps its own number.
func (s *Simulator) check(q url.Values, first bool) (*System, *fault) {
	required := []string{"client_id", "client_secret", "scope", "timestamp", "state", "redirect_uri"}
	if !first {
		required = append(required, "client_certificate_hash")
	}
	for _, name := range required {
		switch {
		case len(q[name]) > 1:
			return nil, faultParameter
		case q.Get(name) == "":
			return nil, faultMissing
		}
	}
	system := s.system(q.Get("client_id"))
	if system == nil {
		return nil, faultCertificate
	}
	if !slices.Contains(system.Redirects, q.Get("redirect_uri")) {
		return nil, faultRedirect
	}
	for _, scope := range strings.Fields(q.Get("scope")) {
		if !slices.Contains(system.Scope, scope) {
			return system, faultScope
		}
	}
	at, err := time.Parse("2006.01.02 15:04:05 -0700", q.Get("timestamp"))
	if now := s.config.Now(); err != nil || at.Before(now.Add(-timeOff)) || at.After(now.Add(timeOff)) {
		return system, faultTime
	}
	if !uuid.MatchString(q.Get("state")) {
		return system, faultParameter
	}
	if !s.signed(system, q, first) {
		return system, faultSecret
	}
	if !s.fresh(system.ID + " " + q.Get("state")) {
		return system, faultParameter
	}
	return system, nil
}

// fresh reports that a state was not used before.
func (s *Simulator) fresh(state string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.states[state] {
		return false
	}
	s.states[state] = true
	return true
}

func (s *Simulator) signed(system *System, q url.Values, first bool) bool {
	secret, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(q.Get("client_secret"), "="))
	if err != nil {
		return false
	}
	if first {
		p, err := pkcs7.Parse(secret)
		if err != nil || len(p.Content) != 0 {
			return false
		}
		p.Content = []byte(q.Get("scope") + q.Get("timestamp") + q.Get("client_id") + q.Get("state"))
		signer := p.GetOnlySigner()
		return signer != nil && signer.Equal(system.Certificate) && p.Verify() == nil
	}
	hash := sha256.Sum256(system.Certificate.Raw)
	if !strings.EqualFold(hex.EncodeToString(hash[:]), q.Get("client_certificate_hash")) {
		return false
	}
	message := q.Get("client_id") + q.Get("scope") + q.Get("timestamp") + q.Get("state") + q.Get("redirect_uri") + q.Get("code")
	digest := sha256.Sum256([]byte(message))
	key, ok := system.Certificate.PublicKey.(*rsa.PublicKey)
	return ok && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], secret) == nil
}

// sendBack redirects a browser to a system with an answer or a refusal.
func sendBack(w http.ResponseWriter, r *http.Request, redirect string, q url.Values) {
	u, err := url.Parse(redirect)
	if err != nil {
		http.Error(w, "redirect_uri cannot be read", http.StatusBadRequest)
		return
	}
	all := u.Query()
	for k, v := range q {
		all[k] = v
	}
	u.RawQuery = all.Encode()
	http.Redirect(w, r, u.String(), http.StatusFound)
}

func (f *fault) query(state string) url.Values {
	return url.Values{"error": {f.code}, "error_description": {f.description()}, "state": {state}}
}
