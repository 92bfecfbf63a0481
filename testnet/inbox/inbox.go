package inbox

import (
	"context"
	"sync"
	"time"
)

// Message is what one phone or mailbox received.
type Message struct {
	Seq     uint64    `json:"seq"` // ascending over all addresses, from 1
	At      time.Time `json:"at"`
	Account string    `json:"account"` // who sent it: the provider's client
	From    string    `json:"from"`
	To      string    `json:"to"`
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text"`
	Parts   int       `json:"parts"`  // of a long SMS
	Coding  string    `json:"coding"` // gsm7, ucs2, or of a mail its transfer: plain, tls
}

// Inbox holds messages by address.
type Inbox struct {
	mu      sync.Mutex
	seq     uint64
	byTo    map[string][]Message
	changed chan struct{} // closed and replaced at each message
}

// New makes an empty inbox.
func New() *Inbox {
	return &Inbox{byTo: map[string][]Message{}, changed: make(chan struct{})}
}

// Put adds a message and gives it its number.
func (b *Inbox) Put(m Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seq++
	m.Seq = b.seq
	b.byTo[m.To] = append(b.byTo[m.To], m)
	close(b.changed)
	b.changed = make(chan struct{})
}

// Messages returns what an address received after a number, oldest first.
func (b *Inbox) Messages(to string, after uint64) []Message {
	found, _ := b.look(to, after)
	return found
}

func (b *Inbox) look(to string, after uint64) ([]Message, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := []Message{}
	for _, m := range b.byTo[to] {
		if m.Seq > after {
			found = append(found, m)
		}
	}
	return found, b.changed
}

// Wait returns what an address received after a number, as soon as there is
// anything, or nothing when ctx ends.
func (b *Inbox) Wait(ctx context.Context, to string, after uint64) []Message {
	for {
		found, changed := b.look(to, after)
		if len(found) > 0 {
			return found
		}
		select {
		case <-ctx.Done():
			return found
		case <-changed:
		}
	}
}

// Last returns the number of the newest message of all.
func (b *Inbox) Last() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seq
}

// Forget drops all messages; numbers go on.
func (b *Inbox) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.byTo)
}
