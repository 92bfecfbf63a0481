package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/mail"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/testnet/inbox"
	"github.com/urna-vote/urna/testnet/mailbox"
)

const person = "ivanova@example.org"

func provider(t *testing.T, change func(*mailbox.Config)) (*mailbox.Server, *inbox.Inbox) {
	t.Helper()
	cfg := mailbox.Config{Address: "127.0.0.1:0", Inbox: inbox.New(), Now: time.Now}
	if change != nil {
		change(&cfg)
	}
	s, err := mailbox.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, cfg.Inbox
}

func client(t *testing.T, s *mailbox.Server, change func(*mail.Config)) *mail.Client {
	t.Helper()
	cfg := mail.Default()
	cfg.Address, cfg.From, cfg.Security, cfg.Timeout = s.Addr(), "ЦИК <codes@example.org>", mail.Offered, 5*time.Second
	if change != nil {
		change(&cfg)
	}
	c, err := mail.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func message(to string) notice.Message {
	return notice.Message{
		Channel: notice.Mail, To: to, Subject: "Код для получения бюллетеня", Until: time.Now().Add(time.Minute),
		Text: "Код 482913 для получения бюллетеня, организация 1 из 2.\n.\nЕсли это не вы, сообщите комиссии = 100 %.",
	}
}

func final(err error) (notice.Reason, bool) {
	var refusal *notice.Refusal
	if errors.As(err, &refusal) {
		return refusal.Reason, true
	}
	return notice.NoReason, false
}

func TestMailArrivesAsItWas(t *testing.T) {
	s, box := provider(t, nil)
	c := client(t, s, nil)
	m := message(person)
	if _, err := c.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := box.Messages(person, 0)
	if len(got) != 1 || got[0].Text != m.Text || got[0].Subject != m.Subject || got[0].From != "codes@example.org" {
		t.Fatalf("the mailbox holds %+v", got)
	}
}

func TestTLSIsDemandedAndTheAccountShownUnderItOnly(t *testing.T) {
	certificate, roots := certificate(t)
	withTLS := func(c *mailbox.Config) {
		c.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		c.Accounts = map[string]string{"issuer1": "secret"}
	}
	trusting := func(c *mail.Config) {
		c.Security, c.TLS = mail.Required, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
		c.Username, c.Password = "issuer1", "secret"
	}
	s, box := provider(t, withTLS)
	if _, err := client(t, s, trusting).Send(t.Context(), message(person)); err != nil {
		t.Fatal(err)
	}
	if got := box.Messages(person, 0); len(got) != 1 || got[0].Coding != "tls" || got[0].Account != "issuer1" {
		t.Fatalf("the mailbox holds %+v", got)
	}
	for name, spoil := range map[string]func(*mail.Config){
		"a wrong password":         func(c *mail.Config) { c.Password = "wrong" },
		"no account":               func(c *mail.Config) { c.Username = "" },
		"an untrusted certificate": func(c *mail.Config) { c.TLS = nil },
	} {
		c := client(t, s, func(c *mail.Config) { trusting(c); spoil(c) })
		if _, err := c.Send(t.Context(), message(person)); err == nil {
			t.Errorf("with %s a mail is taken", name)
		}
	}
	// A server without TLS gets nothing from who demands it, and no password from
	// who does not.
	plain, plainBox := provider(t, nil)
	if _, err := client(t, plain, trusting).Send(t.Context(), message(person)); err == nil {
		t.Error("a mail leaves without TLS where TLS is required")
	}
	offered := client(t, plain, func(c *mail.Config) { trusting(c); c.Security = mail.Offered })
	if _, err := offered.Send(t.Context(), message(person)); err == nil {
		t.Error("a log-in without TLS is said to have worked")
	}
	if plainBox.Last() != 0 {
		t.Error("a mail arrived without TLS")
	}
}

func TestMailOverTLSFromTheFirstByte(t *testing.T) {
	certificate, roots := certificate(t)
	s, box := provider(t, nil)
	// A TLS port before the simulated server, as providers have on 465.
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			outside, err := l.Accept()
			if err != nil {
				return
			}
			inside, err := net.Dial("tcp", s.Addr())
			if err != nil {
				_ = outside.Close()
				return
			}
			go pipe(inside, outside)
			go pipe(outside, inside)
		}
	}()
	c := client(t, s, func(c *mail.Config) {
		c.Address, c.Security, c.TLS = l.Addr().String(), mail.Implicit, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	})
	if _, err := c.Send(t.Context(), message(person)); err != nil {
		t.Fatal(err)
	}
	if len(box.Messages(person, 0)) != 1 {
		t.Fatal("the mail did not arrive")
	}
}

func pipe(to, from net.Conn) {
	defer to.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func TestAnswersSayWhatToDoNext(t *testing.T) {
	s, box := provider(t, nil)
	c := client(t, s, nil)
	for _, tc := range []struct {
		name   string
		b      mailbox.Behaviour
		reason notice.Reason // NoReason is temporary
	}{
		{"put off", mailbox.Behaviour{PutOff: 1}, notice.NoReason},
		{"refused", mailbox.Behaviour{Refuse: true}, notice.Rejected},
		{"no such mailbox", mailbox.Behaviour{Unknown: []string{person}}, notice.BadAddress},
		{"cut off", mailbox.Behaviour{Silent: true, Drop: true}, notice.NoReason},
	} {
		s.Behave(tc.b)
		_, err := c.Send(t.Context(), message(person))
		if err == nil {
			t.Errorf("%s: no error", tc.name)
			continue
		}
		if reason, ok := final(err); ok != (tc.reason != notice.NoReason) || reason != tc.reason {
			t.Errorf("%s gives %v", tc.name, err)
		}
		if strings.Contains(err.Error(), person) || strings.Contains(err.Error(), "482913") {
			t.Errorf("%s: the error tells address or text: %v", tc.name, err)
		}
	}
	for _, to := range []string{"", "nobody", "a@b, c@d", "Name <a@example.org>", "a@example.org\r\nBcc: b@example.org"} {
		if reason, ok := final(send(t, c, message(to))); !ok || reason != notice.BadAddress {
			t.Errorf("address %q is not refused as bad", to)
		}
	}
	if box.Last() != 0 {
		t.Fatalf("%d mails arrived", box.Last())
	}
}

func send(t *testing.T, c *mail.Client, m notice.Message) error {
	t.Helper()
	_, err := c.Send(t.Context(), m)
	return err
}

func TestDeadAndHangingServersAreLeftInTime(t *testing.T) {
	s, box := provider(t, nil)
	c := client(t, s, nil)
	s.Die()
	if err := send(t, c, message(person)); err == nil {
		t.Fatal("a dead server takes a mail")
	} else if _, ok := final(err); ok {
		t.Fatalf("a dead server is final: %v", err)
	}
	if err := s.Revive(); err != nil {
		t.Fatal(err)
	}
	if err := send(t, c, message(person)); err != nil {
		t.Fatal(err)
	}
	if len(box.Messages(person, 0)) != 1 {
		t.Fatal("the mail did not arrive")
	}

	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	hanging := client(t, s, func(c *mail.Config) { c.Address = silent.Addr().String() })
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := hanging.Send(ctx, message(person)); err == nil {
		t.Fatal("a server that says nothing takes a mail")
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Fatalf("a server that says nothing held the mail for %v", took)
	}
}

func TestSubjectMakesNoHeader(t *testing.T) {
	s, box := provider(t, nil)
	c := client(t, s, nil)
	m := message(person)
	m.Subject = "code\r\nBcc: other@example.org\r\n\r\nbody"
	if err := send(t, c, m); err != nil {
		t.Fatal(err)
	}
	if got := box.Messages(person, 0); len(got) != 1 || got[0].Text != m.Text {
		t.Fatalf("a line end in the subject changed the mail: %+v", got)
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	for name, spoil := range map[string]func(*mail.Config){
		"no port":          func(c *mail.Config) { c.Address = "mail.example.org" },
		"no host":          func(c *mail.Config) { c.Address = ":25" },
		"an odd port":      func(c *mail.Config) { c.Address = "mail.example.org:smtp" },
		"no sender":        func(c *mail.Config) { c.From = "" },
		"no security":      func(c *mail.Config) { c.Security = "" },
		"unknown security": func(c *mail.Config) { c.Security = "none" },
		"no timeout":       func(c *mail.Config) { c.Timeout = 0 },
	} {
		cfg := mail.Default()
		cfg.Address, cfg.From = "mail.example.org:25", "codes@example.org"
		if _, err := mail.New(cfg); err != nil {
			t.Fatal(err)
		}
		spoil(&cfg)
		if _, err := mail.New(cfg); err == nil {
			t.Errorf("a configuration with %s is taken", name)
		}
	}
	for _, p := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(p, mail.Config{Password: "geheim12"}); strings.Contains(got, "geheim12") || strings.Contains(got, "67656865") {
			t.Errorf("%s prints the password", p)
		}
	}
}

// certificate is a new one of 127.0.0.1 with whoever trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
