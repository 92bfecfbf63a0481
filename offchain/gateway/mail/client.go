package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	netmail "net/mail"
	"strconv"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/urna-vote/urna/offchain/gateway/notice"
)

// Security is how the connection is protected.
type Security string

// The kinds.
const (
	Required Security = "required" // STARTTLS, or nothing is sent
	Offered  Security = "offered"  // STARTTLS where the server has it
	Implicit Security = "implicit" // TLS from the first byte
)

// Config is what a Client is made of.
type Config struct {
	// Address of the server, host:port.
	Address string
	// Username and Password log in; without a name nobody does.
	Username string
	Password Password
	// From is the sender's address, with or without a name.
	From string
	// Security is Required unless said otherwise, and TLS what is spoken; nil is
	// the system's certificates.
	Security Security
	TLS      *tls.Config
	// Hello is the name this machine gives; empty is its own.
	Hello string
	// Timeout bounds the handing over of one mail.
	Timeout time.Duration
}

// Password prints a redaction and has no marshaller.
type Password string

// Format prints the redaction whatever the verb.
func (Password) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("mail.Password(redacted)")) }

// LogValue is the redaction in a log.
func (Password) LogValue() slog.Value { return slog.StringValue("mail.Password(redacted)") }

// MarshalText refuses: a password is written nowhere.
func (Password) MarshalText() ([]byte, error) {
	return nil, errors.New("write password: it is not to be written")
}

// Default is a configuration without address, account and sender.
func Default() Config { return Config{Security: Required, Timeout: 30 * time.Second} }

// Client sends mails, each over a connection of its own. It is a notice.Sender.
type Client struct {
	cfg  Config
	host string
	port int
}

// New makes a client. It connects when there is a mail.
func New(cfg Config) (*Client, error) {
	host, portText, err := net.SplitHostPort(cfg.Address)
	if err != nil || host == "" {
		return nil, errors.New("make mail client: address must be host:port")
	}
	port, err := strconv.Atoi(portText)
	if err != nil || port < 1 || port > 65535 {
		return nil, errors.New("make mail client: address must end in a port from 1 to 65535")
	}
	switch cfg.Security {
	case Required, Offered, Implicit:
	default:
		return nil, errors.New("make mail client: security must be required, offered or implicit")
	}
	if cfg.Timeout <= 0 {
		return nil, errors.New("make mail client: timeout must be positive")
	}
	if err := gomail.NewMsg().From(cfg.From); err != nil {
		return nil, errors.New("make mail client: from is not a mail address")
	}
	c := &Client{cfg: cfg, host: host, port: port}
	if _, err := c.session(nil); err != nil {
		return nil, err
	}
	return c, nil
}

// Send hands one mail over. Receipts there are none.
func (c *Client) Send(ctx context.Context, m notice.Message) (notice.Delivery, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	if msg.From(c.cfg.From) != nil {
		return notice.Delivery{}, &notice.Refusal{Reason: notice.Rejected}
	}
	if a, err := netmail.ParseAddress(m.To); err != nil || a.Address != m.To || msg.To(m.To) != nil {
		return notice.Delivery{}, &notice.Refusal{Reason: notice.BadAddress}
	}
	msg.Subject(m.Subject)
	msg.SetMessageID()
	msg.SetDate()
	// RFC 3834: no answering machine is to answer this.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)

	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var conns connections
	defer conns.close()
	// What the library waits for ends with ctx, too.
	defer context.AfterFunc(ctx, conns.close)()
	session, err := c.session(&conns)
	if err != nil {
		return notice.Delivery{}, err
	}
	err = session.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() {
		// A farewell that fails takes nothing back.
		return notice.Delivery{}, nil
	}
	return notice.Delivery{}, judge(err)
}

// session is the library's client for one mail.
func (c *Client) session(conns *connections) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(c.port), gomail.WithTimeout(c.cfg.Timeout), gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	switch c.cfg.Security {
	case Required:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case Offered:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	case Implicit:
		options = append(options, gomail.WithSSL())
	}
	settings := c.cfg.TLS.Clone()
	if settings == nil {
		settings = &tls.Config{}
	}
	if settings.ServerName == "" {
		settings.ServerName = c.host
	}
	settings.MinVersion = max(settings.MinVersion, tls.VersionTLS12)
	options = append(options, gomail.WithTLSConfig(settings))
	if c.cfg.Hello != "" {
		options = append(options, gomail.WithHELO(c.cfg.Hello))
	}
	if c.cfg.Username != "" {
		kind := gomail.SMTPAuthAutoDiscover
		if c.cfg.Security == Implicit {
			// The library does not see that what we dialled is TLS, and would look
			// for a log-in that needs none.
			kind = gomail.SMTPAuthPlain
		}
		options = append(options, gomail.WithSMTPAuth(kind),
			gomail.WithUsername(c.cfg.Username), gomail.WithPassword(string(c.cfg.Password)))
	}
	if conns != nil {
		options = append(options, gomail.WithDialContextFunc(conns.dialer(c.cfg.Security == Implicit, settings)))
	}
	session, err := gomail.NewClient(c.host, options...)
	if err != nil {
		return nil, fmt.Errorf("make mail client: %w", err)
	}
	return session, nil
}

// connections remembers what was dialled, since the library leaves a connection
// open when its greeting, TLS or log-in fails.
type connections struct {
	mu     sync.Mutex
	closed bool
	open   []net.Conn
}

func (c *connections) dialer(implicit bool, settings *tls.Config) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var conn net.Conn
		var err error
		if implicit {
			conn, err = (&tls.Dialer{Config: settings}).DialContext(ctx, network, address)
		} else {
			conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
		}
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.closed {
			_ = conn.Close() // it came too late
			return nil, net.ErrClosed
		}
		c.open = append(c.open, conn)
		return conn, nil
	}
}

func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, conn := range c.open {
		_ = conn.Close() // a second time it is closed already
	}
	c.open = nil
}

// judge keeps of a failure its kind and the server's code.
func judge(err error) error {
	var sent *gomail.SendError
	if !errors.As(err, &sent) {
		// No recipient was named yet, so no answer can repeat one.
		return fmt.Errorf("send mail: %w", err)
	}
	code := sent.ErrorCode()
	if code < 500 || code > 599 {
		return fmt.Errorf("send mail: the server answered code %d", code)
	}
	if sent.Reason == gomail.ErrSMTPRcptTo {
		return &notice.Refusal{Reason: notice.BadAddress}
	}
	return &notice.Refusal{Reason: notice.Rejected}
}
