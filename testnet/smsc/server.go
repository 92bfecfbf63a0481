package smsc

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/urna-vote/urna/testnet/inbox"
)

// Config is what a Server is made of.
type Config struct {
	// Address of the SMPP port, "127.0.0.1:0" for any.
	Address string
	// Accounts are the passwords by system_id.
	Accounts map[string]string
	// TLS, if not nil, is spoken instead of plain TCP.
	TLS *tls.Config
	// Inbox takes what phones receive.
	Inbox *inbox.Inbox
	// Now is the clock of messages and limits.
	Now func() time.Time
}

// Behaviour is how the centre misbehaves. The zero value is a good one.
type Behaviour struct {
	// Throttle is how many submissions are yet to be refused as too many.
	Throttle int `json:"throttle"`
	// Rate is how many submissions a second are taken; more are refused as too
	// many. 0 is no limit.
	Rate float64 `json:"rate"`
	// DelayMS is the wait before each answer.
	DelayMS int `json:"delay_ms"`
	// DeliverMS is the wait between the answer and the phone.
	DeliverMS int `json:"deliver_ms"`
	// Silent takes submissions and never answers.
	Silent bool `json:"silent"`
	// Duplicate brings each message and each receipt twice.
	Duplicate bool `json:"duplicate"`
	// Drop takes messages that no phone receives, and reports them undelivered.
	Drop bool `json:"drop"`
	// Mute sends no receipts.
	Mute bool `json:"mute"`
	// Status refuses every submission with this command_status.
	Status uint32 `json:"status"`
	// Unknown are phones that do not exist.
	Unknown []string `json:"unknown"`
}

// Counts tells a test what happened.
type Counts struct {
	Binds, Refused, Submitted, Throttled, Taken, Receipts int
}

// Server is the centre.
type Server struct {
	cfg  Config
	work sync.WaitGroup

	mu        sync.Mutex
	address   string
	listener  net.Listener // nil while dead
	sessions  map[*session]struct{}
	behaviour Behaviour
	window    []time.Time // submissions of the last second, for Rate
	parts     map[partKey]*assembly
	owed      map[string][]receipt // by account, until it binds again
	nextID    uint64
	counts    Counts
	ended     bool
}

// Start opens the port and serves until Close.
func Start(cfg Config) (*Server, error) {
	if cfg.Inbox == nil || cfg.Now == nil || len(cfg.Accounts) == 0 {
		return nil, errors.New("start smsc: it needs an inbox, a clock and at least one account")
	}
	s := &Server{
		cfg: cfg, address: cfg.Address,
		sessions: map[*session]struct{}{}, parts: map[partKey]*assembly{}, owed: map[string][]receipt{},
	}
	if err := s.Revive(); err != nil {
		return nil, err
	}
	return s, nil
}

// Addr is the address of the SMPP port, also while the centre is dead.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// Behaviour returns how the centre misbehaves now.
func (s *Server) Behaviour() Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behaviour
}

// Behave sets how the centre misbehaves from now on.
func (s *Server) Behave(b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviour = b
	s.window = nil
}

// Counts returns what happened so far.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// Die cuts all connections and takes none, without a word of farewell.
func (s *Server) Die() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		_ = s.listener.Close() // nothing to be done about a port that does not close
		s.listener = nil
	}
	for c := range s.sessions {
		_ = c.conn.Close()
	}
}

// Revive opens the port again, at the same address.
func (s *Server) Revive() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return errors.New("revive smsc: it is alive")
	}
	if s.ended {
		return errors.New("revive smsc: it is closed")
	}
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		return fmt.Errorf("open smpp port: %w", err)
	}
	s.address = l.Addr().String()
	if s.cfg.TLS != nil {
		l = tls.NewListener(l, s.cfg.TLS)
	}
	s.listener = l
	s.work.Go(func() { s.accept(l) })
	return nil
}

// Close ends the centre.
func (s *Server) Close() error {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.Die()
	s.work.Wait()
	return nil
}

func (s *Server) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		c := newSession(s, conn)
		s.mu.Lock()
		dead := s.listener != l
		if !dead {
			s.sessions[c] = struct{}{}
		}
		s.mu.Unlock()
		if dead {
			_ = conn.Close()
			return
		}
		s.work.Go(func() {
			c.serve()
			s.mu.Lock()
			delete(s.sessions, c)
			s.mu.Unlock()
		})
	}
}
