package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/proto/api"
)

// stub answers what a test wants.
type stub struct {
	endorse issue.EndorseRequest
	sign    issue.SignRequest
	err     error
}

func (s *stub) Endorse(_ context.Context, r issue.EndorseRequest) ([64]byte, error) {
	s.endorse = r
	return [64]byte{1}, s.err
}

func (s *stub) Sign(_ context.Context, r issue.SignRequest) ([]byte, error) {
	s.sign = r
	return []byte{2}, s.err
}

func newHandler(t testing.TB, s *stub, log io.Writer, ready error) http.Handler {
	t.Helper()
	handler, err := gatewayapi.New(gatewayapi.Config{
		Now: time.Now, Origins: []string{"https://vote.example"},
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Parts: []gatewayapi.Part{gatewayapi.Issuance{Issuer: s}, gatewayapi.State{
			Info: func(context.Context) (api.GatewayInfo, error) {
				return api.GatewayInfo{Name: "issuer-1", ChainID: "test-1", Elections: []api.Hex{}}, nil
			},
			Ready: func(context.Context) error { return ready },
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func newServer(t *testing.T, s *stub, log io.Writer, ready error) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(newHandler(t, s, log, ready))
	t.Cleanup(server.Close)
	return server
}

func tokenRequest() api.TokenRequest {
	h := func(b byte) api.Hex { return bytes.Repeat([]byte{b}, 32) }
	return api.TokenRequest{Election: h(1), Entry: h(2), Style: 3, Panel: 4, Pass: h(5), Code: "SECRET-CODE",
		Blinded: []byte{6}, BlindedHashes: []api.Hex{h(7), h(8)}, ClaimKeyHash: h(9)}
}

func post(t *testing.T, url, contentType, body string) (int, api.GatewayError, string) {
	t.Helper()
	response, err := http.Post(url, contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var e api.GatewayError
	if response.StatusCode != http.StatusOK {
		if err := json.Unmarshal(content, &e); err != nil {
			t.Fatalf("%d: %s", response.StatusCode, content)
		}
	}
	return response.StatusCode, e, string(content)
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRequestsReachTheIssuerFieldByField(t *testing.T) {
	s := &stub{}
	server := newServer(t, s, io.Discard, nil)
	status, _, body := post(t, server.URL+"/v1/token", "application/json", marshal(t, tokenRequest()))
	if status != http.StatusOK || !strings.HasPrefix(body, `{"endorsement":"0100`) {
		t.Fatal(status, body)
	}
	e := s.endorse
	if e.Claim.Election[0] != 1 || e.Claim.Entry[0] != 2 || e.Claim.Style != 3 || e.Panel != 4 || e.Claim.Pass[0] != 5 ||
		e.Claim.Code != "SECRET-CODE" || e.Blinded[0] != 6 || e.BlindedHashes[1][0] != 8 || e.ClaimKeyHash[0] != 9 {
		t.Fatalf("%+v", e)
	}
	r := api.SignRequest{Election: bytes.Repeat([]byte{1}, 32), Entry: bytes.Repeat([]byte{2}, 32), Transaction: bytes.Repeat([]byte{3}, 32), Blinded: []byte{4}}
	status, _, body = post(t, server.URL+"/v1/sign", "application/json", marshal(t, r))
	if status != http.StatusOK || s.sign.Transaction[0] != 3 || s.sign.Blinded[0] != 4 || strings.TrimSpace(body) != `{"signature":"02"}` {
		t.Fatal(status, body)
	}
}

func TestMalformedRequestsNeverReachTheIssuer(t *testing.T) {
	s := &stub{err: errors.New("reached")}
	server := newServer(t, s, io.Discard, nil)
	good := marshal(t, tokenRequest())
	short := tokenRequest()
	short.Entry = short.Entry[1:]
	for name, c := range map[string]struct {
		kind, body, field string
		status            int
		name              string
	}{
		"unknown field": {"application/json", strings.Replace(good, `"style"`, `"extra":1,"style"`, 1), "extra", 422, "malformed"},
		"trailing":      {"application/json", good + "{}", "body", 400, "malformed"},
		"no JSON":       {"application/json", "x", "body", 400, "malformed"},
		"empty":         {"application/json", "", "body", 400, "malformed"},
		"too long":      {"application/json", good[:len(good)-1] + strings.Repeat(" ", 20<<10) + "}", "body", 413, "too-large"},
		"form":          {"application/x-www-form-urlencoded", good, "content-type", 415, "malformed"},
		"no kind":       {"", good, "content-type", 415, "malformed"},
		"short entry":   {"application/json", marshal(t, short), "entry", 400, "malformed"},
		"not hex":       {"application/json", strings.Replace(good, "0202", "zz02", 1), "entry", 422, "malformed"},
		"panel too big": {"application/json", strings.Replace(good, `"panel":4`, `"panel":4294967296`, 1), "panel", 422, "malformed"},
		"no panel":      {"application/json", strings.Replace(good, `"panel":4,`, ``, 1), "panel", 422, "malformed"},
		"half a byte":   {"application/json", strings.Replace(good, "0202", "202", 1), "entry", 422, "malformed"},
		"wrong kind":    {"application/json", strings.Replace(good, `"panel":4`, `"panel":"SECRET-CODE"`, 1), "panel", 422, "malformed"},
		"bad in a list": {"application/json", strings.Replace(good, `["07`, `["7`, 1), "blinded_hashes[0]", 422, "malformed"},
		"no object":     {"application/json", "[]", "body", 422, "malformed"},
	} {
		status, e, body := post(t, server.URL+"/v1/token", c.kind, c.body)
		if status != c.status || e.Name != c.name || e.Field != c.field || e.Status != status || e.Next == "" || e.Reason == "" || strings.Contains(e.Reason, "validation failed") {
			t.Errorf("%s: %d %+v", name, status, e)
		}
		if strings.Contains(body, "SECRET-CODE") || strings.Contains(body, "zz02") {
			t.Errorf("%s: the answer repeats the request: %s", name, body)
		}
	}
	status, e, _ := post(t, server.URL+"/v1/nothing", "application/json", "{}")
	if status != http.StatusNotFound || e.Name != "no-route" {
		t.Error(status, e)
	}
}

func TestEveryRefusalHasItsStatusAndName(t *testing.T) {
	s := &stub{}
	server := newServer(t, s, io.Discard, nil)
	for _, c := range []struct {
		err    error
		status int
		name   string
		retry  int64
	}{
		{&issue.Refusal{Class: issue.ErrRequest, Field: "panel", Reason: "9"}, 400, "malformed", 0},
		{&issue.Refusal{Class: issue.ErrNotOpen, Field: "panel", Reason: "9"}, 409, "not-open", 0},
		{&issue.Refusal{Class: issue.ErrEntry, Field: "entry", Reason: "x"}, 409, "entry", 0},
		{&issue.Refusal{Class: issue.ErrOtherRecord, Field: "entry", Reason: "x"}, 409, "other-record", 0},
		{fmt.Errorf("a: %w", issue.ErrNotOnRecord), 404, "not-on-record", 0},
		{fmt.Errorf("a: %w", issue.ErrUnknownElection), 404, "unknown-election", 0},
		{auth.ErrCredential, 403, "credential", 0},
		{&auth.WaitError{Wait: 90 * time.Second}, 429, "wait", 90},
		{fmt.Errorf("a: %w", issue.ErrNode), 503, "unavailable", 2},
		{context.DeadlineExceeded, 503, "unavailable", 2},
		{errors.New("disk on fire"), 500, "internal", 5},
	} {
		s.err = c.err
		status, e, body := post(t, server.URL+"/v1/token", "application/json", marshal(t, tokenRequest()))
		if status != c.status || e.Name != c.name || e.RetryAfterS != c.retry || e.Reason == "" {
			t.Errorf("%v: %d %+v", c.err, status, e)
		}
		if strings.Contains(body, "fire") {
			t.Error("an inner failure is told to a stranger")
		}
	}
}

func TestTheLogHoldsNothingOfARequest(t *testing.T) {
	var log bytes.Buffer
	s := &stub{}
	server := newServer(t, s, &log, nil)
	for _, err := range []error{nil, auth.ErrCredential, errors.New("inner failure")} {
		s.err = err
		_, _, _ = post(t, server.URL+"/v1/token", "application/json", marshal(t, tokenRequest()))
		_, _, _ = post(t, server.URL+"/v1/token?entry=0202", "application/json", marshal(t, tokenRequest()))
		_, _, _ = post(t, server.URL+"/v1/0202", "application/json", marshal(t, tokenRequest()))
	}
	server.Close()
	for _, secret := range []string{"SECRET-CODE", "0202", "0505", "127.0.0.1", "entry="} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q: %s", secret, log.String())
		}
	}
	if !strings.Contains(log.String(), "inner failure") || !strings.Contains(log.String(), `route="POST /v1/token"`) {
		t.Errorf("the log tells nothing: %s", log.String())
	}
	if out := fmt.Sprintf("%v %+v", tokenRequest(), tokenRequest()); out != "[token request] [token request]" {
		t.Error(out)
	}
}

func TestHealthReadinessAndBrowsers(t *testing.T) {
	server := newServer(t, &stub{}, io.Discard, errors.New("no keys"))
	for path, want := range map[string]int{"/v1/health": 200, "/v1/ready": 503, "/v1/info": 200} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want || response.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", path, response.StatusCode, response.Header)
		}
	}
	for origin, want := range map[string]string{"https://vote.example": "https://vote.example", "https://evil.example": ""} {
		request, err := http.NewRequest(http.MethodOptions, server.URL+"/v1/token", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", origin)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got := response.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("%s: allowed %q", origin, got)
		}
	}
}

func FuzzTokenBody(f *testing.F) {
	f.Add(`{"election":""}`)
	f.Add("{}{}")
	handler := newHandler(f, &stub{}, io.Discard, nil)
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/v1/token", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest && w.Code != http.StatusUnprocessableEntity {
			t.Fatalf("status %d", w.Code)
		}
	})
}
