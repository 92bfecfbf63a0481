package session

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/proto/api"
)

// Stages of an attempt.
const (
	begun    = iota // the device has the id
	atPortal        // a browser was sent to the portal
	taken           // the portal's answer came and is being looked at, once
	done            // the account is known
	redeemed        // a session was made
)

// What is sealed beside an attempt.
const (
	sealAttempt = "login/attempt"
	sealAccount = "login/account"
)

// atRest is a login.Attempt as it is sealed.
type atRest struct {
	State, Nonce, Verifier string
	Person                 bool
}

// accountAtRest is a login.Account as it is sealed.
type accountAtRest struct {
	Subject   string
	Confirmed bool
	Person    *personAtRest `json:",omitempty"`
}

// personAtRest has no methods of login.Person, which refuse to be written.
type personAtRest login.Person

// Begin starts a log-in, for which the person's browser opens the address.
func (s *Store) Begin(ctx context.Context, purpose Purpose, election, request, challenge [32]byte, returnTo string) (id, address string, err error) {
	if !slices.Contains(s.cfg.Purposes, purpose) || (purpose == Token) == (request == [32]byte{}) {
		return "", "", ErrPurpose
	}
	if _, err := s.checkReturn(returnTo); err != nil {
		return "", "", err
	}
	if id, err = s.draw(); err != nil {
		return "", "", err
	}
	key := hash("id", id)
	ends := s.cfg.Now().Add(AttemptTime).UnixMilli()
	err = s.cfg.Database.Update(func(tx *database.Tx) error {
		none := []byte{}
		_, err := tx.Exec(`INSERT INTO login_attempt
			(id, stage, purpose, election, request, challenge, return_to, state, cookie, attempt, grant_, entry, style, account, ends_ms)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)`,
			key[:], begun, string(purpose), election[:], request[:], challenge[:], returnTo, none, none, none, none, none, none, ends)
		return err
	})
	if err != nil {
		return "", "", fmt.Errorf("begin log-in: %w", err)
	}
	return id, s.cfg.Public + "/login/" + id, nil
}

// row of login_attempt.
type row struct {
	key       [32]byte
	stage     int
	purpose   Purpose
	election  [32]byte
	request   [32]byte
	challenge []byte
	returnTo  string
	cookie    []byte
	attempt   []byte
	grant     []byte
	entry     []byte
	style     uint32
	account   []byte
	endsMS    int64
}

const columns = "id, stage, purpose, election, request, challenge, return_to, cookie, attempt, grant_, entry, style, account, ends_ms"

// read finds an attempt that is not over, by a column that is its hash.
func (s *Store) read(tx *database.Tx, column string, key [32]byte) (row, error) {
	var r row
	var id, election, request []byte
	var purpose string
	err := tx.Row("SELECT "+columns+" FROM login_attempt WHERE "+column+" = ?", key[:]).Scan(&id, &r.stage, &purpose, &election, &request,
		&r.challenge, &r.returnTo, &r.cookie, &r.attempt, &r.grant, &r.entry, &r.style, &r.account, &r.endsMS)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return r, ErrAttempt
	case err != nil:
		return r, fmt.Errorf("read log-in: %w", err)
	case r.endsMS <= s.cfg.Now().UnixMilli():
		return r, ErrAttempt
	}
	r.purpose, r.key, r.election, r.request = Purpose(purpose), [32]byte(id), [32]byte(election), [32]byte(request)
	return r, nil
}

// Go sends a browser to the portal. The cookie belongs to this gateway's address
// and shows at the end that it is the same browser. Until the portal's answer
// came it may be called again: the last browser counts.
func (s *Store) Go(ctx context.Context, id string) (redirect string, cookie *http.Cookie, err error) {
	var r row
	key := hash("id", id)
	err = s.cfg.Database.View(ctx, func(tx *database.Tx) (err error) {
		r, err = s.read(tx, "id", key)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	attempt, err := s.attempt(&r)
	if err != nil {
		return "", nil, err
	}
	// The portal first: if it does not answer nothing is written.
	if redirect, err = s.cfg.Portal.Start(ctx, attempt); err != nil {
		return "", nil, fmt.Errorf("start log-in: %w", err)
	}
	value, err := s.draw()
	if err != nil {
		return "", nil, err
	}
	sealed, err := s.seal(sealAttempt, key, atRest{attempt.State, attempt.Nonce, attempt.Verifier, attempt.Person})
	if err != nil {
		return "", nil, err
	}
	state, held := hash("state", attempt.State), hash("cookie", value)
	var changed int64
	err = s.cfg.Database.Update(func(tx *database.Tx) (err error) {
		changed, err = tx.Exec("UPDATE login_attempt SET stage = ?, state = ?, cookie = ?, attempt = ? WHERE id = ? AND stage <= ?",
			atPortal, state[:], held[:], sealed, key[:], atPortal)
		return err
	})
	if err != nil {
		return "", nil, fmt.Errorf("start log-in: %w", err)
	}
	if changed == 0 {
		return "", nil, ErrAttempt
	}
	return redirect, s.cookie(attempt.State, value, int(AttemptTime.Seconds())), nil
}

// attempt draws what goes to the portal. The nonce of a log-in for a token is
// the request: the portal's own answer says what it was made for.
func (s *Store) attempt(r *row) (login.Attempt, error) {
	nonce := base64.RawURLEncoding.EncodeToString(r.request[:])
	if r.purpose != Token {
		var err error
		if nonce, err = s.draw(); err != nil {
			return login.Attempt{}, err
		}
	}
	a, err := login.NewAttempt(s.cfg.Random, nonce, s.Redirect())
	a.Person = r.purpose == Application
	return a, err
}

// cookie is named after the state, so that two log-ins of one browser do not
// disturb each other.
func (s *Store) cookie(state, value string, age int) *http.Cookie {
	c := &http.Cookie{Name: s.cookieName(state), Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	c.Secure = strings.HasPrefix(s.cfg.Public, "https:")
	return c
}

func (s *Store) cookieName(state string) string {
	sum := sha256.Sum256([]byte(state))
	name := fmt.Sprintf("urna-login-%x", sum[:6])
	if strings.HasPrefix(s.cfg.Public, "https:") {
		// Browsers keep such a name from being set by another host or without TLS.
		return "__Host-" + name
	}
	return name
}

// Callback takes the answer that a browser brings from the portal. Where it
// knows the return address it gives it, with the grant or with the refusal's
// name; the error is nil only with a grant. Spent is the cookie to take back.
func (s *Store) Callback(ctx context.Context, query url.Values, cookies []*http.Cookie) (returnTo string, spent *http.Cookie, err error) {
	state := query.Get("state")
	r, err := s.take(state, cookies)
	if err != nil {
		return "", nil, err
	}
	spent = s.cookie(state, "", -1)
	grant, err := s.answer(ctx, &r, query)
	if err != nil {
		name := Name(err)
		if name == "" {
			name = "internal" // a device that reads no name waits for ever
		}
		return s.back(r.returnTo, "login_error", name), spent, err
	}
	return s.back(r.returnTo, "login", grant), spent, nil
}

// take uses the state up before anything is asked of the portal: of two answers,
// on whatever replicas, one is looked at.
func (s *Store) take(state string, cookies []*http.Cookie) (r row, err error) {
	var shown string
	for _, c := range cookies {
		if c.Name == s.cookieName(state) {
			shown = c.Value
		}
	}
	err = s.cfg.Database.Update(func(tx *database.Tx) (err error) {
		if r, err = s.read(tx, "state", hash("state", state)); err != nil {
			return err
		}
		if !fits(r.cookie, hash("cookie", shown)) {
			return ErrBrowser
		}
		changed, err := tx.Exec("UPDATE login_attempt SET stage = ? WHERE id = ? AND stage = ?", taken, r.key[:], atPortal)
		if err == nil && changed == 0 {
			return ErrAttempt
		}
		return err
	})
	if err != nil && Name(err) == "" {
		return r, fmt.Errorf("take log-in: %w", err)
	}
	return r, err
}

// answer asks the portal who it is and keeps what the session needs of it.
func (s *Store) answer(ctx context.Context, r *row, query url.Values) (grant string, err error) {
	var kept atRest
	if err := s.open(sealAttempt, r.key, r.attempt, &kept); err != nil {
		return "", err
	}
	account, err := s.cfg.Portal.Finish(ctx, login.Attempt{
		State: kept.State, Nonce: kept.Nonce, Verifier: kept.Verifier, Redirect: s.Redirect(), Person: kept.Person,
	}, query)
	if err != nil {
		return "", fmt.Errorf("finish log-in: %w", err)
	}
	if !account.Confirmed {
		return "", ErrUnconfirmed
	}
	entry, style, sealed := []byte{}, uint32(0), []byte{}
	if r.purpose == Application {
		if sealed, err = s.sealAccount(r.key, account); err != nil {
			return "", err
		}
	} else {
		whose, of, known, err := s.cfg.Roll.Whose(ctx, r.election, account.Subject)
		switch {
		case err != nil:
			return "", fmt.Errorf("find person: %w", err)
		case !known:
			return "", ErrUnknownPerson
		}
		entry, style = whose[:], of
	}
	if grant, err = s.draw(); err != nil {
		return "", err
	}
	grant += "." + api.LoginTag(string(r.purpose), s.cfg.Operator, r.election, r.request)
	held := hash("grant", grant)
	err = s.cfg.Database.Update(func(tx *database.Tx) error {
		_, err := tx.Exec("UPDATE login_attempt SET stage = ?, attempt = ?, grant_ = ?, entry = ?, style = ?, account = ? WHERE id = ? AND stage = ?",
			done, []byte{}, held[:], entry, style, sealed, r.key[:], taken)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("keep log-in: %w", err)
	}
	return grant, nil
}

func (s *Store) sealAccount(key [32]byte, a login.Account) ([]byte, error) {
	return s.seal(sealAccount, key, accountAtRest{a.Subject, a.Confirmed, (*personAtRest)(a.Person)})
}

func (s *Store) seal(purpose string, key [32]byte, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, errors.New("seal log-in: it cannot be written")
	}
	return s.cfg.Vault.Seal(purpose, key[:], plain), nil
}

func (s *Store) open(purpose string, key [32]byte, sealed []byte, into any) error {
	plain, err := s.cfg.Vault.Open(purpose, key[:], sealed)
	if err != nil {
		return fmt.Errorf("open log-in: %w", err)
	}
	if err := json.Unmarshal(plain, into); err != nil {
		// The library's text may repeat what was sealed.
		return errors.New("open log-in: what was sealed cannot be read")
	}
	return nil
}
