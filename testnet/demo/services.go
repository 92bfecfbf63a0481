package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/testnet/portal"
)

// services are what gateways need of others: the state portal, an SMS centre, a
// mail server. Each is a process; what telephones and mailboxes got is read over
// a control address.
type services struct {
	portal                string // the portal's issuer address
	sms, phones           string
	smtp, mails           string
	processes             []*process
	clients               []portal.Client
	smsAccounts, smsPairs []string
}

// secret draws a short password.
func secret(bytes int) (string, error) {
	b := make([]byte, bytes)
	_, err := rand.Read(b)
	return hex.EncodeToString(b), err
}

// registerClient gives an organisation its account at portal and SMS centre and
// writes the log-in sections of its settings.
func (d *demo) registerClient(g *gateway, russian string, person bool) error {
	clientSecret, err := secret(16)
	if err != nil {
		return err
	}
	smsPassword, err := secret(4)
	if err != nil {
		return err
	}
	for name, text := range map[string]string{"portal.secret": clientSecret, "sms.secret": smsPassword} {
		if err := os.WriteFile(filepath.Join(g.home, name), []byte(text+"\n"), 0o600); err != nil {
			return err
		}
	}
	s := &d.services
	s.clients = append(s.clients, portal.Client{
		ID: g.name, Secret: clientSecret, Person: person, Redirects: []string{g.public + "/login/callback"},
		Name: map[string]string{"ru": russian, "en": g.name},
	})
	s.smsPairs = append(s.smsPairs, g.name+":"+smsPassword)
	return g.configure(func(c *config.Config) {
		c.Public = g.public
		c.Login = config.Login{Kind: config.LoginOIDC, Issuer: s.portal, ClientID: g.name, ClientSecretFile: "portal.secret", Digits: 6}
		c.SMS = config.SMS{Address: s.sms, SystemID: g.name, PasswordFile: "sms.secret", Sender: "URNA", Rate: 2000}
		c.Mail = config.Mail{Address: s.smtp, From: g.name + "@example.org"}
		// All voters of the demonstration share one address, and come at once.
		c.Limits.PerAddress, c.Room.PerSecond = 10_000_000, 150
	})
}

// configure changes a gateway's settings.
func (g *gateway) configure(change func(*config.Config)) error {
	c, err := config.Load(g.config(), nil)
	if err != nil {
		return err
	}
	change(&c)
	if err := c.Validate(); err != nil {
		return fmt.Errorf("settings of %s: %w", g.name, err)
	}
	return os.WriteFile(g.config(), c.Marshal(), 0o600)
}

// addresses takes free ports for the services.
func (s *services) addresses() error {
	var address string
	for _, into := range []*string{&address, &s.sms, &s.phones, &s.smtp, &s.mails} {
		var err error
		if *into, err = freeAddress(); err != nil {
			return err
		}
	}
	s.portal, s.phones, s.mails = "http://"+address, "http://"+s.phones, "http://"+s.mails
	return nil
}

// startServices runs the portal with everybody's account, the SMS centre and the
// mail server.
func (d *demo) startServices(ctx context.Context) error {
	s := &d.services
	if err := d.writePeople(); err != nil {
		return err
	}
	clients, err := os.OpenFile(d.path("portal", "clients.json"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(portal.WriteClients(clients, s.clients), clients.Close()); err != nil {
		return err
	}
	sms := []string{"--listen", s.sms, "--control", s.phones[len("http://"):]}
	for _, pair := range s.smsPairs {
		sms = append(sms, "--account", pair)
	}
	for _, run := range []struct {
		program string
		args    []string
		alive   string
	}{
		{"urna-portal", []string{"--listen", s.portal[len("http://"):], "--accounts", d.path("portal", "accounts.json"), "--clients", d.path("portal", "clients.json")},
			s.portal + "/.well-known/openid-configuration"},
		{"urna-smsc", sms, s.phones + "/health"},
		{"urna-mailbox", []string{"--listen", s.smtp, "--control", s.mails[len("http://"):]}, s.mails + "/health"},
	} {
		p, err := d.start(run.program, run.program, run.args...)
		if err != nil {
			return err
		}
		s.processes = append(s.processes, p)
		if err := p.awaitAlive(ctx, run.program, run.alive); err != nil {
			return err
		}
	}
	fmt.Fprintf(d.out, "        portal %s, telephones %s, mailboxes %s\n", s.portal, s.phones, s.mails)
	return nil
}

// awaitAlive waits until the process answers at an address.
func (p *process) awaitAlive(ctx context.Context, name, url string) error {
	for deadline := time.Now().Add(30 * time.Second); ; {
		answer, err := http.Get(url)
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode < http.StatusMultipleChoices {
				return nil
			}
		}
		select {
		case err := <-p.done:
			text, _ := os.ReadFile(p.log)
			return fmt.Errorf("%s ended: %w\n%s", name, errors.Join(err), tail(text, 1000))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not answer at %s", name, url)
		}
	}
}

func (s *services) stop() {
	for _, p := range s.processes {
		p.stop(syscall.SIGTERM)
	}
}

// balance is the address before a gateway's replicas, as an operator's load
// balancer would be: each connection goes to the next replica that takes it.
func balance(ctx context.Context, listener net.Listener, replicas []string) {
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	for n := 0; ; n++ {
		front, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer front.Close()
			for i := range replicas {
				back, err := net.Dial("tcp", replicas[(n+i)%len(replicas)])
				if err != nil {
					continue
				}
				defer back.Close()
				join(front, back)
				return
			}
		}()
	}
}
