package session

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/urna-vote/urna/crypto/transcript"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/notice"
)

// Redeem gives the bearer to the device that began the log-in and whose page or
// program got the grant. Asked again it gives the same bearer, as long as the
// attempt lasts: an answer that was lost on its way costs no second log-in.
func (s *Store) Redeem(ctx context.Context, grant string, verifier []byte) (out Session, bearer string, err error) {
	secret := s.cfg.Vault.Index("login/bearer", string(transcript.JoinFields([]byte(grant), verifier)))
	bearer = base64.RawURLEncoding.EncodeToString(secret[:])
	key := hash("bearer", bearer)
	challenge := sha256.Sum256(verifier)
	err = s.cfg.Database.Update(func(tx *database.Tx) error {
		r, err := s.read(tx, "grant_", hash("grant", grant))
		if err != nil {
			return err
		}
		if !fits(r.challenge, challenge) {
			return ErrAttempt
		}
		if r.stage == redeemed {
			out, err = s.Find(tx, bearer)
			return err
		}
		if out, err = s.make(tx, &r, key); err != nil {
			return err
		}
		_, err = tx.Exec("UPDATE login_attempt SET stage = ?, account = ? WHERE id = ?", redeemed, []byte{}, r.key[:])
		return err
	})
	if err != nil {
		if Name(err) == "" {
			err = fmt.Errorf("redeem log-in: %w", err)
		}
		return Session{}, "", err
	}
	return out, bearer, nil
}

// make writes the session of a finished attempt.
func (s *Store) make(tx *database.Tx, r *row, key [32]byte) (Session, error) {
	out := Session{Key: key, Purpose: r.purpose, Election: r.election, Request: r.request, Style: r.style, Ends: s.cfg.Now().Add(SessionTime).Truncate(time.Millisecond)}
	copy(out.Entry[:], r.entry)
	sealed := []byte{}
	if r.purpose == Application {
		var err error
		if out.Account, err = s.account(r.key, r.account); err != nil {
			return Session{}, err
		}
		// Sealed anew: the old seal names the attempt.
		if sealed, err = s.sealAccount(key, out.Account); err != nil {
			return Session{}, err
		}
	}
	_, err := tx.Exec("INSERT INTO login_session (bearer, purpose, election, request, entry, style, account, confirmed, ends_ms) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)",
		key[:], string(r.purpose), r.election[:], r.request[:], append([]byte{}, r.entry...), r.style, sealed, out.Ends.UnixMilli())
	return out, err
}

func (s *Store) account(key [32]byte, sealed []byte) (login.Account, error) {
	var kept accountAtRest
	if err := s.open(sealAccount, key, sealed, &kept); err != nil {
		return login.Account{}, err
	}
	return login.Account{Subject: kept.Subject, Confirmed: kept.Confirmed, Person: (*login.Person)(kept.Person)}, nil
}

// Find is what a bearer opens, ErrNoSession if nothing.
func (s *Store) Find(tx *database.Tx, bearer string) (Session, error) {
	out := Session{Key: hash("bearer", bearer)}
	var purpose string
	var election, request, entry, account []byte
	var endsMS int64
	err := tx.Row("SELECT purpose, election, request, entry, style, account, confirmed, ends_ms FROM login_session WHERE bearer = ?", out.Key[:]).
		Scan(&purpose, &election, &request, &entry, &out.Style, &account, &out.Confirmed, &endsMS)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Session{}, ErrNoSession
	case err != nil:
		return Session{}, fmt.Errorf("read session: %w", err)
	}
	out.Ends = time.UnixMilli(endsMS)
	if !s.cfg.Now().Before(out.Ends) {
		return Session{}, ErrNoSession
	}
	out.Purpose = Purpose(purpose)
	copy(out.Election[:], election)
	copy(out.Request[:], request)
	copy(out.Entry[:], entry)
	if out.Purpose == Application {
		if out.Account, err = s.account(out.Key, account); err != nil {
			return Session{}, err
		}
	}
	return out, nil
}

// Look is Find outside of a transaction.
func (s *Store) Look(ctx context.Context, bearer string) (out Session, err error) {
	err = s.cfg.Database.View(ctx, func(tx *database.Tx) (err error) {
		out, err = s.Find(tx, bearer)
		return err
	})
	return out, err
}

// Confirm notes that a one-time code that came by the channel was shown in the
// session.
func (s *Store) Confirm(tx *database.Tx, key [32]byte, by notice.Channel) error {
	if _, err := tx.Exec("UPDATE login_session SET confirmed = ? WHERE bearer = ?", uint8(by), key[:]); err != nil {
		return fmt.Errorf("confirm session: %w", err)
	}
	return nil
}

// Sweep deletes attempts and sessions whose time is over.
func (s *Store) Sweep(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := s.cfg.Now().UnixMilli()
	err := s.cfg.Database.Update(func(tx *database.Tx) error {
		for _, statement := range []string{"DELETE FROM login_attempt WHERE ends_ms <= ?", "DELETE FROM login_session WHERE ends_ms <= ?"} {
			if _, err := tx.Exec(statement, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sweep log-ins: %w", err)
	}
	return nil
}
