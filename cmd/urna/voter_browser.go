package main

import (
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/urna-vote/urna/offchain/voter/session"
)

// way leads a browser from each return to the next visit, over a port of the
// device's own loopback.
type way struct {
	visits []session.Visit
	end    chan outcome // has room for one

	mu     sync.Mutex
	grants []string
	over   bool
}

type outcome struct {
	grants []string
	err    error
}

func newWay(visits []session.Visit) *way {
	return &way{visits: visits, end: make(chan outcome, 1)}
}

func (w *way) handler() http.Handler {
	mux := http.NewServeMux()
	for i, v := range w.visits {
		path := v.Return[strings.LastIndex(v.Return, "/"):]
		mux.HandleFunc("GET "+path, func(rw http.ResponseWriter, r *http.Request) { w.back(rw, r, i) })
	}
	return mux
}

// back is the browser's return from a visit.
func (w *way) back(rw http.ResponseWriter, r *http.Request, i int) {
	h := rw.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	query := r.URL.Query()
	w.mu.Lock()
	defer w.mu.Unlock()
	if query.Has("login_error") && !w.over {
		w.finish(outcome{err: &loginRefusal{session.LoginError{Issuer: w.visits[i].Issuer, Name: query.Get("login_error")}}})
		page(rw, failedPage)
		return
	}
	// A page that is loaded again changes nothing.
	if i == len(w.grants) && !w.over && query.Get("login") != "" {
		w.grants = append(w.grants, query.Get("login"))
		if len(w.grants) == len(w.visits) {
			w.finish(outcome{grants: w.grants})
		}
	}
	switch {
	case len(w.grants) == len(w.visits):
		page(rw, backPage)
	case w.over || len(w.grants) == 0:
		page(rw, failedPage)
	default:
		http.Redirect(rw, r, w.visits[len(w.grants)].URL, http.StatusSeeOther)
	}
}

// finish is called under the lock, once.
func (w *way) finish(o outcome) {
	w.over = true
	w.end <- o
}

func page(rw http.ResponseWriter, text string) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(rw, text) // a browser that is gone needs no page
}

const (
	pageHead = `<!doctype html><html lang="ru"><meta charset="utf-8"><title>Urna</title>
<body style="font-family:sans-serif;margin:4em auto;max-width:32em">
`
	backPage = pageHead + `<p>Вход выполнен. Вернитесь в программу и введите коды из сообщений.</p>
<p lang="en">You are logged in. Go back to the program and type the codes from the messages.</p>
`
	failedPage = pageHead + `<p>Войти не удалось. Причина указана в программе.</p>
<p lang="en">The log-in failed. The program says why.</p>
`
)
