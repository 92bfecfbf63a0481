package otp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/urna-vote/urna/crypto/transcript"
	"github.com/urna-vote/urna/offchain/gateway/notice"
)

const saltSize = 16

// code is the last one of an owner.
type code struct {
	bound   [32]byte
	salt    [saltSize]byte
	mac     [32]byte
	channel notice.Channel
	tries   int
	used    bool
	sentMS  int64
}

// table holds one code an owner. SQL in a gateway; see rows.
type table interface {
	load(owner [32]byte) (c code, there bool, err error)
	save(owner [32]byte, c code) error
	remove(owner [32]byte) error
}

// mac is how a code is stored.
func (d *Desk) mac(salt [saltSize]byte, k Key, digits string) (sum [32]byte) {
	h := hmac.New(sha256.New, d.key[:])
	_, _ = h.Write(transcript.JoinFields(salt[:], k.Owner[:], k.Bound[:], []byte(digits)))
	h.Sum(sum[:0])
	return sum
}

// random draws the digits of a code, each code as probable as any other, and a salt.
func (d *Desk) random() (digits string, salt [saltSize]byte, err error) {
	limit := uint64(1)
	for range d.cfg.Digits {
		limit *= 10
	}
	for {
		var b [8 + saltSize]byte
		if _, err := io.ReadFull(d.cfg.Random, b[:]); err != nil {
			return "", salt, fmt.Errorf("draw one-time code: %w", err)
		}
		// What is left over beyond a multiple of limit would favour low codes.
		if n := binary.BigEndian.Uint64(b[:8]); n < math.MaxUint64-math.MaxUint64%limit {
			return fmt.Sprintf("%0*d", d.cfg.Digits, n%limit), [saltSize]byte(b[8:]), nil
		}
	}
}

// draw replaces an owner's code, unless the last one was sent just now. It
// returns what was there, for undo.
func (d *Desk) draw(t table, k Key, channel notice.Channel) (digits string, now code, before *code, err error) {
	last, there, err := t.load(k.Owner)
	if err != nil {
		return "", code{}, nil, err
	}
	if there {
		if wait := d.wait(last); wait > 0 {
			return "", code{}, nil, &WaitError{Wait: wait}
		}
		before = &last
	}
	now = code{bound: k.Bound, channel: channel, sentMS: d.cfg.Now().UnixMilli()}
	if digits, now.salt, err = d.random(); err != nil {
		return "", code{}, nil, err
	}
	now.mac = d.mac(now.salt, k, digits)
	return digits, now, before, t.save(k.Owner, now)
}

// wait until another code may be sent. A clock that went back does not lock out
// for longer than Resend.
func (d *Desk) wait(c code) time.Duration {
	since := d.cfg.Now().Sub(time.UnixMilli(c.sentMS))
	if since < 0 {
		since = 0
	}
	return max(0, Resend-since)
}

// judge says what a typed code is, without effect.
func (d *Desk) judge(t table, k Key, typed string) (v Verdict, c code, there bool, err error) {
	if c, there, err = t.load(k.Owner); err != nil {
		return Verdict{}, c, there, err
	}
	v.Digits = d.cfg.Digits
	digits, readable := d.read(typed)
	// The same work whatever is wrong.
	mac := d.mac(c.salt, k, digits)
	right := hmac.Equal(mac[:], c.mac[:])
	if there {
		v.Wait = d.wait(c)
	}
	if !there || c.used || c.bound != k.Bound {
		return v, c, there, nil
	}
	v.Left, v.Channel = max(0, Tries-c.tries), c.channel
	switch {
	case d.cfg.Now().Sub(time.UnixMilli(c.sentMS)) >= Valid:
		v.Outcome, v.Left = Expired, 0
	case v.Left == 0:
		v.Outcome = Exhausted
	case !readable:
		v.Outcome = Unreadable
	case right:
		v.Outcome = Right
	default:
		v.Outcome = Wrong
		v.Left--
	}
	return v, c, there, nil
}

// check is judge with its effect.
func (d *Desk) check(t table, k Key, typed string) (Verdict, error) {
	v, c, _, err := d.judge(t, k, typed)
	if err != nil {
		return Verdict{}, err
	}
	switch v.Outcome {
	case Right:
		c.used = true
		d.counts.right.Add(1)
		return v, t.save(k.Owner, c)
	case Wrong:
		c.tries++
		d.counts.wrong.Add(1)
		return v, t.save(k.Owner, c)
	case Exhausted:
		d.counts.exhausted.Add(1)
	}
	return v, nil
}

// separators that people and messages put between digits.
var separators = strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\t", "", "\n", "", "\r", "")

// read takes what a person types: digits, perhaps in groups.
func (d *Desk) read(typed string) (digits string, ok bool) {
	if len(typed) > 4*MaxDigits {
		return "", false
	}
	digits = separators.Replace(typed)
	if len(digits) != d.cfg.Digits {
		return "", false
	}
	for _, r := range []byte(digits) {
		if r < '0' || r > '9' {
			return "", false
		}
	}
	return digits, true
}
