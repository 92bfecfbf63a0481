package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/urna-vote/urna/internal/connections"
	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/intake"
)

// maxHeaderBytes of a request: paths and a few short headers.
const maxHeaderBytes = 16 << 10

// server is an HTTP server that takes its port before it has its handler.
type server struct {
	name     string
	listener *connections.Listener
	handler  http.Handler
	http     *http.Server
	limits   config.API
}

func newServer(name, addr string, limits config.API, atOnce int) (*server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("open the port of the %s: %w", name, err)
	}
	return &server{name: name, listener: connections.New(l, atOnce), limits: limits}, nil
}

func (s *server) serve(failed *intake.Failure) {
	s.http = &http.Server{
		Handler: s.handler, MaxHeaderBytes: maxHeaderBytes,
		ReadHeaderTimeout: s.limits.HeaderTimeout, ReadTimeout: s.limits.ReadTimeout,
		WriteTimeout: s.limits.WriteTimeout, IdleTimeout: s.limits.IdleTimeout,
		// The library's own lines carry addresses.
		ErrorLog:  log.New(io.Discard, "", 0),
		ConnState: s.listener.Note,
	}
	go func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			failed.Note("serve the "+s.name, err)
		}
	}()
}

// close lets running requests end, for a while.
func (s *server) close() error {
	if s.http == nil {
		if s.listener == nil {
			return nil
		}
		l := s.listener
		s.listener = nil
		return l.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}
