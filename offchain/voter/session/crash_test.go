package session_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
)

// errCrash is a device that stops.
var errCrash = errors.New("device stopped")

// secretsOf a state: the token secret, and the hash of the claim key.
func secretsOf(t *testing.T, st *session.State) (*blindtoken.Secret, [32]byte) {
	t.Helper()
	content, err := st.Reveal()
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Secret api.Hex `json:"token_secret"`
		Claim  api.Hex `json:"claim_seed"`
	}
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	secret, err := blindtoken.SecretFromBytes(file.Secret)
	if err != nil {
		t.Fatal(err)
	}
	public := sign.NewPrivateKey([32]byte(file.Claim)).Public()
	return secret, sha256.Sum256(public[:])
}

// expected is the token that the secret must give, made by hand.
func expected(t *testing.T, w *world, st *session.State) [][]byte {
	t.Helper()
	secret, _ := secretsOf(t, st)
	scope := blindtoken.Scope{ChainID: sample.ChainID, Election: w.city.ID}
	var signatures [][]byte
	for _, ring := range rings()[:2] {
		key, _ := ring.Key(ring.Slots()[0])
		request, err := blindtoken.Blind(secret, scope, key.Public())
		if err != nil {
			t.Fatal(err)
		}
		answer, err := key.Sign(request.Blinded())
		if err != nil {
			t.Fatal(err)
		}
		signature, err := request.Finalize(answer)
		if err != nil {
			t.Fatal(err)
		}
		signatures = append(signatures, signature)
	}
	return signatures
}

// The device stops at its n-th save, for every n, before or after the write,
// and goes on from what is on its disk: always the one token, never a second.
func TestACrashAtEachPointGivesTheSameToken(t *testing.T) {
	w := newWorld(t, 24)
	w.openVoting()
	voter := 0
	for _, written := range []bool{false, true} {
		for at := 1; ; at++ {
			file := filepath.Join(t.TempDir(), "voter.json")
			st := w.state(voter)
			w.must(st.WriteFile(file))
			crashes := crashRun(t, w, voter, file, at, written)
			end, err := session.ReadFile(file)
			w.must(err)
			want := expected(t, w, end)
			cast := decodeCast(t, end.Casts()[0].Raw)
			for i := range want {
				if !bytes.Equal(cast.Token.Signatures[i], want[i]) {
					t.Fatalf("crash at save %d: signature %d is not the one of the secret", at, i)
				}
			}
			key := w.session(voter, end).BallotKey()
			if spent, ok := w.city.Ballots.Spent(w.city.State, key[:]); !ok || spent.Sequence != 1 {
				t.Fatalf("crash at save %d: ballot is not counted once", at)
			}
			voter++
			if crashes == 0 {
				break
			}
		}
	}
	if w.issued() != uint64(voter) {
		t.Fatalf("%d voters have %d tokens", voter, w.issued())
	}
}

// crashRun votes with a device that stops once at the given save and returns
// how often it stopped.
func crashRun(t *testing.T, w *world, voter int, file string, at int, written bool) (crashes int) {
	t.Helper()
	saves := 0
	for range 10 {
		st, err := session.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cfg := w.config(voter, st)
		cfg.Save = func(st *session.State) error {
			saves++
			if saves != at {
				return st.WriteFile(file)
			}
			crashes++
			if written {
				if err := st.WriteFile(file); err != nil {
					return err
				}
			}
			return errCrash
		}
		err = vote(cfg)
		if err == nil {
			return crashes
		}
		if !errors.Is(err, errCrash) {
			t.Fatalf("crash at save %d: %v", at, err)
		}
	}
	t.Fatal("never ends")
	return crashes
}

// vote does what is still to do.
func vote(cfg session.Config) error {
	ctx := context.Background()
	s, err := session.New(ctx, cfg)
	if err != nil {
		return err
	}
	if err := s.Token(ctx); err != nil {
		return err
	}
	if s.State().Pending() != nil {
		_, err := s.Resume(ctx)
		return err
	}
	if len(s.State().Casts()) > 0 {
		return nil
	}
	_, err = s.Cast(ctx, choices(0, 1, 1))
	return err
}

// Requests and answers get lost at every stage: the retry gives the same.
func TestLostAnswersNeverGiveASecondToken(t *testing.T) {
	w := newWorld(t, 10)
	for n := range 10 {
		count, st := 0, w.state(n)
		w.wire.set(func(string, bool) bool {
			count++
			return count == n+1 || count == n+3
		}, nil)
		s := w.session(n, st)
		w.must(s.Token(context.Background()))
		if got, want := s.State().Panel(), uint32(0); got != want {
			t.Fatal(got)
		}
	}
	if w.issued() != 10 || w.wire.mostSigned() > 10 {
		t.Fatalf("%d issued, %d signed", w.issued(), w.wire.mostSigned())
	}
}
