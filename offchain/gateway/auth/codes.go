package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/urna-vote/urna/crypto/transcript"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/slip"
)

// Limits of wrong codes for one entry.
const (
	FreeTries = 5
	FirstWait = time.Minute
	LongWait  = time.Hour
)

// KeySize is the length of an access key in bytes.
const KeySize = 32

var (
	passLabel = transcript.Register("access/pass")
	codeLabel = transcript.Register("access/code")
)

// Key hashes what voters show. Each gateway has its own; replicas share it.
type Key struct {
	b [KeySize]byte
}

// NewKey draws a key.
func NewKey(random io.Reader) (Key, error) {
	var k Key
	if _, err := io.ReadFull(random, k.b[:]); err != nil {
		return Key{}, fmt.Errorf("draw access key: %w", err)
	}
	return k, nil
}

// KeyFromBytes restores a stored key.
func KeyFromBytes(b []byte) (Key, error) {
	if len(b) != KeySize {
		return Key{}, fmt.Errorf("restore access key: %d bytes where %d are expected", len(b), KeySize)
	}
	return Key{b: [KeySize]byte(b)}, nil
}

// Reveal is the key itself, for the gateway's key file and nothing else.
func (k Key) Reveal() [KeySize]byte { return k.b }

// Format prints a redaction for every verb.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[access key]") }

// Access is what the register may know of an entry's pass and code.
func (k Key) Access(election, entry [32]byte, style uint32, salt [register.SaltSize]byte, pass [32]byte, code slip.Code) register.Access {
	b := code.Bytes()
	return register.Access{
		Election: election, Entry: entry, Style: style, Salt: salt,
		Pass: k.hash(passLabel, salt, entry, pass[:]),
		Code: k.hash(codeLabel, salt, entry, b[:]),
	}
}

func (k Key) hash(label *transcript.Label, salt [register.SaltSize]byte, entry [32]byte, shown []byte) [32]byte {
	mac := hmac.New(sha256.New, k.b[:])
	_, _ = mac.Write(transcript.JoinFields([]byte(label.String()), salt[:], entry[:], shown))
	return [32]byte(mac.Sum(nil))
}

// Codes authenticates by pass and code.
type Codes struct {
	key   Key
	store *register.Store
	now   func() time.Time
}

// NewCodes makes the authenticator over a register. The clock serves waits only.
func NewCodes(key Key, store *register.Store, now func() time.Time) *Codes {
	return &Codes{key: key, store: store, now: now}
}

// Screen implements Authenticator.
func (a *Codes) Screen(ctx context.Context, c Claim) (Verdict, error) {
	access, tries, known, err := a.store.Access(ctx, c.Election, c.Entry)
	if err != nil {
		return Verdict{}, err
	}
	verdict, _ := a.judge(c, access, tries, known)
	return verdict, nil
}

// Decide implements Authenticator.
func (a *Codes) Decide(tx *register.Tx, c Claim) (Verdict, error) {
	access, tries, known, err := tx.Access(c.Election, c.Entry)
	if err != nil {
		return Verdict{}, err
	}
	verdict, after := a.judge(c, access, tries, known)
	if after == tries {
		return verdict, nil
	}
	return verdict, tx.SetTries(c.Election, c.Entry, after)
}

// Bound implements Authenticator. Who has no account at a portal cannot be
// reached either.
func (a *Codes) Bound(*register.Tx, Claim) error { return nil }

// judge is pure but for the clock. It computes the same hashes whatever is
// wrong, so that time does not tell what.
func (a *Codes) judge(c Claim, access register.Access, tries register.Tries, known bool) (Verdict, register.Tries) {
	// An unreadable code is a wrong code: the hash of no code fits.
	var typed []byte
	if code, err := slip.ParseCode(c.Code); err == nil {
		b := code.Bytes()
		typed = b[:]
	}
	pass := a.key.hash(passLabel, access.Salt, c.Entry, c.Pass[:])
	code := a.key.hash(codeLabel, access.Salt, c.Entry, typed)
	passFits := hmac.Equal(pass[:], access.Pass[:])
	codeFits := hmac.Equal(code[:], access.Code[:])

	if !known || !passFits || access.Style != c.Style {
		return Verdict{Refusal: ErrCredential}, tries
	}
	now := a.now()
	if left := time.UnixMilli(tries.WaitUntilMS).Sub(now); left > 0 {
		return Verdict{Refusal: &WaitError{Wait: left}}, tries
	}
	if codeFits {
		return Verdict{}, register.Tries{}
	}
	if tries.Wrong < math.MaxUint32 {
		tries.Wrong++
	}
	if wait := waitAfter(tries.Wrong); wait > 0 {
		tries.WaitUntilMS = now.Add(wait).UnixMilli()
	}
	return Verdict{Refusal: ErrCredential, Counted: true}, tries
}

// waitAfter so many wrong codes in a row: a minute, doubling to an hour.
func waitAfter(wrong uint32) time.Duration {
	if wrong < FreeTries {
		return 0
	}
	wait := FirstWait
	for n := wrong - FreeTries; n > 0 && wait < LongWait; n-- {
		wait *= 2
	}
	return min(wait, LongWait)
}
