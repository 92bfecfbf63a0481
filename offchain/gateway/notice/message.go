package notice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Channel is a way to reach a person.
type Channel uint8

// The channels.
const (
	SMS Channel = iota + 1
	Mail
)

// Channels lists all that exist, in the order they are offered to people.
func Channels() []Channel { return []Channel{SMS, Mail} }

// String is the channel's name in the API and in metrics.
func (c Channel) String() string {
	switch c {
	case SMS:
		return "sms"
	case Mail:
		return "mail"
	}
	return fmt.Sprintf("channel(%d)", uint8(c))
}

// ParseChannel reads the name of a channel.
func ParseChannel(name string) (Channel, error) {
	for _, c := range Channels() {
		if c.String() == name {
			return c, nil
		}
	}
	return 0, errors.New("read channel: it is neither sms nor mail")
}

// Message is one text for one person. It prints as a redaction in every format
// and marshals as one: what it holds is for the provider alone.
type Message struct {
	Channel Channel
	// To is a phone number in international form ("+79000000000") or a mail
	// address.
	To string
	// Subject is the mail's; an SMS has none.
	Subject string
	// Text is plain text in any language, at most MaxText bytes.
	Text string
	// Until is the last moment at which sending makes sense: a code's expiry. It
	// is not handed to a provider later, also not by a retry.
	Until time.Time
}

// MaxText bounds a message's text and its subject, in bytes. Five SMS of
// Cyrillic fit.
const MaxText = 700

const redacted = "notice.Message(redacted)"

// Format prints the redaction whatever the verb.
func (m Message) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// String is the redaction.
func (m Message) String() string { return redacted }

// MarshalText is the redaction, which JSON and XML use too.
func (m Message) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue is the redaction in a log.
func (m Message) LogValue() slog.Value { return slog.StringValue(redacted) }

// Sender hands messages of one channel to a provider. Send blocks until the
// provider has taken the message or refused it, or ctx ends; it is called by
// several goroutines. An error that wraps a Refusal is for good; every other is
// temporary, and the message is sent again. Its text holds no recipient and no
// part of the message.
type Sender interface {
	Send(ctx context.Context, m Message) (Delivery, error)
}

// Checker is a Sender that knows whether its provider can be reached now.
type Checker interface {
	// Check returns nil, or why nothing can be sent at this moment.
	Check() error
}

// Delivery is a message that a provider took.
type Delivery struct {
	// Receipt yields one outcome when the provider reports one, and may stay
	// silent for ever. It is nil for a channel without receipts. It has room for
	// the outcome: whoever sends into it never waits.
	Receipt <-chan Outcome
}

// Outcome is what a provider reports of a message it took.
type Outcome struct {
	Delivered bool
	// Reason says why not.
	Reason Reason
}

// Refusal is a provider's final answer that it does not take the message.
type Refusal struct{ Reason Reason }

func (r *Refusal) Error() string { return "message refused: " + r.Reason.String() }
