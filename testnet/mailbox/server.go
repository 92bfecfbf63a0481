package mailbox

import (
	"crypto/tls"
	"errors"
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

// Server is the provider. Its Port dies and is revived.
type Server struct {
	*inbox.Port
	cfg Config

	mu        sync.Mutex
	behaviour Behaviour
	counts    Counts
}

// Start opens the port and serves until Close.
func Start(cfg Config) (*Server, error) {
	if cfg.Inbox == nil || cfg.Now == nil {
		return nil, errors.New("start mailbox: it needs an inbox and a clock")
	}
	s := &Server{cfg: cfg}
	s.Port = inbox.NewPort("mailbox", cfg.Address, s.serve)
	if err := s.Revive(); err != nil {
		return nil, err
	}
	return s, nil
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

func (s *Server) serve(l net.Listener) {
	server := smtp.NewServer(smtp.BackendFunc(s.session))
	server.Domain = "mailbox.test"
	server.MaxRecipients = 1
	server.MaxMessageBytes = 64 << 10
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	server.TLSConfig = s.cfg.TLS
	server.EnableSMTPUTF8 = true
	// The library logs connections that a client left, which tests do on purpose.
	server.ErrorLog = log.New(io.Discard, "", 0)
	_ = server.Serve(l) // ends with the port
}
