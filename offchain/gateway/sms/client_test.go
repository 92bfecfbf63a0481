package sms_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/sms"
	"github.com/urna-vote/urna/testnet/inbox"
	"github.com/urna-vote/urna/testnet/smsc"
)

const phone = "+79000000001"

// centre starts a simulated centre on a free port.
func centre(t *testing.T) (*smsc.Server, *inbox.Inbox) {
	t.Helper()
	box := inbox.New()
	s, err := smsc.Start(smsc.Config{
		Address: "127.0.0.1:0", Accounts: map[string]string{"issuer1": "secret"}, Inbox: box, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, box
}

// client connects to a centre with quick settings.
func client(t *testing.T, address string, change func(*sms.Config)) *sms.Client {
	t.Helper()
	cfg := sms.Default()
	cfg.Address, cfg.SystemID, cfg.Password, cfg.Sender = address, "issuer1", "secret", "URNA"
	cfg.Rate, cfg.Retry, cfg.RetryMax = 2000, 10*time.Millisecond, 50*time.Millisecond
	cfg.Timeout, cfg.Enquire = 2*time.Second, time.Second
	cfg.Now, cfg.Log = time.Now, slog.New(slog.DiscardHandler)
	if change != nil {
		change(&cfg)
	}
	c, err := sms.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after 10 s still not so: %s", what)
		}
	}
}

func bound(t *testing.T, c *sms.Client) {
	t.Helper()
	until(t, "the client is bound", func() bool { return c.Check() == nil })
}

func text(to, s string) notice.Message {
	return notice.Message{Channel: notice.SMS, To: to, Text: s, Until: time.Now().Add(time.Minute)}
}

func send(t *testing.T, c *sms.Client, m notice.Message) notice.Delivery {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	d, err := c.Send(ctx, m)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func received(t *testing.T, box *inbox.Inbox, to string) inbox.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got := box.Wait(ctx, to, 0)
	if len(got) == 0 {
		t.Fatal("the phone received nothing")
	}
	return got[0]
}

func outcome(t *testing.T, d notice.Delivery) notice.Outcome {
	t.Helper()
	select {
	case o := <-d.Receipt:
		return o
	case <-time.After(10 * time.Second):
		t.Fatal("no receipt came")
	}
	return notice.Outcome{}
}

func TestTextsOfAllAlphabetsArriveAsTheyWere(t *testing.T) {
	s, box := centre(t)
	c := client(t, s.Addr(), nil)
	bound(t, c)
	for i, tc := range []struct {
		name, text, coding string
		parts              int
	}{
		{"Russian", "Код 482913 для получения бюллетеня, организация 1 из 2.", "ucs2", 1},
		{"English", "Code 482913 for receiving a ballot, organisation 1 of 2.", "gsm7", 1},
		{"escaped characters", "[482913] {€5} ^~\\|", "gsm7", 1},
		{"160 septets", strings.Repeat("a", 160), "gsm7", 1},
		{"161 septets", strings.Repeat("a", 161), "gsm7", 2},
		{"an escape at the seam", strings.Repeat("a", 152) + "€" + strings.Repeat("b", 20), "gsm7", 2},
		{"escapes alone", strings.Repeat("€", 80), "gsm7", 1},
		{"70 letters", strings.Repeat("я", 70), "ucs2", 1},
		{"71 letters", strings.Repeat("я", 71), "ucs2", 2},
		{"a surrogate pair at the seam", strings.Repeat("я", 66) + "🗳" + strings.Repeat("ю", 10), "ucs2", 2},
		{"a long text", strings.Repeat("Организация 1 из 2. ", 18), "ucs2", 6},
	} {
		t.Run(tc.name, func(t *testing.T) {
			to := fmt.Sprintf("+7900000%04d", i)
			d := send(t, c, text(to, tc.text))
			got := received(t, box, to)
			if got.Text != tc.text || got.Coding != tc.coding || got.Parts != tc.parts {
				t.Fatalf("the phone shows %q in %s, %d parts", got.Text, got.Coding, got.Parts)
			}
			if got.From != "URNA" || got.Account != "issuer1" {
				t.Fatalf("it comes from %q of %q", got.From, got.Account)
			}
			if o := outcome(t, d); !o.Delivered {
				t.Fatal("the receipt of all parts says that it was not delivered")
			}
		})
	}
}

func TestManyAtOnceArriveOnceEach(t *testing.T) {
	t.Parallel()
	s, box := centre(t)
	s.Behave(smsc.Behaviour{DelayMS: 5})
	c := client(t, s.Addr(), func(c *sms.Config) { c.Window = 8 })
	bound(t, c)
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			d := send(t, c, text(fmt.Sprintf("+7900000%04d", i), fmt.Sprintf("код %06d", i)))
			if o := outcome(t, d); !o.Delivered {
				t.Errorf("message %d was not delivered", i)
			}
		})
	}
	all.Wait()
	for i := range 200 {
		got := box.Messages(fmt.Sprintf("+7900000%04d", i), 0)
		if len(got) != 1 || got[0].Text != fmt.Sprintf("код %06d", i) {
			t.Fatalf("phone %d has %d messages", i, len(got))
		}
	}
}

func TestThrottlingSlowsDownAndLosesNothing(t *testing.T) {
	t.Parallel()
	s, box := centre(t)
	s.Behave(smsc.Behaviour{Rate: 40})
	c := client(t, s.Addr(), func(c *sms.Config) { c.Rate = 200 })
	bound(t, c)
	var all sync.WaitGroup
	for i := range 120 {
		all.Go(func() { send(t, c, text(fmt.Sprintf("+7900000%04d", i), "код 111111")) })
	}
	all.Wait()
	until(t, "120 phones have their message", func() bool { return box.Last() == 120 })
	n := s.Counts()
	if n.Throttled == 0 {
		t.Fatal("the centre throttled nothing: the test shows nothing")
	}
	// Without slowing down each message would be refused again and again.
	if n.Throttled > 2*120 {
		t.Fatalf("%d submissions for 120 messages were too many for the centre", n.Throttled)
	}
}

func TestUndeliveredMessageIsReported(t *testing.T) {
	s, box := centre(t)
	s.Behave(smsc.Behaviour{Drop: true})
	c := client(t, s.Addr(), nil)
	bound(t, c)
	d := send(t, c, text(phone, strings.Repeat("длинный текст ", 10)))
	if o := outcome(t, d); o.Delivered || o.Reason != notice.Undelivered {
		t.Fatalf("a message that no phone received is reported as %+v", o)
	}
	if len(box.Messages(phone, 0)) != 0 {
		t.Fatal("the phone received it")
	}
}

func TestReceiptsThatComeTwiceCountOnce(t *testing.T) {
	s, box := centre(t)
	s.Behave(smsc.Behaviour{Duplicate: true})
	c := client(t, s.Addr(), nil)
	bound(t, c)
	d := send(t, c, text(phone, strings.Repeat("длинный текст ", 10)))
	if o := outcome(t, d); !o.Delivered {
		t.Fatal("it was not delivered")
	}
	until(t, "both messages and four receipts have come", func() bool {
		return len(box.Messages(phone, 0)) == 2 && s.Counts().Receipts == 6
	})
	select {
	case o := <-d.Receipt:
		t.Fatalf("a second outcome came: %+v", o)
	case <-time.After(50 * time.Millisecond):
	}
	send(t, c, text("+79000000002", "код 111111")) // the session still works
}

func TestCentreIsToldWhenAMessageIsWorthless(t *testing.T) {
	t.Parallel()
	s, box := centre(t)
	s.Behave(smsc.Behaviour{DeliverMS: 2500})
	c := client(t, s.Addr(), nil)
	bound(t, c)
	m := text(phone, "код 111111")
	m.Until = time.Now().Add(2 * time.Second)
	d := send(t, c, m)
	if o := outcome(t, d); o.Delivered {
		t.Fatal("a code that was over was delivered")
	}
	if len(box.Messages(phone, 0)) != 0 {
		t.Fatal("the phone received a code that was over")
	}
	for _, tc := range []struct {
		left time.Duration
		want string
	}{
		{5 * time.Minute, "000000000500000R"},
		{90*time.Minute + 5*time.Second, "000000013005000R"},
		{26 * time.Hour, "000001020000000R"},
		{time.Millisecond, "000000000001000R"},
		{1000 * 24 * time.Hour, "000099000000000R"},
	} {
		if got := sms.Validity(tc.left); got != tc.want {
			t.Errorf("%v is %q, want %q", tc.left, got, tc.want)
		}
	}
}

func TestDyingCentreIsFoundAgain(t *testing.T) {
	t.Parallel()
	s, box := centre(t)
	c := client(t, s.Addr(), nil)
	bound(t, c)
	for round := range 3 {
		s.Die()
		until(t, "the client knows that the centre is dead", func() bool { return c.Check() != nil })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := c.Send(ctx, text(phone, "код 111111"))
		cancel()
		var refusal *notice.Refusal
		if err == nil || errors.As(err, &refusal) {
			t.Fatalf("sending to a dead centre gives %v, want a temporary error", err)
		}
		if err := s.Revive(); err != nil {
			t.Fatal(err)
		}
		bound(t, c)
		send(t, c, text(phone, "код 111111"))
		until(t, "the message arrives", func() bool { return len(box.Messages(phone, 0)) == round+1 })
	}
}

func TestReceiptsFindTheirMessageOverANewConnection(t *testing.T) {
	t.Parallel()
	s, _ := centre(t)
	s.Behave(smsc.Behaviour{DeliverMS: 300})
	c := client(t, s.Addr(), nil)
	bound(t, c)
	d := send(t, c, text(phone, "код 111111"))
	s.Die()
	time.Sleep(400 * time.Millisecond) // the phone has it, the receipt has nowhere to go
	if err := s.Revive(); err != nil {
		t.Fatal(err)
	}
	if o := outcome(t, d); !o.Delivered {
		t.Fatal("it was not delivered")
	}
}

func TestSilentCentreGivesATemporaryError(t *testing.T) {
	t.Parallel()
	s, _ := centre(t)
	s.Behave(smsc.Behaviour{Silent: true})
	c := client(t, s.Addr(), func(c *sms.Config) { c.Answer = 100 * time.Millisecond })
	bound(t, c)
	_, err := c.Send(t.Context(), text(phone, "код 111111"))
	var refusal *notice.Refusal
	if err == nil || errors.As(err, &refusal) {
		t.Fatalf("no answer gives %v, want a temporary error", err)
	}
	s.Behave(smsc.Behaviour{})
	send(t, c, text(phone, "код 111111"))
}

func TestAnswersSayWhatToDoNext(t *testing.T) {
	s, _ := centre(t)
	c := client(t, s.Addr(), nil)
	bound(t, c)
	for _, tc := range []struct {
		name   string
		status uint32
		reason notice.Reason // NoReason is temporary
	}{
		{"invalid destination", 0x0b, notice.BadAddress},
		{"rejected by the receiver", 0x66, notice.Rejected},
		{"system error", 0x08, notice.NoReason},
		{"submission failed", 0x45, notice.NoReason},
		{"a status of the provider's own", 0x0400, notice.NoReason},
	} {
		s.Behave(smsc.Behaviour{Status: tc.status})
		_, err := c.Send(t.Context(), text(phone, "код 482913"))
		var refusal *notice.Refusal
		final := errors.As(err, &refusal)
		if err == nil || final != (tc.reason != notice.NoReason) || (final && refusal.Reason != tc.reason) {
			t.Errorf("%s gives %v", tc.name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "7900") || strings.Contains(err.Error(), "482913")) {
			t.Errorf("%s: the error tells number or text: %v", tc.name, err)
		}
	}
	s.Behave(smsc.Behaviour{Unknown: []string{phone}})
	var refusal *notice.Refusal
	if _, err := c.Send(t.Context(), text(phone, "x")); !errors.As(err, &refusal) || refusal.Reason != notice.BadAddress {
		t.Errorf("a phone that does not exist gives %v", err)
	}
	for _, to := range []string{"", "+", "79000000001", "+7900abc0001", "+123456", "+1234567890123456", "+7 900 000 00 01"} {
		if _, err := c.Send(t.Context(), text(to, "x")); !errors.As(err, &refusal) || refusal.Reason != notice.BadAddress {
			t.Errorf("%q gives %v, want a bad address", to, err)
		}
	}
}

func TestWrongPasswordIsToldAndTriedAgain(t *testing.T) {
	s, _ := centre(t)
	var log safeBuffer
	c := client(t, s.Addr(), func(c *sms.Config) {
		c.Password = "wrong123"
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	until(t, "the centre refused twice", func() bool { return s.Counts().Refused >= 2 })
	err := c.Check()
	if err == nil || !strings.Contains(err.Error(), "0x0000000E") {
		t.Fatalf("a wrong password is told as %v", err)
	}
	if strings.Contains(log.String(), "wrong123") {
		t.Fatal("the log holds the password")
	}
}

func TestTheLogHoldsNothingOfAMessage(t *testing.T) {
	s, box := centre(t)
	var log safeBuffer
	c := client(t, s.Addr(), func(c *sms.Config) {
		c.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	bound(t, c)
	send(t, c, text("+79007654321", "код 482913"))
	received(t, box, "+79007654321")
	s.Die()
	until(t, "the loss is logged", func() bool { return strings.Contains(log.String(), "lost") })
	for _, secret := range []string{"79007654321", "482913", "secret"} {
		if strings.Contains(log.String(), secret) {
			t.Fatalf("the log holds %q: %s", secret, log.String())
		}
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	for name, spoil := range map[string]func(*sms.Config){
		"no address":        func(c *sms.Config) { c.Address = "" },
		"no system_id":      func(c *sms.Config) { c.SystemID = "" },
		"a long system_id":  func(c *sms.Config) { c.SystemID = strings.Repeat("x", 16) },
		"a long password":   func(c *sms.Config) { c.Password = "123456789" },
		"a long sender":     func(c *sms.Config) { c.Sender = "twelve chars" },
		"a zero byte":       func(c *sms.Config) { c.Sender = "a\x00b" },
		"no rate":           func(c *sms.Config) { c.Rate = 0 },
		"no window":         func(c *sms.Config) { c.Window = 0 },
		"no clock":          func(c *sms.Config) { c.Now = nil },
		"retry beyond most": func(c *sms.Config) { c.Retry = time.Hour },
	} {
		cfg := sms.Default()
		cfg.Address, cfg.SystemID, cfg.Now, cfg.Log = "127.0.0.1:1", "x", time.Now, slog.New(slog.DiscardHandler)
		spoil(&cfg)
		if c, err := sms.New(cfg); err == nil {
			_ = c.Close()
			t.Errorf("a configuration with %s is taken", name)
		}
	}
	for _, p := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(p, sms.Config{Password: "geheim12"}); strings.Contains(got, "geheim12") || strings.Contains(got, "67656865") {
			t.Errorf("%s prints the password", p)
		}
	}
}

// safeBuffer is a log that one goroutine writes and another reads.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
