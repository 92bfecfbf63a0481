package crowd_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/testnet/crowd"
	"github.com/urna-vote/urna/testnet/inbox"
)

// site is a portal with a form and a cookie, and a gateway before it.
func site(t *testing.T, back string) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login/{id}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/portal?for="+r.PathValue("id"), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /portal", func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("known"); err == nil && c.Value == "ann" {
			http.Redirect(w, r, back+"?login=silent", http.StatusSeeOther)
			return
		}
		fmt.Fprintf(w, `<form method="post" action="/portal"><input type="hidden" name="request" value="a&amp;b"><input name="login">
			<input type='password' name='password'><button name="action" value="login">Войти</button><button name="action" value="cancel">Нет</button></form>`)
	})
	mux.HandleFunc("POST /portal", func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("login") != "ann" || r.PostFormValue("password") != "p" || r.PostFormValue("request") != "a&b" || r.PostFormValue("action") != "login" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, "<p>Неверный пароль</p>")
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "known", Value: "ann", Path: "/"})
		http.Redirect(w, r, back+"?login=typed", http.StatusSeeOther)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestTheSecondLogInNeedsNoForm(t *testing.T) {
	const back = "http://127.0.0.1:49151/x"
	url := site(t, back)
	b, err := crowd.NewBrowser(nil, "ann", "p")
	if err != nil {
		t.Fatal(err)
	}
	p := crowd.Person{Browser: b}
	grants, err := p.LogIn(context.Background(), []session.Visit{{URL: url + "/login/1", Return: back}, {URL: url + "/login/2", Return: back}})
	if err != nil || strings.Join(grants, " ") != "typed silent" || b.Forms != 1 {
		t.Fatal(grants, b.Forms, err)
	}
}

func TestAWrongPasswordEndsAtThePage(t *testing.T) {
	const back = "http://127.0.0.1:49151/x"
	b, err := crowd.NewBrowser(nil, "ann", "wrong")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Go(context.Background(), site(t, back)+"/login/1", back); !errors.Is(err, crowd.ErrPage) || !strings.Contains(err.Error(), "Неверный пароль") {
		t.Fatal(err)
	}
}

// silent is a provider that behaves.
type silent struct{}

func (silent) Behaviour() struct{} { return struct{}{} }
func (silent) Behave(struct{})     {}
func (silent) Die()                {}
func (silent) Revive() error       { return nil }

func TestThePersonTypesTheNewestCodeWithTheMark(t *testing.T) {
	box := inbox.New()
	for _, text := range []string{"Организация 1 из 2: 111111, метка 0417", "Организация 1 из 2: 222222, метка 0417", "Организация 2 из 2: 333333, метка 0417", "Организация 1 из 2: 444444, метка 9999"} {
		box.Put(inbox.Message{To: "+79000000001", Text: text})
	}
	server := httptest.NewServer(inbox.Control[struct{}](box, silent{}))
	defer server.Close()
	p := crowd.Person{Phone: &crowd.Phone{Number: "+79000000001", Provider: server.URL, HTTP: http.DefaultClient}}
	for member, want := range map[int]string{1: "222222", 2: "333333"} {
		reply, err := p.Code(context.Background(), session.Question{Mark: "0417", Member: member, Members: 2})
		if err != nil || reply.Code != want {
			t.Fatal(reply.Code, err)
		}
	}
	if _, err := p.Code(context.Background(), session.Question{Mark: "0417", Refusal: errors.New("no")}); !errors.Is(err, crowd.ErrCodeRefused) {
		t.Error(err)
	}
}
