package daemon

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/mail"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/sms"
)

// messages makes the outbox of the channels that the settings name, and what
// closes their connections.
func messages(cfg config.Config, log *slog.Logger) (*notice.Outbox, func() error, error) {
	senders := map[notice.Channel]notice.Sender{}
	end := func() error { return nil }
	if cfg.SMS.Address != "" {
		client, err := smsClient(cfg.SMS, log)
		if err != nil {
			return nil, nil, err
		}
		senders[notice.SMS], end = client, client.Close
	}
	if cfg.Mail.Address != "" {
		client, err := mailClient(cfg.Mail)
		if err != nil {
			return nil, nil, errors.Join(err, end())
		}
		senders[notice.Mail] = client
	}
	c := notice.Default()
	c.Senders, c.Now, c.Random, c.Log = senders, time.Now, rand.Reader, log
	outbox, err := notice.New(c)
	if err != nil {
		return nil, nil, errors.Join(err, end())
	}
	return outbox, end, nil
}

func smsClient(s config.SMS, log *slog.Logger) (*sms.Client, error) {
	password, err := readSecret(s.PasswordFile)
	if err != nil {
		return nil, fmt.Errorf("read password of the SMS centre: %w", err)
	}
	c := sms.Default()
	c.Address, c.SystemID, c.Password, c.Sender, c.Now, c.Log = s.Address, s.SystemID, sms.Password(password), s.Sender, time.Now, log
	c.UCS2 = s.UCS2
	if s.Rate > 0 {
		c.Rate = float64(s.Rate)
	}
	if s.TLS {
		host, _, err := net.SplitHostPort(s.Address)
		if err != nil {
			return nil, fmt.Errorf("address of the SMS centre: %w", err)
		}
		c.TLS = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	}
	return sms.New(c)
}

func mailClient(m config.Mail) (*mail.Client, error) {
	c := mail.Default()
	c.Address, c.Username, c.From = m.Address, m.Username, m.From
	if m.Username != "" {
		password, err := readSecret(m.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("read password of the mail server: %w", err)
		}
		c.Password = mail.Password(password)
	}
	// Neither a password nor a code goes over an open line: whoever is on it takes
	// the offer of STARTTLS out. To this machine itself nobody is.
	if c.Security = mail.Required; m.Username == "" && onThisMachine(m.Address) {
		c.Security = mail.Offered
	}
	if m.Security != "" {
		c.Security = mail.Security(m.Security)
	}
	return mail.New(c)
}

func onThisMachine(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || (ip != nil && ip.IsLoopback()))
}
