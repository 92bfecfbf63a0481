package sms

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"github.com/urna-vote/urna/offchain/gateway/notice"
)

// Client keeps a bound connection and sends over it. It is a notice.Sender and a
// notice.Checker.
type Client struct {
	cfg      Config
	from     pdu.Address
	pace     *pace
	receipts *receipts
	cancel   context.CancelFunc
	ended    chan struct{}

	mu    sync.Mutex
	link  *link // nil while not bound
	fault error // why not
	ref   byte  // of the last long message
}

// New makes a client and begins to connect; Close ends it.
func New(cfg Config) (*Client, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	from, err := source(cfg.Sender)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Client{
		cfg: cfg, from: from, pace: newPace(cfg.Rate), receipts: newReceipts(),
		cancel: cancel, ended: make(chan struct{}), fault: errNotBound,
	}
	go c.run(ctx)
	return c, nil
}

// Close unbinds and ends the connection.
func (c *Client) Close() error {
	c.cancel()
	<-c.ended
	return nil
}

// Check returns nil while the client is bound, else why it is not.
func (c *Client) Check() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link == nil {
		return c.fault
	}
	return nil
}

// Send hands a message over in as many parts as it needs.
func (c *Client) Send(ctx context.Context, m notice.Message) (notice.Delivery, error) {
	to, ok := destination(m.To)
	if !ok {
		return notice.Delivery{}, &notice.Refusal{Reason: notice.BadAddress}
	}
	coding, parts, err := segments(m.Text, c.cfg.UCS2)
	if err != nil {
		return notice.Delivery{}, &notice.Refusal{Reason: notice.Rejected}
	}
	t := newTracker(len(parts))
	ref := c.nextRef()
	for i, part := range parts {
		p := pdu.NewSubmitSM().(*pdu.SubmitSM)
		p.SourceAddr, p.DestAddr = c.from, to
		p.RegisteredDelivery = 1 // a receipt of the final outcome
		if err := p.Message.SetMessageDataWithEncoding(part, coding); err != nil {
			return notice.Delivery{}, &notice.Refusal{Reason: notice.Rejected}
		}
		if len(parts) > 1 {
			p.EsmClass = data.SM_UDH_GSM
			p.Message.SetUDH(pdu.UDH{pdu.NewIEConcatMessage(byte(len(parts)), byte(i+1), ref)})
		}
		if err := c.submit(ctx, p, t, m.Until); err != nil {
			return notice.Delivery{}, err
		}
	}
	return notice.Delivery{Receipt: t.outcome}, nil
}

// submit hands one part over, again and slower while the centre takes no more.
func (c *Client) submit(ctx context.Context, p *pdu.SubmitSM, t *tracker, until time.Time) error {
	for {
		if err := c.pace.wait(ctx); err != nil {
			return errThrottled
		}
		c.mu.Lock()
		l := c.link
		c.mu.Unlock()
		if l == nil {
			return errNotBound
		}
		left := until.Sub(c.cfg.Now())
		if left <= 0 {
			return &notice.Refusal{Reason: notice.Expired}
		}
		p.ValidityPeriod = validity(left)
		status, err := l.submit(ctx, p, t)
		if err != nil {
			return err
		}
		err = judge(status)
		if errors.Is(err, errThrottled) {
			c.pace.slow(c.cfg.Now())
			continue
		}
		c.pace.ease()
		return err
	}
}

// validity is a relative period in SMPP's form, YYMMDDhhmmsstnnR, of at least a
// second and at most 99 days.
func validity(left time.Duration) string {
	s := int64(min(max(left, time.Second), 99*24*time.Hour) / time.Second)
	return fmt.Sprintf("0000%02d%02d%02d%02d000R", s/86400, s/3600%24, s/60%60, s%60)
}

func (c *Client) nextRef() byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ref++
	return c.ref
}

// run keeps the client bound.
func (c *Client) run(ctx context.Context) {
	defer close(c.ended)
	pause := c.cfg.Retry
	for ctx.Err() == nil {
		l, err := connect(ctx, c.cfg, c.receipts)
		if err != nil {
			c.set(nil, err)
			c.cfg.Log.Warn("SMS centre is not connected", "error", err, "again_in", pause)
		} else {
			since := time.Now()
			c.set(l, nil)
			c.cfg.Log.Info("SMS centre is connected")
			select {
			case <-ctx.Done():
				c.set(nil, notice.ErrClosed)
				l.unbind()
				return
			case <-l.lost:
			}
			c.set(nil, errLost)
			if time.Since(since) >= c.cfg.Enquire {
				pause = c.cfg.Retry
			}
			c.cfg.Log.Warn("SMS centre's connection was lost", "again_in", pause)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
		pause = min(2*pause, c.cfg.RetryMax)
	}
	c.set(nil, notice.ErrClosed)
}

func (c *Client) set(l *link, fault error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link, c.fault = l, fault
}
