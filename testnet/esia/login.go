package esia

import (
	"crypto/rand"
	"crypto/subtle"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/urna-vote/urna/testnet/portal"
)

const cookieName = "urna_esia"

// authorize takes a system's question.
func (s *Simulator) authorize(w http.ResponseWriter, r *http.Request, first bool) {
	q := r.URL.Query()
	system, f := s.check(q, first)
	if f == nil && q.Get("response_type") != "code" {
		f = faultParameter
	}
	if f == nil && q.Has("code_challenge") && q.Get("code_challenge_method") != "S256" {
		f = faultParameter
	}
	if f != nil {
		if system == nil {
			http.Error(w, f.description(), http.StatusBadRequest)
			return
		}
		sendBack(w, r, q.Get("redirect_uri"), f.query(q.Get("state")))
		return
	}
	id := rand.Text()
	s.mu.Lock()
	s.questions[id] = &question{
		system: system.ID, redirect: q.Get("redirect_uri"), state: q.Get("state"), challenge: q.Get("code_challenge"),
		scope: strings.Fields(q.Get("scope")), first: first,
	}
	s.mu.Unlock()
	http.Redirect(w, r, "/login?"+url.Values{"request": {id}}.Encode(), http.StatusFound)
}

// page is the log-in form, in the language of the browser.
var page = template.Must(template.New("login").Parse(`<!DOCTYPE html>
<html lang="{{if .English}}en{{else}}ru{{end}}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{if .English}}ESIA simulator{{else}}Имитатор ЕСИА{{end}}</title></head>
<body><main><h1>{{if .English}}Log in{{else}}Вход{{end}}</h1>
<p>{{if .English}}A simulator for tests. Do not type a real password.{{else}}Имитатор для испытаний. Не вводите настоящий пароль.{{end}}</p>
{{if .Wrong}}<p role="alert">{{if .English}}Login or password does not fit.{{else}}Логин или пароль не подходит.{{end}}</p>{{end}}
<form method="post" action="/login"><input type="hidden" name="request" value="{{.Request}}">
<p><label>{{if .English}}Login{{else}}Логин{{end}}<br><input name="login" autocomplete="username" required></label></p>
<p><label>{{if .English}}Password{{else}}Пароль{{end}}<br><input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button name="action" value="login">{{if .English}}Log in{{else}}Войти{{end}}</button>
<button name="action" value="cancel" formnovalidate>{{if .English}}Cancel{{else}}Отменить{{end}}</button></p></form></main></body></html>
`))

func (s *Simulator) show(w http.ResponseWriter, r *http.Request, status int, id string, wrong bool) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = page.Execute(w, struct {
		English, Wrong bool
		Request        string
	}{strings.HasPrefix(r.Header.Get("Accept-Language"), "en"), wrong, id})
}

func (s *Simulator) showLogin(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("request")
	s.mu.Lock()
	_, ok := s.questions[id]
	var known *portal.Account
	if c, err := r.Cookie(cookieName); err == nil {
		known = s.browsers[c.Value]
	}
	s.mu.Unlock()
	switch {
	case !ok:
		http.Error(w, faultParameter.description(), http.StatusGone)
	case known != nil:
		s.answer(w, r, id, known)
	default:
		s.show(w, r, http.StatusOK, id, false)
	}
}

func (s *Simulator) logIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	id := r.PostFormValue("request")
	s.mu.Lock()
	asked, ok := s.questions[id]
	s.mu.Unlock()
	if !ok {
		http.Error(w, faultParameter.description(), http.StatusGone)
		return
	}
	if r.PostFormValue("action") == "cancel" {
		s.mu.Lock()
		delete(s.questions, id)
		s.mu.Unlock()
		sendBack(w, r, asked.redirect, faultDenied.query(asked.state))
		return
	}
	for i := range s.config.Accounts {
		a := &s.config.Accounts[i]
		if a.Login == r.PostFormValue("login") && subtle.ConstantTimeCompare([]byte(a.Password), []byte(r.PostFormValue("password"))) == 1 {
			browser := rand.Text()
			s.mu.Lock()
			s.browsers[browser] = a
			s.mu.Unlock()
			http.SetCookie(w, &http.Cookie{Name: cookieName, Value: browser, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
				Secure: strings.HasPrefix(s.config.Base, "https:")})
			s.answer(w, r, id, a)
			return
		}
	}
	s.show(w, r, http.StatusUnauthorized, id, true)
}

// answer sends the browser back with a code; a question is answered once.
func (s *Simulator) answer(w http.ResponseWriter, r *http.Request, id string, a *portal.Account) {
	s.mu.Lock()
	asked, ok := s.questions[id]
	delete(s.questions, id)
	code := rand.Text()
	if ok {
		asked.account, asked.made = a, s.config.Now()
		s.codes[code] = asked
	}
	s.mu.Unlock()
	if !ok {
		http.Error(w, faultParameter.description(), http.StatusGone)
		return
	}
	sendBack(w, r, asked.redirect, url.Values{"code": {code}, "state": {asked.state}})
}
