package daemon_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/daemon"
	"github.com/urna-vote/urna/offchain/gateway/vault"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/testnet/inbox"
	"github.com/urna-vote/urna/testnet/mailbox"
	"github.com/urna-vote/urna/testnet/portal"
	"github.com/urna-vote/urna/testnet/smsc"
)

const (
	phone  = "+79001234567"
	secret = "a secret of the client"
)

// office is a registrar with the portal, SMS centre and mail server around it.
type office struct {
	t      *testing.T
	base   string
	phones *inbox.Inbox
	log    *safeBuffer
	stop   func() error
	figure string
}

// safeBuffer is a log that a test reads while it is written.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

func newOffice(t *testing.T) *office {
	t.Helper()
	c := home(t)
	o := &office{t: t, phones: inbox.New(), log: &safeBuffer{}}
	c.Listen, c.Metrics.Listen = freePort(t), freePort(t)
	o.base, o.figure = "http://"+c.Listen, "http://"+c.Metrics.Listen
	c.Public = o.base
	dir := filepath.Dir(c.OperatorKey)
	_, err := vault.CreateKey(c.VaultKey, rand.Reader)
	must(t, err)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(text+"\n"), 0o600))
		return path
	}
	centre, err := smsc.Start(smsc.Config{Address: "127.0.0.1:0", Accounts: map[string]string{"urna": "pass"}, Inbox: o.phones, Now: time.Now})
	must(t, err)
	t.Cleanup(func() { _ = centre.Close() })
	mails, err := mailbox.Start(mailbox.Config{Address: "127.0.0.1:0", Inbox: inbox.New(), Now: time.Now})
	must(t, err)
	t.Cleanup(func() { _ = mails.Close() })
	c.SMS = config.SMS{Address: centre.Addr(), SystemID: "urna", PasswordFile: write("sms.password", "pass"), Sender: "URNA"}
	c.Mail = config.Mail{Address: mails.Addr(), From: "urna@example.org"}
	c.Login = config.Login{Kind: config.LoginOIDC, Issuer: newPortal(t, o.base), ClientID: "registrar", ClientSecretFile: write("portal.secret", secret), Digits: 6}
	year := time.Now()
	c.Applications = config.Applications{
		Enabled: true, Campaign: "2026-09", Title: "Выборы", TitleEN: "Election", Organisation: "Комиссия", OrganisationEN: "Commission",
		Opens: year.Add(-time.Hour).Format(time.RFC3339), Closes: year.Add(time.Hour).Format(time.RFC3339), Erase: year.Add(2 * time.Hour).Format(time.RFC3339),
		VotingDay: year.Format(time.DateOnly), TimeZone: "Europe/Moscow", Citizenship: "RUS",
	}
	c.Limits.Drain = 100 * time.Millisecond
	must(t, c.Validate())
	ctx, cancel := context.WithCancel(context.Background())
	listening, ended := make(chan net.Addr, 1), make(chan error, 1)
	log := slog.New(slog.NewTextHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	go func() { ended <- daemon.Serve(ctx, c, log, func(a net.Addr) { listening <- a }) }()
	o.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = o.stop() })
	select {
	case <-listening:
	case err := <-ended:
		t.Fatal(err)
	}
	return o
}

// newPortal is a portal whose address stands before it is made.
func newPortal(t *testing.T, gateway string) string {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	p, err := portal.New(portal.Config{
		Issuer: server.URL,
		Accounts: []portal.Account{{
			Subject: "1000", Login: "anna", Password: "password", Confirmed: true, Surname: "Иванова", Name: "Анна", Patronymic: "Петровна",
			BirthDate: "1980-02-03", Document: "4500123456", Citizenship: "RUS", Address: "Москва, ул. Первая, 1", Phone: phone, Mail: "anna@example.org",
		}},
		Clients: []portal.Client{{ID: "registrar", Secret: secret, Person: true, Redirects: []string{gateway + "/login/callback"}, Name: map[string]string{"ru": "Комиссия", "en": "Commission"}}},
	})
	must(t, err)
	handler = p
	return server.URL
}

// call asks the gateway; a refusal is the test's end.
func (o *office) call(method, path, bearer string, in, out any) {
	o.t.Helper()
	status, body := o.raw(method, path, bearer, in)
	if status != http.StatusOK {
		o.t.Fatalf("%s %s: %d %s", method, path, status, body)
	}
	if out != nil {
		must(o.t, json.Unmarshal(body, out))
	}
}

func (o *office) raw(method, path, bearer string, in any) (int, []byte) {
	o.t.Helper()
	text := []byte(nil)
	if in != nil {
		var err error
		text, err = json.Marshal(in)
		must(o.t, err)
	}
	request, err := http.NewRequest(method, o.base+path, bytes.NewReader(text))
	must(o.t, err)
	request.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := http.DefaultClient.Do(request)
	must(o.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(o.t, err)
	return response.StatusCode, body
}

// logIn walks the portal's pages and redeems what comes back.
func (o *office) logIn(purpose string) api.SessionAnswer {
	o.t.Helper()
	verifier := make([]byte, 32)
	_, _ = rand.Read(verifier)
	challenge := sha256.Sum256(verifier)
	var begun api.LoginAnswer
	o.call(http.MethodPost, "/v1/login", "", api.LoginRequest{Purpose: purpose, Election: electionID[:], Challenge: challenge[:], Return: "http://127.0.0.1:1/back"}, &begun)
	back, err := portal.NewBrowser("anna", "password").Go(o.t.Context(), begun.URL, func(u *url.URL) bool { return u.Port() == "1" })
	must(o.t, err)
	if back.Query().Get("login") == "" {
		o.t.Fatal("the browser comes back with ", back)
	}
	var s api.SessionAnswer
	o.call(http.MethodPost, "/v1/session", "", api.SessionRequest{ID: back.Query().Get("login"), Verifier: verifier}, &s)
	return s
}

// code is what came to the telephone last.
func (o *office) code() string {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), 10*time.Second)
	defer cancel()
	messages := o.phones.Wait(ctx, phone, 0)
	if len(messages) == 0 {
		o.t.Fatal("no SMS came")
	}
	found := regexp.MustCompile(`\b\d{6}\b`).FindString(messages[len(messages)-1].Text)
	if found == "" {
		o.t.Fatal("no code in the SMS")
	}
	return found
}

func TestAGatewayOfThePortalTakesAnApplication(t *testing.T) {
	o := newOffice(t)
	if status, body := get(t, o.base+"/v1/ready"); status != http.StatusOK {
		t.Fatal(body)
	}
	s := o.logIn(api.PurposeApplication)
	o.call(http.MethodPost, "/v1/application/phone", s.Session, api.PhoneRequest{Phone: phone}, nil)
	var confirmed api.PhoneAnswer
	o.call(http.MethodPost, "/v1/application/phone/confirm", s.Session, api.PhoneConfirmation{Phone: phone, Code: o.code()}, &confirmed)
	var filed api.Application
	o.call(http.MethodPost, "/v1/application", s.Session, api.ApplicationForm{Phone: phone}, &filed)
	if !confirmed.Confirmed || filed.Status != "submitted" || filed.Form.Surname != "Иванова" {
		t.Fatalf("%+v %s", confirmed, filed.Status)
	}
	if status, body := o.raw(http.MethodGet, "/v1/application/confirmation?number="+filed.Number, s.Session, nil); status != http.StatusOK || !bytes.HasPrefix(body, []byte("%PDF-")) {
		t.Fatalf("%d %.100s", status, body)
	}
	if status, body := o.raw(http.MethodGet, "/v1/application", "x", nil); status != http.StatusUnauthorized || !strings.Contains(string(body), `"session"`) {
		t.Errorf("a stranger's session: %d %s", status, body)
	}
	_, description := get(t, o.base+"/openapi.json")
	for _, route := range []string{"/v1/login", "/v1/session", "/v1/code", "/v1/token", "/v1/sign", "/v1/room", "/v1/application", "/v1/slip", "/v1/dispute"} {
		if !strings.Contains(description, `"`+route+`"`) {
			t.Error("the description has no", route)
		}
	}
	_, figures := get(t, o.figure+"/metrics")
	for _, line := range []string{`urna_gateway_codes_total{state="right"} 1`, `urna_gateway_messages_sent_total{channel="sms"} 1`, "urna_gateway_room_waiting 0", "urna_gateway_connections "} {
		if !strings.Contains(figures, line) {
			t.Errorf("no figure %s", line)
		}
	}
	must(t, o.stop())
	for _, personal := range []string{phone, phone[1:], "Иванова", "4500123456", "anna", "1000\"", s.Session, "127.0.0.1:1/", secret, hex.EncodeToString(electionID[:])} {
		if strings.Contains(o.log.String(), personal) {
			t.Errorf("the log holds %q:\n%s", personal, o.log)
		}
		if strings.Contains(figures, personal) {
			t.Errorf("the figures hold %q", personal)
		}
	}
}
