package notice_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/notice"
)

// provider is a sender whose answers a test sets.
type provider struct {
	mu    sync.Mutex
	sent  []time.Time
	texts []string
	send  func(ctx context.Context, m notice.Message) (notice.Delivery, error)
	check error
}

func (p *provider) Send(ctx context.Context, m notice.Message) (notice.Delivery, error) {
	p.mu.Lock()
	p.sent = append(p.sent, time.Now())
	p.texts = append(p.texts, m.Text)
	send := p.send
	p.mu.Unlock()
	if send == nil {
		return notice.Delivery{}, nil
	}
	return send(ctx, m)
}

func (p *provider) Check() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.check
}

func (p *provider) answer(f func(context.Context, notice.Message) (notice.Delivery, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.send = f
}

func (p *provider) calls() []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]time.Time{}, p.sent...)
}

var errBusy = errors.New("provider is busy")

func busy(context.Context, notice.Message) (notice.Delivery, error) {
	return notice.Delivery{}, errBusy
}

// hang answers nothing until the message's time is over.
func hang(ctx context.Context, _ notice.Message) (notice.Delivery, error) {
	<-ctx.Done()
	return notice.Delivery{}, ctx.Err()
}

// run makes an outbox in virtual time.
func run(t *testing.T, change func(*notice.Config), test func(t *testing.T, o *notice.Outbox, sms, mail *provider)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sms, mail := &provider{}, &provider{}
		cfg := notice.Default()
		cfg.Senders = map[notice.Channel]notice.Sender{notice.SMS: sms, notice.Mail: mail}
		cfg.Now, cfg.Random = time.Now, rand.Reader
		if change != nil {
			change(&cfg)
		}
		o, err := notice.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = o.Close(ctx) // what a test left waiting is reported to nobody
		}()
		test(t, o, sms, mail)
	})
}

func message(ch notice.Channel, valid time.Duration) notice.Message {
	return notice.Message{Channel: ch, To: "+79000000001", Text: "код 123456", Until: time.Now().Add(valid)}
}

func offer(t *testing.T, o *notice.Outbox, m notice.Message) notice.Ticket {
	t.Helper()
	ticket, err := o.Offer(m)
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func want(t *testing.T, o *notice.Outbox, ticket notice.Ticket, phase notice.Phase, reason notice.Reason) {
	t.Helper()
	if s := o.State(ticket); s.Phase != phase || s.Reason != reason {
		t.Fatalf("message is %v for reason %v, want %v for %v", s.Phase, s.Reason, phase, reason)
	}
}

func TestStateFollowsAMessageToItsReceipt(t *testing.T) {
	run(t, nil, func(t *testing.T, o *notice.Outbox, sms, _ *provider) {
		receipt := make(chan notice.Outcome, 1)
		sms.answer(func(context.Context, notice.Message) (notice.Delivery, error) {
			time.Sleep(2 * time.Second)
			return notice.Delivery{Receipt: receipt}, nil
		})
		ticket := offer(t, o, message(notice.SMS, time.Minute))
		time.Sleep(time.Second)
		want(t, o, ticket, notice.Queued, notice.NoReason)
		time.Sleep(2 * time.Second)
		want(t, o, ticket, notice.Sent, notice.NoReason)
		receipt <- notice.Outcome{Delivered: true}
		want(t, o, ticket, notice.Delivered, notice.NoReason)
		if c := o.Counts(notice.SMS); c.Offered != 1 || c.Sent != 1 || c.Delivered != 1 {
			t.Fatalf("counts are %+v", c)
		}
	})
}

func TestUndeliveredMessageIsNotCalledSent(t *testing.T) {
	run(t, nil, func(t *testing.T, o *notice.Outbox, sms, _ *provider) {
		receipt := make(chan notice.Outcome, 1)
		receipt <- notice.Outcome{Reason: notice.Undelivered}
		sms.answer(func(context.Context, notice.Message) (notice.Delivery, error) {
			return notice.Delivery{Receipt: receipt}, nil
		})
		ticket := offer(t, o, message(notice.SMS, time.Minute))
		synctest.Wait()
		want(t, o, ticket, notice.Failed, notice.Undelivered)
	})
}

func TestFullQueueRefusesAtOnce(t *testing.T) {
	few := func(c *notice.Config) { c.Capacity, c.Workers = 3, 1 }
	run(t, few, func(t *testing.T, o *notice.Outbox, sms, _ *provider) {
		sms.answer(hang)
		for range 3 {
			offer(t, o, message(notice.SMS, time.Minute))
		}
		before := time.Now()
		if _, err := o.Offer(message(notice.SMS, time.Minute)); !errors.Is(err, notice.ErrFull) {
			t.Fatalf("a fourth message in a queue of three gives %v, want ErrFull", err)
		}
		if time.Since(before) != 0 {
			t.Fatal("the refusal took time")
		}
		if h := o.Health(notice.SMS); h.Condition != notice.Slow || h.Waiting != 3 {
			t.Fatalf("a full channel is %v with %d waiting", h.Condition, h.Waiting)
		}
		// The other channel has a queue of its own.
		ticket := offer(t, o, message(notice.Mail, time.Minute))
		synctest.Wait()
		want(t, o, ticket, notice.Sent, notice.NoReason)
		// Room comes back when the messages' time is over.
		time.Sleep(61 * time.Second)
		sms.answer(nil)
		ticket = offer(t, o, message(notice.SMS, time.Minute))
		synctest.Wait()
		want(t, o, ticket, notice.Sent, notice.NoReason)
		if c := o.Counts(notice.SMS); c.Full != 1 || c.Failed[notice.Expired] != 3 {
			t.Fatalf("counts are %+v", c)
		}
	})
}

func TestFailedMessageIsTriedAgainWithGrowingWaits(t *testing.T) {
	run(t, nil, func(t *testing.T, o *notice.Outbox, sms, _ *provider) {
		sms.answer(busy)
		start := time.Now()
		ticket := offer(t, o, message(notice.SMS, 5*time.Minute))
		time.Sleep(40 * time.Second)
		sms.answer(nil)
		time.Sleep(20 * time.Second)
		want(t, o, ticket, notice.Sent, notice.NoReason)
		var at []time.Duration
		for _, c := range sms.calls() {
			at = append(at, c.Sub(start))
		}
		got := fmt.Sprint(at)
		if got != "[0s 1s 3s 7s 15s 31s 51s]" {
			t.Fatalf("it was tried at %s", got)
		}
	})
}

func TestNothingIsSentAfterItsLastMoment(t *testing.T) {
	run(t, nil, func(t *testing.T, o *notice.Outbox, sms, _ *provider) {
		sms.answer(busy)
		until := time.Now().Add(30 * time.Second)
		ticket := offer(t, o, message(notice.SMS, 30*time.Second))
		late := offer(t, o, message(notice.SMS, -time.Second))
		time.Sleep(29 * time.Second)
		sms.answer(nil) // it works again, but the next try would be too late
		time.Sleep(4 * time.Minute)
		want(t, o, ticket, notice.Failed, notice.Expired)
		want(t, o, late, notice.Failed, notice.Expired)
		for _, c := range sms.calls() {
			if !c.Before(until) {
				t.Fatalf("it was handed over %v after its last moment", c.Sub(until))
			}
		}
	})
}

func TestHangingProviderIsLeftAtTheLastMoment(t *testing.T) {
	run(t, nil, func(t *testing.T, o *notice.Outbox, sms, _ *provider) {
		sms.answer(hang)
		ticket := offer(t, o, message(notice.SMS, 30*time.Second))
		time.Sleep(29 * time.Second)
		want(t, o, ticket, notice.Queued, notice.NoReason)
		time.Sleep(2 * time.Second)
		want(t, o, ticket, notice.Failed, notice.Expired)
	})
}

func TestRefusalIsFinal(t *testing.T) {
	run(t, nil, func(t *testing.T, o *notice.Outbox, sms, _ *provider) {
		sms.answer(func(context.Context, notice.Message) (notice.Delivery, error) {
			return notice.Delivery{}, fmt.Errorf("send: %w", &notice.Refusal{Reason: notice.BadAddress})
		})
		ticket := offer(t, o, message(notice.SMS, time.Minute))
		time.Sleep(time.Minute)
		want(t, o, ticket, notice.Failed, notice.BadAddress)
		if n := len(sms.calls()); n != 1 {
			t.Fatalf("it was tried %d times", n)
		}
		if h := o.Health(notice.SMS); h.Condition != notice.Good {
			t.Fatalf("a wrong number makes the channel %v", h.Condition)
		}
	})
}

func TestConditionOfAChannelIsTold(t *testing.T) {
	run(t, nil, func(t *testing.T, o *notice.Outbox, sms, mail *provider) {
		wantCondition := func(c notice.Condition) {
			t.Helper()
			if h := o.Health(notice.SMS); h.Condition != c {
				t.Fatalf("the channel is %v (%+v), want %v", h.Condition, h, c)
			}
			if h := o.Health(notice.Mail); h.Condition != notice.Good {
				t.Fatalf("the other channel is %v", h.Condition)
			}
		}
		wantCondition(notice.Good)

		// Taken, and delivered late.
		sms.answer(func(context.Context, notice.Message) (notice.Delivery, error) {
			receipt := make(chan notice.Outcome, 1)
			time.AfterFunc(40*time.Second, func() { receipt <- notice.Outcome{Delivered: true} })
			return notice.Delivery{Receipt: receipt}, nil
		})
		for range 5 {
			offer(t, o, message(notice.SMS, time.Minute))
		}
		time.Sleep(10 * time.Second)
		wantCondition(notice.Good)
		time.Sleep(12 * time.Second)
		wantCondition(notice.Slow)

		// What is long ago says nothing.
		time.Sleep(6 * time.Minute)
		wantCondition(notice.Good)

		// Failing.
		sms.answer(busy)
		for range 5 {
			offer(t, o, message(notice.SMS, time.Minute))
		}
		time.Sleep(2 * time.Second)
		wantCondition(notice.Down)
		sms.answer(nil)
		time.Sleep(10 * time.Second)
		wantCondition(notice.Good)

		// Not connected.
		sms.mu.Lock()
		sms.check = errBusy
		sms.mu.Unlock()
		wantCondition(notice.Down)
	})
}

func TestWaitingMessagesMakeAChannelSlow(t *testing.T) {
	one := func(c *notice.Config) { c.Workers = 1 }
	run(t, one, func(t *testing.T, o *notice.Outbox, sms, _ *provider) {
		sms.answer(hang)
		offer(t, o, message(notice.SMS, 5*time.Minute))
		time.Sleep(25 * time.Second)
		if h := o.Health(notice.SMS); h.Condition != notice.Slow || h.Oldest < 20*time.Second {
			t.Fatalf("a message in a hanging provider's hands for 25 s makes the channel %v, oldest %v", h.Condition, h.Oldest)
		}
	})
}

func TestMessagesLeaveInTheirOrder(t *testing.T) {
	one := func(c *notice.Config) { c.Workers = 1 }
	run(t, one, func(t *testing.T, o *notice.Outbox, sms, _ *provider) {
		for i := range 50 {
			m := message(notice.SMS, time.Minute)
			m.Text = fmt.Sprint(i)
			offer(t, o, m)
		}
		synctest.Wait()
		for i, text := range sms.texts {
			if text != fmt.Sprint(i) {
				t.Fatalf("message %d left as number %d", i, len(text))
			}
		}
		if len(sms.texts) != 50 {
			t.Fatalf("%d of 50 left", len(sms.texts))
		}
	})
}

func TestEndingSendsWhatItCanAndFailsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sms, mail := &provider{send: busy}, &provider{}
		cfg := notice.Default()
		cfg.Senders = map[notice.Channel]notice.Sender{notice.SMS: sms, notice.Mail: mail}
		cfg.Now, cfg.Random = time.Now, rand.Reader
		o, err := notice.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		stuck := offer(t, o, message(notice.SMS, time.Hour))
		quick := offer(t, o, message(notice.Mail, time.Hour))
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := o.Close(ctx); err == nil {
			t.Fatal("closing with a message left says nothing")
		}
		want(t, o, stuck, notice.Failed, notice.Stopped)
		want(t, o, quick, notice.Sent, notice.NoReason)
		if _, err := o.Offer(message(notice.Mail, time.Hour)); !errors.Is(err, notice.ErrClosed) {
			t.Fatalf("an offer after the end gives %v", err)
		}
	})
}

func TestFinishedMessagesAreForgotten(t *testing.T) {
	run(t, nil, func(t *testing.T, o *notice.Outbox, _, _ *provider) {
		ticket := offer(t, o, message(notice.SMS, time.Minute))
		time.Sleep(5 * time.Minute)
		want(t, o, ticket, notice.Sent, notice.NoReason)
		time.Sleep(2 * time.Minute)
		want(t, o, ticket, notice.Unknown, notice.NoReason)
	})
}

func TestWrongMessagesAreRefused(t *testing.T) {
	onlyMail := func(c *notice.Config) { delete(c.Senders, notice.SMS) }
	run(t, onlyMail, func(t *testing.T, o *notice.Outbox, _, _ *provider) {
		if _, err := o.Offer(message(notice.SMS, time.Minute)); !errors.Is(err, notice.ErrAbsent) {
			t.Fatalf("a channel that is not there gives %v", err)
		}
		if h := o.Health(notice.SMS); h.Condition != notice.Absent {
			t.Fatalf("a channel that is not there is %v", h.Condition)
		}
		for name, spoil := range map[string]func(*notice.Message){
			"no recipient":   func(m *notice.Message) { m.To = "" },
			"no text":        func(m *notice.Message) { m.Text = "" },
			"long text":      func(m *notice.Message) { m.Text = string(make([]byte, notice.MaxText+1)) },
			"long subject":   func(m *notice.Message) { m.Subject = string(make([]byte, notice.MaxText+1)) },
			"no last moment": func(m *notice.Message) { m.Until = time.Time{} },
		} {
			m := message(notice.Mail, time.Minute)
			spoil(&m)
			if _, err := o.Offer(m); err == nil {
				t.Errorf("a message with %s is taken", name)
			}
		}
	})
}
