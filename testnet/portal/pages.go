package portal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/text/language"
)

//go:embed pages
var files embed.FS

var pages = template.Must(template.ParseFS(files, "pages/*.html"))

// Wrong passwords in a row that an account may have before its form waits.
const (
	freeTries = 5
	tryWait   = time.Minute
	maxForm   = 16 << 10
)

// Cookies of the portal. All ports of a host share them.
const (
	browserCookie  = "urna_portal"
	languageCookie = "urna_portal_lang"
)

// view is what a page shows.
type view struct {
	Lang string
	T    *texts
	// Switch leads to the same page in the other language.
	Switch template.URL
	// The form.
	Request, Client, Login, Fault string
	// The account's owner, on the front page.
	Person string
	// A message.
	Title, Text string
}

func withBrowser(ctx context.Context, b session) context.Context {
	return context.WithValue(ctx, browserKey{}, b)
}

// browser is the session of a browser that somebody logged in with.
func (p *Portal) browser(r *http.Request) (session, bool) {
	cookie, err := r.Cookie(browserCookie)
	if err != nil {
		return session{}, false
	}
	s := p.storage
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.sessions[cookie.Value]
	return b, ok && s.now().Sub(b.begun) <= sessionLife
}

func (p *Portal) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(life.Seconds()),
		HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteLaxMode,
	})
}

// home shows who is logged in.
func (p *Portal) home(w http.ResponseWriter, r *http.Request) {
	v := p.view(w, r, "")
	if b, ok := p.browser(r); ok {
		v.Person = personName(b.account)
	}
	render(w, http.StatusOK, "home.html", v)
}

func personName(a *Account) string {
	switch {
	case a.Name != "" && a.Surname != "":
		return a.Name + " " + a.Surname
	case a.Name != "":
		return a.Name
	}
	return a.Login
}

// showLogin asks who it is, or says so at once where it is known.
func (p *Portal) showLogin(w http.ResponseWriter, r *http.Request) {
	req, ok := p.storage.open(r.URL.Query().Get("request"))
	if !ok {
		p.tell(w, r, http.StatusGone, func(t *texts) (string, string) { return t.GoneTitle, t.Gone })
		return
	}
	if b, known := p.browser(r); known && !req.wants(b.begun, p.storage.now()) && p.storage.finish(req.id, b) {
		p.back(w, r, req.id)
		return
	}
	p.form(w, r, http.StatusOK, req, "", "")
}

// back goes on to where the answer is made.
func (p *Portal) back(w http.ResponseWriter, r *http.Request, id string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, p.issuer+"/authorize/callback?"+url.Values{"id": {id}}.Encode(), http.StatusSeeOther)
}

// logIn takes the form.
func (p *Portal) logIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	req, ok := p.storage.open(r.PostForm.Get("request"))
	if !ok {
		p.tell(w, r, http.StatusGone, func(t *texts) (string, string) { return t.GoneTitle, t.Gone })
		return
	}
	if r.PostForm.Get("action") == "cancel" {
		p.storage.drop(req.id)
		p.refuse(w, r, req)
		return
	}
	typed := r.PostForm.Get("login")
	b, wait := p.storage.check(typed, r.PostForm.Get("password"))
	t := textsOf(p.lang(r, req.lang))
	switch {
	case wait > 0:
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
		p.form(w, r, http.StatusTooManyRequests, req, typed, t.TooMany)
		return
	case b.account == nil:
		p.form(w, r, http.StatusUnauthorized, req, typed, t.Wrong)
		return
	}
	id := word()
	p.storage.begin(id, b)
	p.setCookie(w, browserCookie, id, sessionLife)
	if !p.storage.finish(req.id, b) {
		p.tell(w, r, http.StatusGone, func(t *texts) (string, string) { return t.GoneTitle, t.Gone })
		return
	}
	p.back(w, r, req.id)
}

// refuse tells the client that the person went away.
func (p *Portal) refuse(w http.ResponseWriter, r *http.Request, req request) {
	u, err := url.Parse(req.asked.RedirectURI)
	if err != nil {
		http.Error(w, "the client's address cannot be read", http.StatusBadRequest)
		return
	}
	q := u.Query()
	q.Set("error", "access_denied")
	q.Set("state", req.asked.State)
	q.Set("iss", p.issuer)
	u.RawQuery = q.Encode()
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
}

// check compares a password, counting wrong ones. The account is nil for a wrong
// one, a wait is positive where nothing was compared.
func (s *storage) check(typed, password string) (session, time.Duration) {
	login := foldLogin(typed)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	t := s.tries[login]
	if t.wrong >= freeTries {
		if left := t.until.Sub(now); left > 0 {
			return session{}, left
		}
	}
	a := s.lists.byLogin[login]
	var want string
	if a != nil {
		want = a.Password
	}
	given, expected := sha256.Sum256([]byte(password)), sha256.Sum256([]byte(want))
	if a == nil || subtle.ConstantTimeCompare(given[:], expected[:]) != 1 {
		if now.After(t.until) {
			t.wrong = min(t.wrong, freeTries-1)
		}
		s.tries[login] = tries{wrong: t.wrong + 1, until: now.Add(tryWait)}
		return session{}, 0
	}
	delete(s.tries, login)
	return session{account: a, begun: now}, 0
}

func (s *storage) begin(id string, b session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[id] = b
}

// logOut ends the browser's session.
func (p *Portal) logOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(browserCookie); err == nil {
		p.storage.mu.Lock()
		delete(p.storage.sessions, cookie.Value)
		p.storage.mu.Unlock()
	}
	p.setCookie(w, browserCookie, "", -time.Second)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (p *Portal) form(w http.ResponseWriter, r *http.Request, status int, req request, typed, fault string) {
	v := p.view(w, r, req.lang)
	v.Request, v.Login, v.Fault = req.id, typed, fault
	if c := p.storage.client(req.asked.ClientID); c != nil {
		v.Client = c.shown(v.Lang)
	}
	other := url.Values{"request": {req.id}, "lang": {v.T.Other}}
	v.Switch = template.URL("/login?" + other.Encode()) //nolint:gosec // encoded above
	render(w, status, "login.html", v)
}

// tell shows a message.
func (p *Portal) tell(w http.ResponseWriter, r *http.Request, status int, of func(*texts) (title, text string)) {
	v := p.view(w, r, "")
	v.Title, v.Text = of(v.T)
	render(w, status, "message.html", v)
}

func (p *Portal) view(w http.ResponseWriter, r *http.Request, asked string) view {
	lang := p.lang(r, asked)
	if r.URL.Query().Get("lang") == lang {
		p.setCookie(w, languageCookie, lang, 365*24*time.Hour)
	}
	t := textsOf(lang)
	return view{Lang: lang, T: t, Switch: template.URL("?lang=" + t.Other)} //nolint:gosec // "ru" or "en"
}

// lang: what the person chose, else what the client asked for, else what the
// browser prefers, else Russian.
func (p *Portal) lang(r *http.Request, asked string) string {
	chosen := r.URL.Query().Get("lang")
	if c, err := r.Cookie(languageCookie); chosen == "" && err == nil {
		chosen = c.Value
	}
	for _, l := range []string{chosen, asked} {
		if l == "ru" || l == "en" {
			return l
		}
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return "ru"
	}
	for _, tag := range tags {
		switch base, _ := tag.Base(); base.String() {
		case "ru":
			return "ru"
		case "en":
			return "en"
		}
	}
	return "ru"
}

func render(w http.ResponseWriter, status int, name string, v view) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, v); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Lang)
	h.Set("Cache-Control", "no-store")
	// No form-action: browsers apply it to every redirect behind a form, and these
	// lead to clients and from there to wherever clients send people.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}

func serveStyle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=3600")
	http.ServeFileFS(w, r, files, "pages/style.css")
}
