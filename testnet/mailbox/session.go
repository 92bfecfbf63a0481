package mailbox

import (
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/urna-vote/urna/testnet/inbox"
)

// session is one client's connection. The library calls it from one goroutine.
type session struct {
	server   *Server
	conn     *smtp.Conn
	account  string
	from, to string
}

var (
	errLater   = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Try again later"}
	errRefused = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Not taken"}
	errUnknown = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox"}
)

func (s *Server) session(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Connections++
	return &session{server: s, conn: c}, nil
}

// AuthMechanisms offers log-in where there are accounts. The library refuses it
// without TLS.
func (c *session) AuthMechanisms() []string {
	if len(c.server.cfg.Accounts) == 0 {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth logs in.
func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		want, known := c.server.cfg.Accounts[user]
		if !known || want != password {
			return smtp.ErrAuthFailed
		}
		c.account = user
		return nil
	}), nil
}

// Mail begins a mail.
func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if len(c.server.cfg.Accounts) > 0 && c.account == "" {
		return smtp.ErrAuthRequired
	}
	c.from = from
	return nil
}

// Rcpt names whom it is for.
func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if slices.Contains(c.server.Behaviour().Unknown, to) {
		return errUnknown
	}
	c.to = to
	return nil
}

// Data takes the mail.
func (c *session) Data(r io.Reader) error {
	s := c.server
	m, err := read(r)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "Unreadable: " + err.Error()}
	}
	m.At, m.Account, m.From, m.To, m.Parts, m.Coding = s.cfg.Now(), c.account, c.from, c.to, 1, "plain"
	if _, ok := c.conn.TLSConnectionState(); ok {
		m.Coding = "tls"
	}
	b := s.Behaviour()
	time.Sleep(time.Duration(b.DelayMS) * time.Millisecond)
	if b.Refuse {
		return errRefused
	}
	if s.putOff() {
		return errLater
	}
	if !b.Drop {
		s.cfg.Inbox.Put(m)
		if b.Duplicate {
			s.cfg.Inbox.Put(m)
		}
	}
	if b.Silent {
		_ = c.conn.Conn().Close() // whatever comes of it, the client hears nothing
	}
	return nil
}

func (s *Server) putOff() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.behaviour.PutOff > 0 {
		s.behaviour.PutOff--
		s.counts.PutOff++
		return true
	}
	s.counts.Taken++
	return false
}

// Reset forgets the mail that was begun.
func (c *session) Reset() { c.from, c.to = "", "" }

// Logout ends the session.
func (c *session) Logout() error { return nil }

// read takes a mail of one plain text apart.
func read(r io.Reader) (inbox.Message, error) {
	raw, err := mail.ReadMessage(r)
	if err != nil {
		return inbox.Message{}, fmt.Errorf("read mail: %w", err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(raw.Header.Get("Subject"))
	if err != nil {
		return inbox.Message{}, fmt.Errorf("read subject: %w", err)
	}
	kind, _, err := mime.ParseMediaType(raw.Header.Get("Content-Type"))
	if err != nil || kind != "text/plain" {
		return inbox.Message{}, fmt.Errorf("read mail: it is not one plain text")
	}
	body := raw.Body
	if raw.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return inbox.Message{}, fmt.Errorf("read text: %w", err)
	}
	return inbox.Message{Subject: subject, Text: strings.TrimRight(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")}, nil
}
