package smsc

import (
	"crypto/tls"
	"errors"
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

// Server is the centre. Its Port dies and is revived.
type Server struct {
	*inbox.Port
	cfg  Config
	work sync.WaitGroup // sessions and submissions

	mu        sync.Mutex
	sessions  map[*session]struct{}
	behaviour Behaviour
	window    []time.Time // submissions of the last second, for Rate
	parts     map[partKey]*assembly
	owed      map[string][]receipt // by account, until it binds again
	nextID    uint64
	counts    Counts
}

// Start opens the port and serves until Close.
func Start(cfg Config) (*Server, error) {
	if cfg.Inbox == nil || cfg.Now == nil || len(cfg.Accounts) == 0 {
		return nil, errors.New("start smsc: it needs an inbox, a clock and at least one account")
	}
	s := &Server{
		cfg:      cfg,
		sessions: map[*session]struct{}{}, parts: map[partKey]*assembly{}, owed: map[string][]receipt{},
	}
	s.Port = inbox.NewPort("smsc", cfg.Address, s.serve)
	if err := s.Revive(); err != nil {
		return nil, err
	}
	return s, nil
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

// Close ends the centre.
func (s *Server) Close() error {
	err := s.Port.Close()
	s.work.Wait()
	return err
}

func (s *Server) serve(l net.Listener) {
	if s.cfg.TLS != nil {
		l = tls.NewListener(l, s.cfg.TLS)
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		c := newSession(s, conn)
		s.mu.Lock()
		s.sessions[c] = struct{}{}
		s.mu.Unlock()
		s.work.Go(func() {
			c.serve()
			s.mu.Lock()
			delete(s.sessions, c)
			s.mu.Unlock()
		})
	}
}
