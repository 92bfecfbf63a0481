package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/proto/api"
)

// registrar is a gateway whose portal lets everybody in.
type registrar struct {
	*httptest.Server
	back string
	// tag with which a log-in comes back.
	tag string
	// have is the person's application, filed what was filed.
	have  []api.Application
	filed string
	form  api.ApplicationForm
	codes int
	// waits is how often a code is refused because another is too young.
	waits int
}

func newRegistrar(t *testing.T) *registrar {
	r := &registrar{}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }
	mux.HandleFunc("POST /v1/login", func(w http.ResponseWriter, q *http.Request) {
		var in api.LoginRequest
		if err := json.NewDecoder(q.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		r.back, r.tag = in.Return, api.LoginTag(in.Purpose, [32]byte{}, [32]byte(in.Election), [32]byte{})
		answer(w, api.LoginAnswer{URL: r.URL + "/login/x"})
	})
	mux.HandleFunc("GET /login/x", func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, r.back+"?login=grant."+r.tag, http.StatusSeeOther)
	})
	mux.HandleFunc("POST /v1/session", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, api.SessionAnswer{Session: "s", Mark: "0417"})
	})
	mux.HandleFunc("GET /v1/application", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, api.Cabinet{Form: api.ApplicationForm{Phone: "+79000000001"}, Applications: r.have})
	})
	mux.HandleFunc("POST /v1/application/phone", func(w http.ResponseWriter, _ *http.Request) {
		if r.waits > 0 {
			r.waits--
			w.WriteHeader(http.StatusTooManyRequests)
			answer(w, api.GatewayError{Name: "code-wait", Field: "code", RetryAfterS: 1})
			return
		}
		r.codes++
		answer(w, api.CodeAnswer{Channel: "sms"})
	})
	mux.HandleFunc("POST /v1/application/phone/confirm", func(w http.ResponseWriter, q *http.Request) {
		var in api.PhoneConfirmation
		if err := json.NewDecoder(q.Body).Decode(&in); err != nil || in.Code != "123456" || in.Phone != "+79000000001" {
			w.WriteHeader(http.StatusForbidden)
			answer(w, api.GatewayError{Name: "code-wrong", Field: "code", Detail: "Код неверный.", Next: "Ещё раз."})
			return
		}
		answer(w, api.PhoneAnswer{Confirmed: true})
	})
	file := func(way, status string) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) {
			if err := json.NewDecoder(q.Body).Decode(&r.form); err != nil {
				t.Error(err)
			}
			r.filed = way
			answer(w, api.Application{Number: "000042-7", Status: status, Title: "Учтено"})
		}
	}
	mux.HandleFunc("POST /v1/application", file("file", "accepted"))
	mux.HandleFunc("POST /v1/application/correct", file("correct", "rejected"))
	mux.HandleFunc("GET /v1/application/confirmation", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("%PDF-1.7")) })
	r.Server = httptest.NewServer(mux)
	t.Cleanup(r.Close)
	return r
}

// voter runs a command as a person who types, and whose browser opens what is shown.
func voter(t *testing.T, typed string, args ...string) (string, error) {
	t.Helper()
	root := newVoterCommand()
	b := &browser{t: t, shown: make(chan string, 1)}
	var out strings.Builder
	root.SetIn(strings.NewReader(typed))
	root.SetOut(&out)
	root.SetErr(b)
	root.SetArgs(args)
	root.SilenceErrors, root.SilenceUsage = true, true
	err := root.ExecuteContext(context.Background())
	return out.String(), err
}

func TestAVoterAppliesAndCorrects(t *testing.T) {
	r := newRegistrar(t)
	pdf := filepath.Join(t.TempDir(), "application.pdf")
	out, err := voter(t, "000000\nr\n123456\n", "apply", "--registrar", r.URL, "--mail", "a@example.org", "--confirmation", pdf)
	if err != nil || r.filed != "file" || r.codes != 2 || !strings.Contains(out, "000042-7: Учтено") {
		t.Fatal(out, r.filed, r.codes, err)
	}
	if r.form.Phone != "+79000000001" || r.form.Mail != "a@example.org" {
		t.Fatal("the form does not hold what portal and person gave")
	}
	if text, err := os.ReadFile(pdf); err != nil || !strings.HasPrefix(string(text), "%PDF") {
		t.Fatal(err)
	}
	r.have = []api.Application{{Status: "rejected"}}
	form := filepath.Join(t.TempDir(), "form.json")
	if err := os.WriteFile(form, []byte(`{"address": "Москва"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = voter(t, "123456\n", "apply", "--registrar", r.URL, "--form", form)
	if terminal.ExitCode(err) != terminal.ExitCode(terminal.Refused(err)) || r.filed != "correct" || r.form.Address != "Москва" {
		t.Fatal(r.filed, err)
	}
}

// A code of an earlier log-in is on the telephone and opens nothing in this one.
func TestAVoterWhoLogsInAgainWaitsForACodeOfThisLogIn(t *testing.T) {
	r := newRegistrar(t)
	r.waits = 1
	b := &browser{t: t, shown: make(chan string, 1)}
	var told strings.Builder
	root := newVoterCommand()
	root.SetIn(strings.NewReader("123456\n"))
	root.SetOut(io.Discard)
	root.SetErr(io.MultiWriter(b, &told))
	root.SetArgs([]string{"apply", "--registrar", r.URL})
	t.Setenv("LC_ALL", "en_GB.UTF-8")
	if err := root.ExecuteContext(t.Context()); err != nil || r.codes != 1 || r.filed != "file" {
		t.Fatal(r.codes, r.filed, err)
	}
	waits, asks := strings.Index(told.String(), "another comes in 1 s"), strings.Index(told.String(), "Code that confirms")
	if waits < 0 || asks < waits {
		t.Errorf("the voter reads %q", told.String())
	}
}

func TestOnlyWhatCanBeCorrectedIsToBeCorrected(t *testing.T) {
	for reason, can := range map[string]bool{
		"data": true, "citizenship": true, "age": true, "residence": true, "technical": true,
		"late": false, "territory": false, "duplicate": false, "struck": false,
	} {
		for tongue, want := range map[string][2]string{"en_GB": {"rejected", "correct"}, "ru_RU": {"отклонено", "исправьте"}} {
			t.Setenv("LC_ALL", tongue)
			text := rejected(api.Application{Reason: reason}).Error()
			if !strings.Contains(text, want[0]) || strings.Contains(text, want[1]) != can {
				t.Errorf("%s, %s: %s", reason, tongue, text)
			}
		}
	}
}

func TestAFormWithAnUnknownFieldIsRefused(t *testing.T) {
	form := filepath.Join(t.TempDir(), "form.json")
	if err := os.WriteFile(form, []byte(`{"adress": "Москва"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := voter(t, "", "apply", "--registrar", "http://127.0.0.1:1", "--form", form); err == nil || !strings.Contains(err.Error(), "--form") {
		t.Fatal(err)
	}
}

func TestASlipIsNeverOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "slip.json")
	if err := writeSlip(path, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := writeSlip(path, []byte("two")); err == nil {
		t.Fatal("overwritten")
	}
}

func TestHelpShowsTheWayOverAPortal(t *testing.T) {
	if long := newVoterCommand().Long; !strings.Contains(long, "voter apply") || !strings.Contains(long, "--login portal") {
		t.Error(long)
	}
}
