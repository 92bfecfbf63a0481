package esia

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/urna-vote/urna/testnet/portal"
)

// exchange gives an ID token and an access token for a code.
func (s *Simulator) exchange(w http.ResponseWriter, r *http.Request, first bool) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		refuse(w, faultParameter, "")
		return
	}
	q := r.PostForm
	system, f := s.check(q, first)
	if f == nil && (q.Get("grant_type") != "authorization_code" || q.Get("token_type") != "Bearer") {
		f = faultParameter
	}
	if f != nil {
		refuse(w, f, q.Get("state"))
		return
	}
	// The code is gone whatever comes of it.
	s.mu.Lock()
	asked, ok := s.codes[q.Get("code")]
	delete(s.codes, q.Get("code"))
	s.mu.Unlock()
	now := s.config.Now()
	challenge := sha256.Sum256([]byte(q.Get("code_verifier")))
	switch {
	case !ok || asked.system != system.ID || asked.redirect != q.Get("redirect_uri") || asked.first != first ||
		!slices.Equal(asked.scope, strings.Fields(q.Get("scope"))) || now.Sub(asked.made) > codeLife:
		f = faultGrant
	case asked.challenge == "" && q.Has("code_verifier"):
		f = faultNoChallenge
	case asked.challenge != "" && asked.challenge != base64.RawURLEncoding.EncodeToString(challenge[:]):
		f = faultChallenge
	}
	if f != nil {
		refuse(w, f, q.Get("state"))
		return
	}
	token := rand.Text()
	s.mu.Lock()
	s.tokens[token] = access{account: asked.account, scope: asked.scope, expires: now.Add(tokenLife)}
	s.mu.Unlock()
	id, err := s.marker(asked)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": token, "id_token": id, "state": q.Get("state"), "token_type": "Bearer", "expires_in": int(tokenLife.Seconds()),
	})
}

// marker is the ID token, a JWT signed with RS256.
func (s *Simulator) marker(asked *question) (string, error) {
	oid, err := strconv.ParseInt(asked.account.Subject, 10, 64)
	if err != nil {
		return "", err
	}
	now := s.config.Now().Unix()
	about := map[string]any{
		"urn:esia:sbj:oid": oid, "urn:esia:sbj:typ": "P", "urn:esia:sbj:nam": "OID." + asked.account.Subject, "urn:esia:sbj:lvl": "P",
	}
	if asked.account.Confirmed {
		about["urn:esia:sbj:is_tru"], about["urn:esia:sbj:lvl"] = true, "PR"
	}
	claims := map[string]any{
		"iss": s.Issuer(), "aud": asked.system, "sub": oid, "iat": now, "nbf": now, "auth_time": now, "exp": now + int64(tokenLife.Seconds()),
		"amr": "PWD", "urn:esia:amd": "PWD", "urn:esia:sid": rand.Text(), "urn:esia:sbj": about,
	}
	if s.config.Alter != nil {
		s.config.Alter(claims)
	}
	head, err := json.Marshal(map[string]any{"alg": "RS256", "typ": "JWT", "sbt": "id", "ver": 1})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, digest[:])
	if err != nil {
		return "", err
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func refuse(w http.ResponseWriter, f *fault, state string) {
	writeJSON(w, http.StatusBadRequest, map[string]any{"error": f.code, "error_description": f.description(), "state": state})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// rest serves a part of a person's data to whom the scope lets have it.
func (s *Simulator) rest(part func(a *portal.Account, may func(string) bool) map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		s.mu.Lock()
		t, ok := s.tokens[token]
		s.mu.Unlock()
		switch {
		case !ok || s.config.Now().After(t.expires):
			writeJSON(w, http.StatusUnauthorized, map[string]any{"code": "ESIA-005004"})
		case t.account.Subject != r.PathValue("oid"):
			writeJSON(w, http.StatusForbidden, map[string]any{"code": "ESIA-005011"})
		default:
			writeJSON(w, http.StatusOK, part(t.account, func(scope string) bool { return slices.Contains(t.scope, scope) }))
		}
	}
}
