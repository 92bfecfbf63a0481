package client_test

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/proto/api"
)

func TestOneNodeThatAnswersNonsenseDoesNotStandInTheWay(t *testing.T) {
	liar := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `[]`) })
	good := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, api.Status{ChainID: "c"}) })
	if s, err := newClient(t, liar, good).Status(t.Context()); err != nil || s.ChainID != "c" {
		t.Fatal(s, err)
	}
	if s, err := newClient(t, liar).Status(t.Context()); err == nil || errors.Is(err, client.ErrUnavailable) {
		t.Fatalf("%v, %v: want what is wrong with the answer", s, err)
	}
}

func TestOneNodeAloneSaysThatNothingIsThere(t *testing.T) {
	liar := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	good := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, api.Commission{Quorum: 3}) })
	if c, err := newClient(t, liar, good).Commission(t.Context()); err != nil || c.Quorum != 3 {
		t.Fatal(c, err)
	}
	if _, err := newClient(t, liar, "http://127.0.0.1:1").Commission(t.Context()); !errors.Is(err, client.ErrNotFound) {
		t.Fatalf("%v: want not found", err)
	}
}

func TestOneNodeAloneRefusesATransaction(t *testing.T) {
	raw := []byte("tx")
	hash := sha256.Sum256(raw)
	refusal := api.Submitted{Hash: hash[:], Code: 7, Codespace: "ballot", Name: "spent"}
	liar := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 422, refusal) })
	good := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, api.Submitted{Hash: hash[:]}) })
	other := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, api.Submitted{Hash: make([]byte, 32)}) })
	if _, err := newClient(t, liar, other, good).Submit(t.Context(), raw); err != nil {
		t.Fatal(err)
	}
	var r *client.Refusal
	if _, err := newClient(t, other, liar, "http://127.0.0.1:1").Submit(t.Context(), raw); !errors.As(err, &r) || r.Name != "spent" {
		t.Fatalf("%v: want the refusal", err)
	}
}

func TestWordsOfANodeSteerNoTerminal(t *testing.T) {
	node := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 418, map[string]string{"title": "\x1b[2J", "detail": "a\nerror: \u202eb\u009b"})
	})
	_, err := newClient(t, node).Status(t.Context())
	if err == nil || strings.ContainsAny(err.Error(), "\x1b\n\u202e\u009b") {
		t.Fatalf("%q", err)
	}
}

func TestBusyNodeIsAskedAgainWhenItSays(t *testing.T) {
	raw := []byte("tx")
	hash := sha256.Sum256(raw)
	var asked []time.Time
	node := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked = append(asked, time.Now()); len(asked) == 1 {
			answer(w, 503, api.Submitted{Hash: hash[:], Code: 32001, Codespace: "node", Name: "busy", Retry: true, RetryAfterMS: 150})
			return
		}
		answer(w, 200, api.Submitted{Hash: hash[:]})
	})
	if _, err := newClient(t, node).Submit(t.Context(), raw); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 2 || asked[1].Sub(asked[0]) < 150*time.Millisecond {
		t.Fatalf("asked at %v", asked)
	}
}
