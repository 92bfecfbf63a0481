package api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/proto/api"
)

// Issuer is what the interface serves.
type Issuer interface {
	Endorse(context.Context, issue.EndorseRequest) ([sign.SignatureSize]byte, error)
	Sign(context.Context, issue.SignRequest) ([]byte, error)
}

// Config is all the interface is made of.
type Config struct {
	Issuer Issuer
	Info   api.GatewayInfo
	// Ready says why the gateway cannot issue, nil if it can.
	Ready func(context.Context) error
	Log   *slog.Logger
	// Origins of the voter pages that may call from a browser.
	Origins []string
	Now     func() time.Time
}

type server struct {
	cfg Config
}

// RequestTime limits the work for one request.
const RequestTime = 20 * time.Second

// New makes the handler.
func New(cfg Config) http.Handler {
	s := &server{cfg: cfg}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/token", s.token)
	mux.HandleFunc("POST /v1/sign", s.sign)
	mux.HandleFunc("GET /v1/info", s.info)
	mux.HandleFunc("GET /v1/health", s.health)
	mux.HandleFunc("GET /v1/ready", s.ready)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusNotFound, api.GatewayError{Name: "malformed", Field: "path", Reason: "no such route"})
	})
	return s.around(mux)
}

// around sets what every answer carries, limits time and logs.
func (s *server) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.cfg.Now()
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		if origin := r.Header.Get("Origin"); slices.Contains(s.cfg.Origins, origin) {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Add("Vary", "Origin")
			if r.Method == http.MethodOptions {
				h.Set("Access-Control-Allow-Methods", "GET, POST")
				h.Set("Access-Control-Allow-Headers", "Content-Type")
				h.Set("Access-Control-Max-Age", "3600")
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		ctx, cancel := context.WithTimeout(r.Context(), RequestTime)
		defer cancel()
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		r = r.WithContext(ctx)
		next.ServeHTTP(seen, r)
		s.cfg.Log.Debug("request", "route", r.Pattern, "status", seen.status, "ms", s.cfg.Now().Sub(start).Milliseconds())
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (s *server) info(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.cfg.Info)
}

func (s *server) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, api.Health{OK: true})
}

func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.cfg.Ready(r.Context()); err != nil {
		writeJSON(w, http.StatusServiceUnavailable, api.Health{Reason: err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, api.Health{OK: true})
}
