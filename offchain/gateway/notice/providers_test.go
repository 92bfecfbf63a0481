package notice_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/mail"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/sms"
	"github.com/urna-vote/urna/testnet/inbox"
	"github.com/urna-vote/urna/testnet/mailbox"
	"github.com/urna-vote/urna/testnet/smsc"
)

// providers are both simulated providers with the gateway's real clients and
// outbox before them, over TCP.
type providers struct {
	t      *testing.T
	smsc   *smsc.Server
	phones *inbox.Inbox
	boxes  *inbox.Inbox
	outbox *notice.Outbox
}

const capacity = 50

func connect(t *testing.T) *providers {
	t.Helper()
	p := &providers{t: t, phones: inbox.New(), boxes: inbox.New()}
	var err error
	if p.smsc, err = smsc.Start(smsc.Config{Address: "127.0.0.1:0", Accounts: map[string]string{"issuer1": "secret"}, Inbox: p.phones, Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.smsc.Close() })
	smtp, err := mailbox.Start(mailbox.Config{Address: "127.0.0.1:0", Inbox: p.boxes, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = smtp.Close() })

	s := sms.Default()
	s.Address, s.SystemID, s.Password, s.Sender = p.smsc.Addr(), "issuer1", "secret", "URNA"
	s.Retry, s.RetryMax, s.Rate = 10*time.Millisecond, 50*time.Millisecond, 1000
	s.Now, s.Log = time.Now, slog.New(slog.DiscardHandler)
	phone, err := sms.New(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = phone.Close() })
	m := mail.Default()
	m.Address, m.From, m.Security = smtp.Addr(), "codes@example.org", mail.Offered
	post, err := mail.New(m)
	if err != nil {
		t.Fatal(err)
	}

	cfg := notice.Default()
	cfg.Senders = map[notice.Channel]notice.Sender{notice.SMS: phone, notice.Mail: post}
	cfg.Capacity, cfg.Workers = capacity, 8
	cfg.Retry, cfg.RetryMax, cfg.SlowAfter = 20*time.Millisecond, 100*time.Millisecond, 400*time.Millisecond
	cfg.Now, cfg.Random = time.Now, rand.Reader
	if p.outbox, err = notice.New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = p.outbox.Close(ctx) // what a test left waiting is reported to nobody
	})
	p.until("SMS is good", func() bool { return p.condition(notice.SMS) == notice.Good })
	return p
}

func (p *providers) condition(ch notice.Channel) notice.Condition {
	return p.outbox.Health(ch).Condition
}

func (p *providers) until(what string, ok func() bool) {
	p.t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("after 20 s still not so: %s", what)
		}
	}
}

func phoneOf(i int) string   { return fmt.Sprintf("+7900000%04d", i) }
func mailboxOf(i int) string { return fmt.Sprintf("voter%d@example.org", i) }

func (p *providers) offer(ch notice.Channel, i int, valid time.Duration) (notice.Ticket, error) {
	m := notice.Message{Channel: ch, To: phoneOf(i), Text: fmt.Sprintf("Код %06d, организация 1 из 2", i), Until: time.Now().Add(valid)}
	if ch == notice.Mail {
		m.To, m.Subject = mailboxOf(i), "Код"
	}
	return p.outbox.Offer(m)
}

func TestDeadProviderIsToldTrulyAndTheOtherChannelWorks(t *testing.T) {
	p := connect(t)
	p.smsc.Die()
	p.until("SMS is down", func() bool { return p.condition(notice.SMS) == notice.Down })

	// The queue is bounded and says so at once; nobody is told "sent".
	var brief, patient []notice.Ticket
	full := 0
	for i := range 2 * capacity {
		valid := time.Minute
		if i%2 == 0 {
			valid = 2 * time.Second
		}
		start := time.Now()
		ticket, err := p.offer(notice.SMS, i, valid)
		if took := time.Since(start); took > time.Second {
			t.Fatalf("an offer took %v", took)
		}
		switch {
		case errors.Is(err, notice.ErrFull):
			full++
		case err != nil:
			t.Fatal(err)
		case i%2 == 0:
			brief = append(brief, ticket)
		default:
			patient = append(patient, ticket)
		}
	}
	if full != capacity {
		t.Fatalf("%d of %d messages were refused, want %d", full, 2*capacity, capacity)
	}
	for _, ticket := range append(brief, patient...) {
		if s := p.outbox.State(ticket); s.Phase != notice.Queued && s.Phase != notice.Failed {
			t.Fatalf("a message to a dead provider is called %v", s.Phase)
		}
	}

	// The second channel carries on.
	ticket, err := p.offer(notice.Mail, 1, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	p.until("the mail is sent", func() bool { return p.outbox.State(ticket).Phase == notice.Sent })
	if got := p.boxes.Messages(mailboxOf(1), 0); len(got) != 1 || p.condition(notice.Mail) != notice.Good {
		t.Fatalf("the mailbox holds %d mails, mail is %v", len(got), p.condition(notice.Mail))
	}

	// Codes that are over are called failed and never leave; the others arrive.
	p.until("brief messages have failed", func() bool { return p.phase(brief, notice.Failed) })
	if err := p.smsc.Revive(); err != nil {
		t.Fatal(err)
	}
	p.until("patient messages are delivered", func() bool { return p.phase(patient, notice.Delivered) })
	for i := range 2 * capacity {
		want := 0
		if i%2 == 1 && i < capacity {
			want = 1
		}
		if got := p.phones.Messages(phoneOf(i), 0); len(got) != want {
			t.Fatalf("phone %d has %d messages, want %d", i, len(got), want)
		}
	}
	p.until("SMS is good again", func() bool { return p.condition(notice.SMS) != notice.Down })
}

func (p *providers) phase(tickets []notice.Ticket, want notice.Phase) bool {
	for _, ticket := range tickets {
		if p.outbox.State(ticket).Phase != want {
			return false
		}
	}
	return len(tickets) > 0
}

func TestSlowProviderIsCalledSlow(t *testing.T) {
	for name, b := range map[string]smsc.Behaviour{
		"it answers late":    {DelayMS: 1500},
		"it delivers late":   {DeliverMS: 1500},
		"it throttles":       {Throttle: 1 << 30},
		"it never reports":   {Mute: true},
		"it never answers":   {Silent: true},
		"it has system fits": {Status: 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := connect(t)
			p.smsc.Behave(b)
			for i := range 8 {
				if _, err := p.offer(notice.SMS, i, time.Minute); err != nil {
					t.Fatal(err)
				}
			}
			p.until("SMS is not called good", func() bool { return p.condition(notice.SMS) != notice.Good })
			if c := p.condition(notice.Mail); c != notice.Good {
				t.Fatalf("mail is %v", c)
			}
		})
	}
}

func TestDoublingProviderIsCountedOnce(t *testing.T) {
	p := connect(t)
	p.smsc.Behave(smsc.Behaviour{Duplicate: true})
	var tickets []notice.Ticket
	for i := range 20 {
		ticket, err := p.offer(notice.SMS, i, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		tickets = append(tickets, ticket)
	}
	p.until("all are delivered", func() bool { return p.phase(tickets, notice.Delivered) })
	p.until("all receipts have come twice", func() bool { return p.smsc.Counts().Receipts == 40 })
	if c := p.outbox.Counts(notice.SMS); c.Sent != 20 || c.Delivered != 20 || len(c.Failed) != 0 || c.Attempts != 20 {
		t.Fatalf("counts are %+v", c)
	}
	for i := range 20 {
		got := p.phones.Messages(phoneOf(i), 0)
		if len(got) != 2 || got[0].Text != got[1].Text {
			t.Fatalf("phone %d has %d messages: a doubled code must be the same code", i, len(got))
		}
	}
}

func TestProviderThatDiesAgainAndAgainLosesNothing(t *testing.T) {
	p := connect(t)
	p.smsc.Behave(smsc.Behaviour{DelayMS: 20})
	var tickets []notice.Ticket
	for i := range 40 {
		ticket, err := p.offer(notice.SMS, i, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		tickets = append(tickets, ticket)
		if i%10 == 5 {
			time.Sleep(30 * time.Millisecond)
			p.smsc.Die()
			if err := p.smsc.Revive(); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.until("every message is with the provider or the person", func() bool {
		for _, ticket := range tickets {
			if ph := p.outbox.State(ticket).Phase; ph != notice.Sent && ph != notice.Delivered {
				return false
			}
		}
		return true
	})
	p.until("every phone has its code", func() bool {
		for i := range 40 {
			if len(p.phones.Messages(phoneOf(i), 0)) == 0 {
				return false
			}
		}
		return true
	})
}
