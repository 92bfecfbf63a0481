package issuer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/proto/api"
)

func server(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL
}

func answer(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func TestTheNextReplicaIsAskedWhenOneFails(t *testing.T) {
	var asked atomic.Int32
	broken := server(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		answer(w, 503, api.GatewayError{Name: "unavailable", Reason: "x"})
	})
	dead := httptest.NewServer(nil)
	dead.Close()
	good := server(t, func(w http.ResponseWriter, r *http.Request) {
		var in api.TokenRequest
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Code != "c" {
			answer(w, 400, api.GatewayError{Name: "malformed"})
			return
		}
		answer(w, 200, api.TokenAnswer{Endorsement: []byte{7}})
	})
	g, err := issuer.New(nil, broken, dead.URL, good)
	if err != nil {
		t.Fatal(err)
	}
	got, err := g.Endorse(context.Background(), api.TokenRequest{Code: "c"})
	if err != nil || len(got) != 1 || got[0] != 7 || asked.Load() != 1 {
		t.Fatal(got, err, asked.Load())
	}
}

func TestARefusalIsFinal(t *testing.T) {
	var asked atomic.Int32
	url := server(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		answer(w, 429, api.GatewayError{Name: "wait", Reason: "too many", RetryAfterS: 60})
	})
	g, err := issuer.New(nil, url, url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.Sign(context.Background(), api.SignRequest{})
	if !issuer.Refused(err, "wait") || asked.Load() != 1 || !strings.Contains(err.Error(), "60 s") {
		t.Fatal(err, asked.Load())
	}
}

func TestBadAnswersAreNoAnswers(t *testing.T) {
	for name, handle := range map[string]http.HandlerFunc{
		"no JSON":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"too long":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 100<<10)) },
		"no reason": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) },
		// A code must not travel to where somebody points.
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		url := server(t, func(w http.ResponseWriter, r *http.Request) {
			handle(w, r)
			cancel() // one round is enough
		})
		g, err := issuer.New(nil, url)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Endorse(ctx, api.TokenRequest{}); err == nil {
			t.Errorf("%s: taken for an answer", name)
		}
		cancel()
	}
}

func TestAddressesAreChecked(t *testing.T) {
	for _, bad := range []string{"", "gateway.example", "ftp://x", "http://"} {
		if _, err := issuer.New(nil, bad); err == nil {
			t.Errorf("%q is taken for an address", bad)
		}
	}
	if _, err := issuer.New(nil); err == nil {
		t.Error("no address")
	}
	g, err := issuer.New(nil, "http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := g.Info(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestALogInWaitsForItsTurn(t *testing.T) {
	var asked atomic.Int32
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v1/room":
			answer(w, 200, api.RoomPlace{Ticket: "t/1", Ahead: 7})
		case r.URL.EscapedPath() == "/v1/room/t%2F1":
			answer(w, 200, api.RoomPlace{Ticket: "t/1", Admitted: asked.Add(1) == 2})
		case r.Header.Get(api.RoomTicketHeader) == "t/1":
			answer(w, 200, api.LoginAnswer{URL: "http://portal"})
		default:
			answer(w, 429, api.GatewayError{Name: "room"})
		}
	})
	g, err := issuer.New(nil, url)
	if err != nil {
		t.Fatal(err)
	}
	var places []int64
	got, err := g.WhileWaiting(func(p api.RoomPlace) { places = append(places, p.Ahead) }).Login(context.Background(), api.LoginRequest{})
	if err != nil || got.URL != "http://portal" || len(places) != 2 || places[0] != 7 {
		t.Fatal(got, places, err)
	}
}

func TestABearerTravelsInTheHeaderAndPrintsNothing(t *testing.T) {
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/session" {
			answer(w, 200, api.SessionAnswer{Session: "s3cret", Mark: "0417"})
			return
		}
		if r.Header.Get("Authorization") != "Bearer s3cret" || r.Header.Get("Accept-Language") != "ru" {
			answer(w, 401, api.GatewayError{Name: "session", Detail: "Вход не выполнен.", Next: "Войдите."})
			return
		}
		answer(w, 200, api.CodeAnswer{Channel: "sms"})
	})
	g, err := issuer.New(nil, url)
	if err != nil {
		t.Fatal(err)
	}
	bearer, session, err := g.Session(context.Background(), api.SessionRequest{})
	if err != nil || session.Session != "" || session.Mark != "0417" || strings.Contains(fmt.Sprintf("%v %+v %#v %s", bearer, bearer, bearer, bearer), "s3cret") {
		t.Fatal(session, err)
	}
	if sent, err := g.Speak("ru").SendCode(context.Background(), bearer, "sms"); err != nil || sent.Channel != "sms" {
		t.Fatal(sent, err)
	}
	if _, err := g.SendCode(context.Background(), bearer, "sms"); !issuer.Refused(err, "session") || !strings.Contains(err.Error(), "Войдите.") {
		t.Fatal(err)
	}
}
