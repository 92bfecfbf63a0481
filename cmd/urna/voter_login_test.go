package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
)

// portals are gateways that send a browser straight back with an answer.
func portals(t *testing.T, p *person, answers ...string) (visits []session.Visit) {
	t.Helper()
	returns, err := p.Returns(len(answers))
	if err != nil {
		t.Fatal(err)
	}
	for i, answer := range answers {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, returns[i]+"?"+answer, http.StatusSeeOther)
		}))
		t.Cleanup(server.Close)
		visits = append(visits, session.Visit{Issuer: "issuer", URL: server.URL, Return: returns[i]})
	}
	return visits
}

// browser opens the address that the program prints.
type browser struct {
	t     *testing.T
	shown chan string
}

func (b *browser) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "http://") {
			go func() {
				answer, err := http.Get(line)
				if err != nil {
					b.t.Error(err)
					return
				}
				defer answer.Body.Close()
				page, err := io.ReadAll(answer.Body)
				if err != nil {
					b.t.Error(err)
				}
				b.shown <- string(page)
			}()
		}
	}
	return len(text), nil
}

func TestTheBrowserGoesFromOneIssuerToTheNext(t *testing.T) {
	b := &browser{t: t, shown: make(chan string, 1)}
	p := newPerson(strings.NewReader(""), b)
	grants, err := p.LogIn(context.Background(), portals(t, p, "login=one", "login=two"))
	if err != nil || !slices.Equal(grants, []string{"one", "two"}) {
		t.Fatal(grants, err)
	}
	if page := <-b.shown; !strings.Contains(page, "Вход выполнен") {
		t.Errorf("the browser ends at %s", page)
	}
}

func TestALogInThatFailsIsToldByIssuerAndReason(t *testing.T) {
	b := &browser{t: t, shown: make(chan string, 1)}
	p := newPerson(strings.NewReader(""), b)
	_, err := p.LogIn(context.Background(), portals(t, p, "login=one", "login_error=unconfirmed", "login=three"))
	var refused *session.LoginError
	if !errors.As(err, &refused) || refused.Name != "unconfirmed" {
		t.Fatal(err)
	}
	if page := <-b.shown; !strings.Contains(page, "не удалось") {
		t.Errorf("the browser ends at %s", page)
	}
}

// What a browser brings back of a refusal is its name; the voter reads words.
func TestEveryLogInThatFailsIsToldInTheVotersLanguageWithWhatToDo(t *testing.T) {
	for name, want := range map[string][2]string{
		"login-purpose":     {"Update the program", "Обновите программу"},
		"login-return":      {"official link", "официальной ссылке"},
		"login-over":        {"Start the log-in again", "Начните вход заново"},
		"login-browser":     {"stay in one browser", "в одном браузере"},
		"login-unconfirmed": {"Have the account confirmed", "Подтвердите учётную запись"},
		"login-not-listed":  {"Look at the state of your application", "Проверьте статус заявления"},
		"login-declined":    {"Start the log-in again", "Начните вход заново"},
		"login-answer":      {"tell the organisation", "сообщите организации"},
		"login-portal":      {"Try again in a minute", "Повторите через минуту"},
		"internal":          {"Try again in 1 min", "Повторите через 1 мин"},
		"":                  {"refuses the log-in", "во входе отказано"},
		"credential":        {"refuses the log-in (credential)", "во входе отказано (credential)"},
		"\x1b[2J":           {"refuses the log-in", "во входе отказано"},
	} {
		for i, tongue := range []string{"en_GB.UTF-8", "ru_RU.UTF-8"} {
			t.Setenv("LC_ALL", tongue)
			p := newPerson(strings.NewReader(""), &browser{t: t, shown: make(chan string, 1)})
			_, err := p.LogIn(t.Context(), portals(t, p, "login_error="+url.QueryEscape(name)))
			told := refusedOr(fmt.Errorf("log in: %w", err))
			if text := told.Error(); !strings.Contains(text, want[i]) || strings.ContainsAny(text, "{\x1b") {
				t.Errorf("%q in %s: %s", name, tongue, text)
			}
			if terminal.ExitCode(told) != 4 {
				t.Errorf("%q ends with %d", name, terminal.ExitCode(told))
			}
		}
	}
}

func TestWordsAreThereInBothLanguages(t *testing.T) {
	for name, english := range words["en"] {
		russian := words["ru"][name]
		if russian == "" || strings.Count(english, "%") != strings.Count(russian, "%") {
			t.Errorf("%s: %q, %q", name, english, russian)
		}
	}
	if len(words["en"]) != len(words["ru"]) {
		t.Error(len(words["en"]), len(words["ru"]))
	}
}

func TestThePersonTypesACodeOrAsksForAnother(t *testing.T) {
	t.Setenv("LC_ALL", "en_US.UTF-8")
	var out bytes.Buffer
	p := newPerson(strings.NewReader("12 34 56\nr\nmail\n"), &out)
	q := session.Question{Issuer: "issuer-2", Member: 2, Members: 2, Mark: "0417", Channel: api.ChannelSMS, Channels: []string{api.ChannelSMS, api.ChannelMail}}
	for _, want := range []session.Reply{{Code: "123456"}, {Resend: api.ChannelSMS}, {Resend: api.ChannelMail}} {
		got, err := p.Code(context.Background(), q)
		if err != nil || got != want {
			t.Errorf("%#v, %v", got, err)
		}
		q.Refusal = &issuer.Refusal{GatewayError: api.GatewayError{Name: "code", Detail: "Код неверен.", Next: "Введите его ещё раз."}}
	}
	if _, err := p.Code(context.Background(), q); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	for _, want := range []string{"issuer-2, organisation 2 of 2", "mark 0417", "Код неверен. Введите его ещё раз."} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not shown in %q", want, out.String())
		}
	}
}

// A gateway's words stand in the line that the program begins, and steer nothing.
func TestAGatewaySteersNoTerminal(t *testing.T) {
	var out bytes.Buffer
	p := newPerson(strings.NewReader("123456\n"), &out)
	const steer = "\x1b[1A\x1b[2K\r"
	q := session.Question{Issuer: "issuer-1", Member: 1, Members: 2, Mark: "0417" + steer, Channel: "sms" + steer, Channels: []string{"mail" + steer}, Refusal: errors.New(steer)}
	if _, err := p.Code(context.Background(), q); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\r") {
		t.Errorf("%q", out.String())
	}
}
