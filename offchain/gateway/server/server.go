package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/urna-vote/urna/internal/connections"
)

// Limits of a connection. A request's body and its work have limits of their own
// (package api).
const (
	// HeaderTime in which a request's header must have come.
	HeaderTime = 5 * time.Second
	// readTime in which the whole request must have come.
	readTime = 15 * time.Second
	idleTime = 60 * time.Second
	// EndTime for requests that are under way when the server stops.
	EndTime   = 15 * time.Second
	maxHeader = 16 << 10
	// streams of one HTTP/2 connection at once: a page needs a few.
	streams = 16
)

// Config is what a Server is made of.
type Config struct {
	// Connections at once.
	Connections int
	// Certificate and Key are PEM files; without them it speaks plain HTTP.
	Certificate, Key string
	// RequestTime is how long an answer may take.
	RequestTime time.Duration
	// Drain is how long requests are taken after the server was told to stop.
	Drain time.Duration
}

// Server of one address.
type Server struct {
	cfg      Config
	listener *connections.Listener
	stopping atomic.Bool
}

// New makes a server on an open listener, which Run closes.
func New(cfg Config, listener net.Listener) *Server {
	return &Server{cfg: cfg, listener: connections.New(listener, cfg.Connections)}
}

// Connections that are open.
func (s *Server) Connections() int { return s.listener.Open() }

// Stopping reports whether the server was told to stop.
func (s *Server) Stopping() bool { return s.stopping.Load() }

// Run serves until the context ends and requests under way are answered.
func (s *Server) Run(ctx context.Context, handler http.Handler) error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(s.cfg.Certificate != "")
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: HeaderTime, ReadTimeout: readTime, IdleTimeout: idleTime,
		WriteTimeout: readTime + s.cfg.RequestTime, MaxHeaderBytes: maxHeader,
		ErrorLog:  slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
		ConnState: s.listener.Note, Protocols: protocols, HTTP2: &http.HTTP2Config{MaxConcurrentStreams: streams},
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	ended := make(chan error, 1)
	go func() {
		if s.cfg.Certificate != "" {
			ended <- server.ServeTLS(s.listener, s.cfg.Certificate, s.cfg.Key)
			return
		}
		ended <- server.Serve(s.listener)
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	server.SetKeepAlivesEnabled(false)
	time.Sleep(s.cfg.Drain)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), EndTime)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		return errors.Join(fmt.Errorf("end requests under way: %w", err), server.Close())
	}
	return nil
}
