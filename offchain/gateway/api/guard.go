package api

import (
	"context"
	"crypto/sha256"
	"fmt"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/proto/api"
)

// seen is what the guard knows of a request, for its handler.
type seen struct {
	language texts.Language
	route    string
}

type seenKey struct{}

func seenOf(ctx context.Context) seen {
	s, _ := ctx.Value(seenKey{}).(seen)
	if s.language == "" {
		s.language = texts.English
	}
	return s
}

func languageOf(ctx context.Context) texts.Language { return seenOf(ctx).language }

func routeOf(ctx context.Context) string { return seenOf(ctx).route }

// guard sets what every answer carries, limits time, turns away what no route
// takes, and counts route, status and time.
func (f *Frame) guard(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		w := &statusWriter{ResponseWriter: to, status: http.StatusOK}
		_, pattern := mux.Handler(r)
		defer f.note(w, pattern)()
		ctx, cancel := context.WithTimeout(r.Context(), RequestTime)
		defer cancel()
		ctx = context.WithValue(ctx, seenKey{}, seen{language: texts.Match(r.Header.Get("Accept-Language")), route: pattern})
		r = r.WithContext(ctx)
		defer f.recover(w, r)
		secure(w.Header(), f.cfg.Encrypted || r.TLS != nil)
		if f.cross(w, r) {
			return
		}
		if refusal := f.admit(r, f.routes[pattern]); refusal != nil {
			f.refuse(w, r, refusal)
			return
		}
		if _, known := f.routes[pattern]; known && r.Method == http.MethodPost {
			w.body = &arrival{ReadCloser: r.Body, now: f.cfg.Now}
			r.Body = w.body
		}
		mux.ServeHTTP(w, r)
	})
}

// note measures a request; the function returned is called at its end.
func (f *Frame) note(w *statusWriter, pattern string) func() {
	start := f.cfg.Now()
	end := func(string, int, time.Duration) {}
	if f.cfg.Metrics != nil {
		end = f.cfg.Metrics.Begin()
	}
	return func() {
		took := f.cfg.Now().Sub(start)
		end(pattern, w.status, took)
		if f.cfg.Room != nil && w.body != nil {
			// How slowly a stranger sends is no congestion here, and what was turned
			// away at once is no sign that there is none.
			f.cfg.Room.Took(took - w.body.waited)
			if f.routes[pattern].Serves && w.status == http.StatusOK {
				f.cfg.Room.Served()
			}
		}
		f.tally.add(f.cfg.Log, pattern, w.status, took)
	}
}

func secure(h http.Header, encrypted bool) {
	if encrypted {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// admit says why a request is not let in, nil if it is.
func (f *Frame) admit(r *http.Request, route Route) *Refusal {
	if f.cfg.Addresses != nil {
		if wait := f.cfg.Addresses.Allow(r); wait > 0 {
			return Refuse(texts.TooMany, "", "more requests a minute than one address is given").After(wait)
		}
	}
	if r.Method == http.MethodPost {
		// Anything else a page of another origin could send without being asked.
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			refusal := Refuse(texts.Malformed, "content-type", "must be application/json")
			refusal.Status = http.StatusUnsupportedMediaType
			return refusal
		}
	}
	if refusal := f.person(r); refusal != nil {
		return refusal
	}
	if route.Room && f.cfg.Room != nil {
		switch ok, err := f.cfg.Room.Enter(r.Header.Get(api.RoomTicketHeader)); {
		case err != nil:
			return Refuse(texts.RoomTicket, "room-ticket", "%s", err)
		case !ok:
			return Refuse(texts.Room, "room-ticket", "the waiting room is active: POST /v1/room gives a ticket, and the log-in opens when it is admitted").After(time.Second)
		}
	}
	return nil
}

// person counts a request with a session for whoever is logged in.
func (f *Frame) person(r *http.Request) *Refusal {
	bearer := Bearer{Authorization: r.Header.Get("Authorization")}.Token()
	if bearer == "" || f.cfg.Person == nil || f.cfg.Persons == nil {
		return nil
	}
	key, ok := f.known.find(bearer)
	if !ok {
		if key, ok = f.cfg.Person(r.Context(), bearer); !ok {
			return nil // the route says that there is no such session
		}
		f.known.keep(bearer, key)
	}
	if wait := f.cfg.Persons.Allow(key); wait > 0 {
		return Refuse(texts.TooMany, "", "more requests a minute than one person is given").After(wait)
	}
	return nil
}

// knownSessions that are remembered: a session is of one person for ever.
const knownSessions = 50_000

// known says whose a session is, so that the database is not asked each time.
type known struct {
	mu   sync.Mutex
	keys map[[32]byte][32]byte
}

func (k *known) find(bearer string) (key [32]byte, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok = k.keys[sha256.Sum256([]byte(bearer))]
	return key, ok
}

func (k *known) keep(bearer string, key [32]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.keys) >= knownSessions || k.keys == nil {
		k.keys = map[[32]byte][32]byte{}
	}
	k.keys[sha256.Sum256([]byte(bearer))] = key
}

func (f *Frame) refuse(w http.ResponseWriter, r *http.Request, refusal *Refusal) {
	f.refused(refusal.Kind.Name)
	dismiss(w, r)
	writeProblem(w, r, newProblem(refusal, languageOf(r.Context())))
}

func (f *Frame) refused(name string) {
	if f.cfg.Metrics != nil {
		f.cfg.Metrics.Refused(name)
	}
}

// cross lets the pages of allowed origins ask, and answers their preflight.
func (f *Frame) cross(w http.ResponseWriter, r *http.Request) (done bool) {
	origin := r.Header.Get("Origin")
	if origin == "" || !slices.Contains(f.cfg.Origins, origin) {
		return false
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "Retry-After")
	h.Add("Vary", "Origin")
	if r.Method != http.MethodOptions {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Room-Ticket")
	h.Set("Access-Control-Max-Age", "3600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// recover answers when a route fails by a fault of the program.
func (f *Frame) recover(w *statusWriter, r *http.Request) {
	fault := recover()
	if fault == nil {
		return
	}
	if fault == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		panic(fault)
	}
	f.cfg.Log.Error("fault while answering", "route", routeOf(r.Context()), "reason", fmt.Sprint(fault), "stack", string(debug.Stack()))
	if w.began {
		// The rest must not look like an end.
		panic(http.ErrAbortHandler)
	}
	f.refuse(w, r, Refuse(texts.Internal, "", "the gateway failed; its operator finds why in its log"))
}

type statusWriter struct {
	http.ResponseWriter
	status int
	began  bool
	// body of a request that a route works on.
	body *arrival
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader notes the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status, w.began = status, true
	w.ResponseWriter.WriteHeader(status)
}

// Write notes that an answer began.
func (w *statusWriter) Write(p []byte) (int, error) {
	w.began = true
	return w.ResponseWriter.Write(p)
}
