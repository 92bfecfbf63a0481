package mailbox

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/urna-vote/urna/testnet/inbox"
)

// Config is what a Server is made of.
type Config struct {
	// Address of the SMTP port, "127.0.0.1:0" for any.
	Address string
	// Accounts are the passwords by user name. None means that nobody logs in.
	Accounts map[string]string
	// TLS, if not nil, is offered by STARTTLS, and log-in only under it.
	TLS *tls.Config
	// Inbox takes what mailboxes receive.
	Inbox *inbox.Inbox
	// Now is the clock of messages.
	Now func() time.Time
}

// Behaviour is how the provider misbehaves. The zero value is a good one.
type Behaviour struct {
	// PutOff is how many mails are yet to be put off ("451 try again later").
	PutOff int `json:"put_off"`
	// DelayMS is the wait before the answer to a mail.
	DelayMS int `json:"delay_ms"`
	// Silent takes mails and cuts the connection instead of answering.
	Silent bool `json:"silent"`
	// Duplicate puts each mail twice into its mailbox.
	Duplicate bool `json:"duplicate"`
	// Drop takes mails that no mailbox receives.
	Drop bool `json:"drop"`
	// Refuse refuses every mail for good ("554").
	Refuse bool `json:"refuse"`
	// Unknown are mailboxes that do not exist.
	Unknown []string `json:"unknown"`
}

// Counts tells a test what happened.
type Counts struct {
	Connections, PutOff, Taken int
}

// Server is the provider.
type Server struct {
	cfg  Config
	work sync.WaitGroup

	mu        sync.Mutex
	address   string
	server    *smtp.Server // nil while dead
	listener  net.Listener
	behaviour Behaviour
	counts    Counts
	ended     bool
}

// Start opens the port and serves until Close.
func Start(cfg Config) (*Server, error) {
	if cfg.Inbox == nil || cfg.Now == nil {
		return nil, errors.New("start mailbox: it needs an inbox and a clock")
	}
	s := &Server{cfg: cfg, address: cfg.Address}
	if err := s.Revive(); err != nil {
		return nil, err
	}
	return s, nil
}

// Addr is the address of the SMTP port, also while the provider is dead.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// Behaviour returns how the provider misbehaves now.
func (s *Server) Behaviour() Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behaviour
}

// Behave sets how the provider misbehaves from now on.
func (s *Server) Behave(b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviour = b
}

// Counts returns what happened so far.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// Die cuts all connections and takes none.
func (s *Server) Die() {
	s.mu.Lock()
	server, listener := s.server, s.listener
	s.server, s.listener = nil, nil
	s.mu.Unlock()
	if server != nil {
		// The library closes the port only once Serve has seen it.
		_ = listener.Close() // nothing to be done about a port that does not close
		_ = server.Close()   // the port is closed already, the connections now
	}
}

// Revive opens the port again, at the same address.
func (s *Server) Revive() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		return errors.New("revive mailbox: it is alive")
	}
	if s.ended {
		return errors.New("revive mailbox: it is closed")
	}
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		return fmt.Errorf("open smtp port: %w", err)
	}
	s.address = l.Addr().String()
	server := smtp.NewServer(smtp.BackendFunc(s.session))
	server.Domain = "mailbox.test"
	server.MaxRecipients = 1
	server.MaxMessageBytes = 64 << 10
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	server.TLSConfig = s.cfg.TLS
	server.EnableSMTPUTF8 = true
	// The library logs connections that a client left, which tests do on purpose.
	server.ErrorLog = log.New(io.Discard, "", 0)
	s.server, s.listener = server, l
	s.work.Go(func() {
		_ = server.Serve(l) // ends with the port
	})
	return nil
}

// Close ends the provider.
func (s *Server) Close() error {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.Die()
	s.work.Wait()
	return nil
}
