package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/electors"
	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/otp"
	"github.com/urna-vote/urna/offchain/gateway/people"
	"github.com/urna-vote/urna/offchain/gateway/session"
	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/offchain/gateway/vault"
	"github.com/urna-vote/urna/proto/api"
)

// stubPortal sends everybody straight back; the code is the account's subject.
type stubPortal struct{ accounts map[string]login.Account }

func (p stubPortal) Start(_ context.Context, a login.Attempt) (string, error) {
	return a.Redirect + "?state=" + a.State, nil
}

func (p stubPortal) Finish(_ context.Context, a login.Attempt, query url.Values) (login.Account, error) {
	account, there := p.accounts[query.Get("code")]
	if err := a.CheckState(query); err != nil || !there {
		return login.Account{}, login.ErrAnswer
	}
	return account, nil
}

// phones keep the last message of each number.
type phones struct {
	mu   sync.Mutex
	last map[string]string
}

func (p *phones) Send(_ context.Context, m notice.Message) (notice.Delivery, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last[m.To] = m.Text
	return notice.Delivery{}, nil
}

var digits = regexp.MustCompile(`\b\d{6}\b`)

func (p *phones) code(t *testing.T, number string) string {
	t.Helper()
	for range 200 {
		p.mu.Lock()
		text := p.last[number]
		p.mu.Unlock()
		if code := digits.FindString(text); code != "" {
			return code
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("no message came")
	return ""
}

// registrar is a gateway that takes applications, over HTTP.
type registrar struct {
	t      *testing.T
	url    string
	phones *phones
	list   *applications.Register
	mu     sync.Mutex
	at     time.Time
}

func (r *registrar) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

func (r *registrar) sleep(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = r.at.Add(d)
}

func owner(i int) login.Account {
	return login.Account{Subject: fmt.Sprintf("oid-%d", i), Confirmed: i != 9, Person: &login.Person{
		Surname: "Петрова", Name: "Анна", Patronymic: "Ильинична", BirthDate: "1980-05-06", Document: fmt.Sprintf("450012345%d", i),
		Citizenship: "RUS", Address: "г. Москва, ул. Лесная, д. 7",
	}}
}

func newRegistrar(t *testing.T) *registrar {
	t.Helper()
	db := databasetest.Open(t, databasetest.SQLite(t))
	key, err := vault.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := &registrar{t: t, phones: &phones{last: map[string]string{}}, at: time.Date(2026, 8, 20, 12, 0, 0, 0, time.UTC)}
	c := notice.Default()
	c.Senders, c.Now, c.Random = map[notice.Channel]notice.Sender{notice.SMS: r.phones}, r.now, rand.Reader
	outbox, err := notice.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = outbox.Close(context.Background()) })
	codes, err := otp.New(otp.Config{Database: db, Vault: key, Outbox: outbox, Digits: 6, Now: r.now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	r.list, err = applications.New(db, key, applications.Campaign{
		Name: "2026", Title: texts.Both{RU: "Выборы", EN: "Election"}, Organisation: texts.Both{RU: "Комиссия", EN: "Commission"},
		Opens: r.at.Add(-time.Hour), Closes: r.at.Add(24 * time.Hour), Erase: r.at.Add(9000 * time.Hour), VotingDay: "2026-09-20", Citizenship: "RUS", Zone: time.UTC,
	}, r.now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r.load()
	server := httptest.NewUnstartedServer(nil)
	r.url = "http://" + server.Listener.Addr().String()
	portal := stubPortal{accounts: map[string]login.Account{}}
	for i := range 10 {
		portal.accounts[owner(i).Subject] = owner(i)
	}
	sessions, err := session.New(session.Config{
		Database: db, Vault: key, Portal: portal, Roll: people.New(db, key), Public: r.url, Origins: []string{"https://vote.example"},
		Purposes: []session.Purpose{session.Token, session.Dispute, session.Application}, Now: r.now, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(&quiet{t}, nil))
	handler, err := gatewayapi.New(gatewayapi.Config{
		Parts: []gatewayapi.Part{
			gatewayapi.Login{Sessions: sessions, Codes: codes, People: people.New(db, key), Channels: outbox, Now: r.now},
			gatewayapi.Applications{List: r.list, Sessions: sessions, Codes: codes, Database: db},
		},
		Log: log, Now: r.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	return r
}

// quiet fails the test on what the gateway says of an internal fault.
type quiet struct{ t *testing.T }

func (q *quiet) Write(b []byte) (int, error) {
	q.t.Errorf("the gateway logged: %s", b)
	return len(b), nil
}

func (r *registrar) load() {
	r.t.Helper()
	table, err := electors.ReadTerritories(strings.NewReader("territory;name;style\n1;Первый;one\n"))
	if err != nil {
		r.t.Fatal(err)
	}
	var file strings.Builder
	file.WriteString("surname;name;patronymic;birth_date;document;address;territory\n")
	for i := range 5 {
		fmt.Fprintf(&file, "ПЕТРОВА;АННА;ИЛЬИНИЧНА;06.05.1980;4500 12345%d;Москва, Лесная, 7;1\n", i)
	}
	source := electors.Source{File: strings.NewReader(strings.ReplaceAll(file.String(), "Москва, Лесная, 7", "город Москва, улица Лесная, дом 7")), Territories: table}
	if _, err := r.list.ImportElectors(context.Background(), source, func(*database.Tx, int) error { return nil }); err != nil {
		r.t.Fatal(err)
	}
}

// voter is a device with a session at the registrar.
type voter struct {
	*registrar
	bearer string
}

// call sends a request and reads JSON into out; it gives the status.
func (v *voter) call(method, path string, in, out any) int {
	v.t.Helper()
	status, _, body := v.raw(method, path, in)
	if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			v.t.Fatalf("%s %s: %s", method, path, body)
		}
	}
	return status
}

func (v *voter) raw(method, path string, in any) (int, http.Header, []byte) {
	v.t.Helper()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			v.t.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, v.url+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept-Language", "ru")
	if v.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+v.bearer)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, content
}

// enter logs account i in, with a browser of its own.
func (r *registrar) enter(i int) *voter {
	r.t.Helper()
	v := &voter{registrar: r}
	verifier := bytes.Repeat([]byte{byte(i + 1)}, 32)
	challenge := sha256.Sum256(verifier)
	var begun api.LoginAnswer
	request := api.LoginRequest{Purpose: api.PurposeApplication, Election: make([]byte, 32), Challenge: challenge[:], Return: "https://vote.example/cabinet"}
	if status := v.call("POST", "/v1/login", request, &begun); status != http.StatusOK {
		r.t.Fatal("log-in:", status)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	follow := func(address string) string {
		answer, err := browser.Get(address)
		if err != nil {
			r.t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusSeeOther {
			r.t.Fatal("browser: ", answer.Status)
		}
		return answer.Header.Get("Location")
	}
	back := follow(follow(begun.URL) + "&code=" + owner(i).Subject)
	_, grant, ok := strings.Cut(back, "#login=")
	if !ok {
		v.bearer = back
		return v
	}
	var answer api.SessionAnswer
	if status := v.call("POST", "/v1/session", api.SessionRequest{ID: grant, Verifier: verifier}, &answer); status != http.StatusOK {
		r.t.Fatal("session:", status)
	}
	v.bearer = answer.Session
	return v
}

// refused checks the name of a refusal, and that it is worded.
func (v *voter) refused(method, path string, in any, want string) {
	v.t.Helper()
	var refusal api.GatewayError
	status := v.call(method, path, in, &refusal)
	if refusal.Name != want || status < 400 {
		v.t.Errorf("%s %s: %d %s, want %s", method, path, status, refusal.Name, want)
	}
	for _, text := range []string{refusal.Title, refusal.Detail, refusal.Next} {
		if !strings.ContainsAny(text, "абвгдежзиклмнопрстуфхцчшщыэюя") || strings.ContainsAny(text, "{}") {
			v.t.Errorf("%s: %q is no Russian text for a voter", refusal.Name, text)
		}
	}
}

func (v *voter) confirmPhone(number string) {
	v.t.Helper()
	if status := v.call("POST", "/v1/application/phone", api.PhoneRequest{Phone: number}, nil); status != http.StatusOK {
		v.t.Fatal("ask for a code:", status)
	}
	in := api.PhoneConfirmation{Phone: number, Code: v.phones.code(v.t, number)}
	for range 2 { // the second time as after a lost answer
		var out api.PhoneAnswer
		if status := v.call("POST", "/v1/application/phone/confirm", in, &out); status != http.StatusOK || !out.Confirmed {
			v.t.Fatal("confirm the phone:", status)
		}
	}
}
