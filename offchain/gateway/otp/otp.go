package otp

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/urna-vote/urna/crypto/transcript"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/vault"
)

// Limits.
const (
	Valid  = 5 * time.Minute
	Resend = 60 * time.Second
	Tries  = 3

	DefaultDigits = 6
	MinDigits     = 5
	MaxDigits     = 10
)

// WaitError: the last code was sent less than Resend ago.
type WaitError struct{ Wait time.Duration }

func (e *WaitError) Error() string {
	return fmt.Sprintf("a code was sent less than %s ago; another may be asked for in %s", Resend, e.Wait)
}

// Outcome of a try.
type Outcome uint8

// The outcomes. Only Wrong counts as a try.
const (
	// None: no code was sent in this session, or it was used already.
	None Outcome = iota
	Right
	Wrong
	// Unreadable: not so many digits; it cannot be a code.
	Unreadable
	// Expired: the code was right or wrong, it is older than Valid.
	Expired
	// Exhausted: three wrong codes were typed; this one is not looked at.
	Exhausted
)

// Verdict of a try.
type Verdict struct {
	Outcome Outcome
	// Left is how many tries the code has left.
	Left int
	// Wait until another code may be asked for.
	Wait time.Duration
	// Channel that the code was sent by.
	Channel notice.Channel
	// Digits that a code has here.
	Digits int
}

// Key says whose code it is and what it is good for.
type Key struct {
	// Owner is the person, for limits; Desk.Owner makes it.
	Owner [32]byte
	// Bound is the session: a code sent in one session is none in another.
	Bound [32]byte
}

// Outbox takes messages.
type Outbox interface {
	Offer(m notice.Message) (notice.Ticket, error)
	State(t notice.Ticket) notice.State
}

// Config is what a Desk is made of.
type Config struct {
	Database *database.DB
	Vault    vault.Key
	Outbox   Outbox
	// Digits of a code.
	Digits int
	Now    func() time.Time
	Random io.Reader
}

// Desk sends and judges codes. It is safe for concurrent use.
type Desk struct {
	cfg    Config
	key    [32]byte // of the codes' hashes
	counts counters

	// mu guards tickets: what became of this process's last message in a session.
	mu      sync.Mutex
	tickets map[[32]byte]held
}

type held struct {
	ticket notice.Ticket
	ends   time.Time
}

type counters struct{ sent, right, wrong, exhausted atomic.Uint64 }

// Counts since the start of the process, for metrics.
type Counts struct{ Sent, Right, Wrong, Exhausted uint64 }

// New makes a desk.
func New(cfg Config) (*Desk, error) {
	if cfg.Digits < MinDigits || cfg.Digits > MaxDigits {
		return nil, fmt.Errorf("digits of a one-time code: %d; %d to %d, %d unless there is a reason", cfg.Digits, MinDigits, MaxDigits, DefaultDigits)
	}
	if cfg.Database == nil || cfg.Outbox == nil || cfg.Now == nil || cfg.Random == nil {
		return nil, errors.New("make desk of codes: it needs a database, an outbox, a clock and randomness")
	}
	return &Desk{cfg: cfg, key: cfg.Vault.Index("otp/key", ""), tickets: map[[32]byte]held{}}, nil
}

// Digits of a code.
func (d *Desk) Digits() int { return d.cfg.Digits }

// Owner names a person by what it is known by, within a purpose; limits count
// for each purpose apart.
func (d *Desk) Owner(purpose string, who ...[]byte) [32]byte {
	return d.cfg.Vault.Index("otp/owner", string(transcript.JoinFields(append([][]byte{[]byte(purpose)}, who...)...)))
}

// Counts tells the sums of this process.
func (d *Desk) Counts() Counts {
	c := &d.counts
	return Counts{Sent: c.sent.Load(), Right: c.right.Load(), Wrong: c.wrong.Load(), Exhausted: c.exhausted.Load()}
}

// Check judges a code within the transaction that will hold what it is good
// for: a right one is used up, a wrong one counted.
func (d *Desk) Check(tx *database.Tx, k Key, typed string) (Verdict, error) {
	return d.check(rows{tx}, k, typed)
}

// Judge is Check without its effects: what Check would say at this moment.
func (d *Desk) Judge(tx *database.Tx, k Key, typed string) (Verdict, error) {
	verdict, _, _, err := d.judge(rows{tx}, k, typed)
	return verdict, err
}
