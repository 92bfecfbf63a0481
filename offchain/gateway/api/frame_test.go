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
	"net/netip"
	"strings"
	"testing"
	"time"

	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/limits"
	"github.com/urna-vote/urna/offchain/gateway/metrics"
	"github.com/urna-vote/urna/offchain/gateway/room"
	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/proto/api"
)

// entry is a part as others write them.
type entry struct{ err error }

type entryInput struct {
	gatewayapi.Bearer
	Body struct {
		Name string `json:"name" maxLength:"8"`
	}
}

func (p entry) Register(f *gatewayapi.Frame) {
	gatewayapi.Handle(f, gatewayapi.Route{Method: http.MethodPost, Path: "/v1/enter", ID: "enter", Summary: "Enter", Room: true,
		Refusals: []*texts.Kind{texts.Credential}}, func(_ context.Context, in *entryInput) (*gatewayapi.Answer[string], error) {
		return &gatewayapi.Answer[string]{Body: in.Token()}, p.err
	})
	gatewayapi.Handle(f, gatewayapi.Route{Method: http.MethodGet, Path: "/v1/fault", ID: "fault", Summary: "Fail"}, func(context.Context, *struct{}) (*gatewayapi.Answer[string], error) {
		panic("a fault with SECRET")
	})
}

func serve(t *testing.T, cfg gatewayapi.Config) *httptest.Server {
	t.Helper()
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Now = time.Now
	handler, err := gatewayapi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func ask(t *testing.T, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(content)
}

func problemOf(t *testing.T, body string) api.GatewayError {
	t.Helper()
	var e api.GatewayError
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return e
}

func TestARefusalIsAProblemInTheLanguageAskedFor(t *testing.T) {
	refusal := gatewayapi.Refuse(texts.WaitCode, "code", "too many").After(90 * time.Second)
	server := serve(t, gatewayapi.Config{Parts: []gatewayapi.Part{entry{refusal}}})
	for language, want := range map[string]string{"": "Try again in 1 min 30 s.", "ru-RU,ru": "Повторите через 1 мин 30 с."} {
		response, body := ask(t, "POST", server.URL+"/v1/enter", `{"name":"a"}`, "Accept-Language", language)
		e := problemOf(t, body)
		if e.Next != want || e.Status != 429 || response.StatusCode != 429 || e.Name != "wait" || e.Type != "/v1/problems/wait" || e.RetryAfterS != 90 {
			t.Errorf("%q: %s", language, body)
		}
		if h := response.Header; h.Get("Content-Type") != "application/problem+json" || h.Get("Retry-After") != "90" || !strings.Contains(h.Get("Vary"), "Accept-Language") {
			t.Error(h)
		}
	}
	response, body := ask(t, "POST", server.URL+"/v1/enter", `{"name":"a"}`, "Accept-Language", "ru", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	if !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") || !strings.Contains(body, `<html lang="ru">`) || !strings.Contains(body, "Слишком много") || response.StatusCode != 429 {
		t.Error("a browser is shown", response.Header, body)
	}
	if _, body := ask(t, "GET", server.URL+"/v1/problems/wait", ""); !strings.Contains(body, `"ru":"Слишком много`) {
		t.Error(body)
	}
	if response, _ := ask(t, "GET", server.URL+"/v1/problems/none", ""); response.StatusCode != 404 {
		t.Error(response.Status)
	}
}

func TestWhatAPartGetsWrongIsToldToTheLogOnly(t *testing.T) {
	var log bytes.Buffer
	server := serve(t, gatewayapi.Config{Parts: []gatewayapi.Part{entry{errors.New("disk on fire")}}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	response, body := ask(t, "POST", server.URL+"/v1/enter", `{"name":"a"}`)
	if e := problemOf(t, body); response.StatusCode != 500 || e.Name != "internal" || strings.Contains(body, "fire") {
		t.Error(body)
	}
	response, body = ask(t, "GET", server.URL+"/v1/fault", "")
	if e := problemOf(t, body); response.StatusCode != 500 || e.Name != "internal" || strings.Contains(body, "SECRET") {
		t.Error(body)
	}
	server.Close()
	if !strings.Contains(log.String(), "disk on fire") || !strings.Contains(log.String(), "stack=") {
		t.Error("the log tells nothing:", log.String())
	}
}

func TestSafetyHeadersAreOnEveryAnswer(t *testing.T) {
	server := serve(t, gatewayapi.Config{Parts: []gatewayapi.Part{entry{}}})
	for _, path := range []string{"/v1/nothing", "/v1/problems/wait", "/openapi.json", "/v1/fault"} {
		response, _ := ask(t, "GET", server.URL+path, "", "Accept", "text/html")
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
		} {
			if got := response.Header.Get(header); got != want {
				t.Errorf("%s: %s is %q", path, header, got)
			}
		}
	}
}

func TestTheDescriptionNamesRoutesShapesAndRefusals(t *testing.T) {
	server := newServer(t, &stub{}, io.Discard, nil)
	_, body := ask(t, "GET", server.URL+gatewayapi.DescriptionPath, "")
	var description struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			Responses map[string]struct{ Description string }
		}
	}
	if err := json.Unmarshal([]byte(body), &description); err != nil {
		t.Fatal(err)
	}
	token, ok := description.Paths["/v1/token"]["post"]
	if !ok || !strings.HasPrefix(description.OpenAPI, "3.") {
		t.Fatalf("%.500s", body)
	}
	for status, name := range map[string]string{"403": "credential", "409": "other-record", "429": "too-many", "200": "OK"} {
		if !strings.Contains(token.Responses[status].Description, name) {
			t.Errorf("%s: %q does not name %s", status, token.Responses[status].Description, name)
		}
	}
	for _, path := range []string{"/v1/sign", "/v1/info", "/v1/health", "/v1/ready", "/v1/problems/{name}"} {
		if description.Paths[path] == nil {
			t.Error("no", path)
		}
	}
}

func TestGreedyAddressesAndPersonsWait(t *testing.T) {
	db := databasetest.Open(t, t.TempDir()+"/limits.db")
	figures := metrics.New()
	server := serve(t, gatewayapi.Config{
		Parts: []gatewayapi.Part{entry{}}, Metrics: figures,
		Addresses: limits.NewAddresses(10, []netip.Prefix{}, time.Now), Persons: limits.NewPersons(db, 12, time.Now),
		Person: func(_ context.Context, bearer string) ([32]byte, bool) {
			return [32]byte{1}, strings.HasPrefix(bearer, "known")
		},
	})
	spend := func(header ...string) (allowed int) {
		for range 30 {
			response, body := ask(t, "POST", server.URL+"/v1/enter", `{"name":"a"}`, header...)
			if response.StatusCode == http.StatusOK {
				allowed++
				continue
			}
			if e := problemOf(t, body); response.StatusCode != 429 || e.Name != "too-many" || e.RetryAfterS < 1 {
				t.Error(body)
			}
		}
		return allowed
	}
	if n := spend("X-Forwarded-For", "192.0.2.1"); n != 5 {
		t.Errorf("an address is given %d requests at once", n)
	}
	if n := spend("Authorization", "Bearer known-1"); n != 12 {
		t.Errorf("a person is given %d requests", n)
	}
	if n := spend("Authorization", "Bearer known-2"); n != 0 {
		t.Errorf("a person's other session is given %d more", n)
	}
	if n := spend("Authorization", "Bearer stranger"); n != 30 {
		t.Errorf("no session is given %d", n)
	}
	w := httptest.NewRecorder()
	figures.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range []string{`urna_gateway_requests_total{route="POST /v1/enter",status="200"} 47`, `urna_gateway_refusals_total{name="too-many"} 73`} {
		if !strings.Contains(w.Body.String(), line) {
			t.Errorf("no %s", line)
		}
	}
	if strings.Contains(w.Body.String(), "192.0.2.1") || strings.Contains(w.Body.String(), "known") {
		t.Error("figures name somebody")
	}
}

func TestACrowdWaitsInTheRoomAndNobodyMeetsAnError(t *testing.T) {
	db := databasetest.Open(t, t.TempDir()+"/room.db")
	r, err := room.New(t.Context(), room.Config{Database: db, PerSecond: 20, Waiting: 100, Now: time.Now, Used: func() time.Duration { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		r.Run(ctx, func(err error) { t.Error(err) })
	}()
	t.Cleanup(func() { cancel(); <-stopped })
	server := serve(t, gatewayapi.Config{Parts: []gatewayapi.Part{entry{}, gatewayapi.Room{Room: r}}, Room: r})
	const people = 60
	order, failed := make(chan int64, people), make(chan error, people)
	for range people {
		go func() { failed <- visit(server.URL, order) }()
	}
	for range people {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	close(order)
	waited := 0
	for range order {
		waited++
	}
	if waited < people/3 {
		t.Errorf("only %d of %d waited", waited, people)
	}
	if response, body := ask(t, "POST", server.URL+"/v1/enter", `{"name":"a"}`, api.RoomTicketHeader, "nonsense"); response.StatusCode != 404 || problemOf(t, body).Name != "room-ticket" {
		t.Error(body)
	}
}

// visit enters as a program does: asks, takes a ticket where it is told to, and
// waits for its turn.
func visit(base string, waited chan<- int64) error {
	client := &http.Client{Timeout: 10 * time.Second}
	call := func(method, path, ticket string, into any) (int, error) {
		request, err := http.NewRequest(method, base+path, strings.NewReader(`{"name":"a"}`))
		if err != nil {
			return 0, err
		}
		request.Header.Set("Content-Type", "application/json")
		if ticket != "" {
			request.Header.Set(api.RoomTicketHeader, ticket)
		}
		response, err := client.Do(request)
		if err != nil {
			return 0, err
		}
		defer response.Body.Close()
		if response.StatusCode >= 500 {
			return response.StatusCode, fmt.Errorf("%s %s: status %d", method, path, response.StatusCode)
		}
		return response.StatusCode, json.NewDecoder(response.Body).Decode(into)
	}
	var refusal api.GatewayError
	status, err := call(http.MethodPost, "/v1/enter", "", new(any))
	if err != nil || status == http.StatusOK {
		return err
	}
	var at api.RoomPlace
	if status, err = call(http.MethodPost, "/v1/room", "", &at); err != nil || status != http.StatusOK {
		return fmt.Errorf("take a ticket: %d %w", status, err)
	}
	waited <- at.Ahead
	ticket := at.Ticket
	for !at.Admitted {
		time.Sleep(200 * time.Millisecond)
		if status, err = call(http.MethodGet, "/v1/room/"+ticket, "", &at); err != nil || status != http.StatusOK {
			return fmt.Errorf("ask for the place: %d %w", status, err)
		}
	}
	if status, err = call(http.MethodPost, "/v1/enter", ticket, &refusal); err != nil || status != http.StatusOK {
		if status != http.StatusOK {
			return fmt.Errorf("enter with an admitted ticket: %d %+v", status, refusal)
		}
	}
	return nil
}

// T42: what gateways log joins no person with a request, and what they log
// unless somebody looks for a fault joins nothing by time.
func TestLogsOfTwoGatewaysJoinNobodyWithARequest(t *testing.T) {
	outcomes := []error{nil, auth.ErrCredential, &auth.WaitError{Wait: time.Minute}, errors.New("inner failure")}
	secrets := []string{"127.0.0.1", "User-Agent-Of", "Bearer", "192.0.2.", "session-of"}
	var logs [2]bytes.Buffer
	var quiet bytes.Buffer
	for i := range logs {
		s := &stub{}
		server := newServer(t, s, &logs[i], nil)
		usual := serve(t, gatewayapi.Config{Parts: []gatewayapi.Part{gatewayapi.Issuance{Issuer: s}}, Log: slog.New(slog.NewTextHandler(&quiet, nil))})
		for voter := range 100 {
			r := tokenRequest()
			r.Entry, r.Pass = bytes.Repeat([]byte{byte(voter)}, 32), bytes.Repeat([]byte{byte(100 + voter)}, 32)
			r.Code = fmt.Sprintf("CODE-%d-CODE", voter)
			secrets = append(secrets, r.Code, r.Entry.String(), r.Pass.String())
			header := []string{"Authorization", fmt.Sprintf("Bearer session-of-%d", voter), "User-Agent", "User-Agent-Of-Somebody", "X-Forwarded-For", fmt.Sprintf("192.0.2.%d", voter)}
			s.err = outcomes[voter%len(outcomes)]
			_, _ = ask(t, "POST", server.URL+"/v1/token", marshal(t, r), header...)
			s.err = outcomes[voter%3]
			_, _ = ask(t, "POST", usual.URL+"/v1/token", marshal(t, r), header...)
		}
		server.Close()
		usual.Close()
	}
	if quiet.Len() > 0 {
		t.Errorf("the usual log has a line of a request, whose time can be compared: %s", quiet.String())
	}
	for i := range logs {
		text := logs[i].String()
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("the log holds %q", secret)
			}
		}
		// What is left of a request: its route, status and time.
		for line := range strings.Lines(text) {
			for _, field := range strings.Fields(line)[1:] {
				name, _, pair := strings.Cut(field, "=")
				if pair && !strings.Contains(" level msg route status ms error ", " "+name+" ") {
					t.Fatalf("a line has %q: %s", name, line)
				}
			}
		}
		if !strings.Contains(text, `route="POST /v1/token"`) {
			t.Error("the log tells nothing")
		}
	}
}

// A proxy that ends TLS hands requests on in the clear; the browser came by https.
func TestABrowserIsKeptToHTTPSBehindAProxyToo(t *testing.T) {
	for _, encrypted := range []bool{true, false} {
		server := serve(t, gatewayapi.Config{Encrypted: encrypted})
		for _, path := range []string{"/v1/problems/room", "/v1/nothing"} {
			answer, _ := ask(t, http.MethodGet, server.URL+path, "")
			if got := answer.Header.Get("Strict-Transport-Security") != ""; got != encrypted {
				t.Errorf("%s, public address by https: %v, told so: %v", path, encrypted, got)
			}
		}
	}
}
