package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/intake"
)

// maxHeaderBytes of a request: paths and a few short headers.
const maxHeaderBytes = 16 << 10

// server is an HTTP server that takes its port before it has its handler.
type server struct {
	name     string
	listener net.Listener
	handler  http.Handler
	http     *http.Server
	limits   config.API
}

func newServer(name, addr string, limits config.API, connections int) (*server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("open the port of the %s: %w", name, err)
	}
	return &server{name: name, listener: &limited{Listener: l, slots: make(chan struct{}, connections), done: make(chan struct{})}, limits: limits}, nil
}

func (s *server) serve(failed *intake.Failure) {
	s.http = &http.Server{
		Handler: s.handler, MaxHeaderBytes: maxHeaderBytes,
		ReadHeaderTimeout: s.limits.HeaderTimeout, ReadTimeout: s.limits.ReadTimeout,
		WriteTimeout: s.limits.WriteTimeout, IdleTimeout: s.limits.IdleTimeout,
		// The library's own lines carry addresses.
		ErrorLog: log.New(io.Discard, "", 0),
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

// limited accepts so many connections at once; more wait in the kernel.
type limited struct {
	net.Listener
	slots chan struct{}
	once  sync.Once
	done  chan struct{}
}

// Accept waits for a free slot and a connection.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &slotted{Conn: c, free: sync.OnceFunc(func() { <-l.slots })}, nil
}

// Close stops accepting.
func (l *limited) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

type slotted struct {
	net.Conn
	free func()
}

// Close gives the slot back.
func (c *slotted) Close() error {
	defer c.free()
	return c.Conn.Close()
}
