package otp_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/otp"
	"github.com/urna-vote/urna/offchain/gateway/vault"
)

var start = time.UnixMilli(1_800_000_000_000)

// outbox keeps the last message instead of sending it.
type outbox struct {
	mu    sync.Mutex
	last  notice.Message
	sent  int
	fault error
}

func (o *outbox) Offer(m notice.Message) (notice.Ticket, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fault != nil {
		return notice.Ticket{}, o.fault
	}
	o.last, o.sent = m, o.sent+1
	return notice.Ticket{1}, nil
}

func (o *outbox) State(notice.Ticket) notice.State { return notice.State{Phase: notice.Queued} }

type desk struct {
	t      testing.TB
	cfg    otp.Config
	desk   *otp.Desk
	outbox *outbox
	mu     sync.Mutex
	now    time.Time
}

func newDesk(t testing.TB, db *database.DB, digits int) *desk {
	t.Helper()
	key, err := vault.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if db == nil {
		db = new(database.DB) // never asked: the table is in memory
	}
	d := &desk{t: t, outbox: new(outbox), now: start}
	d.cfg = otp.Config{Database: db, Vault: key, Outbox: d.outbox, Digits: digits, Random: mathrand.NewChaCha8([32]byte{9}), Now: func() time.Time {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.now
	}}
	d.desk = d.replica()
	return d
}

func (d *desk) replica() *otp.Desk {
	d.t.Helper()
	r, err := otp.New(d.cfg)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *desk) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

func compose(digits string) notice.Message { return notice.Message{To: "+79000000000", Text: digits} }

// send gives the code that was sent.
func (d *desk) send(k otp.Key) string {
	d.t.Helper()
	sent, err := d.desk.Send(context.Background(), k, notice.SMS, compose)
	if err != nil {
		d.t.Fatal(err)
	}
	if sent.Channel != notice.SMS || sent.Valid != otp.Valid || sent.Resend != otp.Resend || d.outbox.last.Channel != notice.SMS {
		d.t.Fatal("the person is promised something else")
	}
	if !d.outbox.last.Until.Equal(d.cfg.Now().Add(otp.Valid)) {
		d.t.Fatal("the message may come after the code has expired")
	}
	return d.outbox.last.Text
}

func (d *desk) check(db *database.DB, on *otp.Desk, k otp.Key, typed string) otp.Verdict {
	d.t.Helper()
	var v otp.Verdict
	err := db.Update(func(tx *database.Tx) (err error) {
		v, err = on.Check(tx, k, typed)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return v
}

// other is a code that is not this one.
func other(digits string) string {
	b := []byte(digits)
	b[0] = '0' + (b[0]-'0'+1)%10
	return string(b)
}

var (
	anna  = otp.Key{Owner: [32]byte{1}, Bound: [32]byte{1}}
	boris = otp.Key{Owner: [32]byte{2}, Bound: [32]byte{2}}
)

func TestARightCodeIsGoodOnceForItsSession(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db, 6)
		if v := d.check(db, d.desk, anna, "123456"); v.Outcome != otp.None {
			t.Fatalf("before any code: %+v", v)
		}
		code := d.send(anna)
		elsewhere := otp.Key{Owner: anna.Owner, Bound: [32]byte{9}}
		for range 5 {
			if v := d.check(db, d.desk, elsewhere, code); v.Outcome != otp.None {
				t.Fatalf("in another session: %+v", v)
			}
		}
		if v := d.check(db, d.desk, boris, code); v.Outcome != otp.None {
			t.Fatalf("another person's: %+v", v)
		}
		for _, typed := range []string{"", "12345", "1234567", "12345a", "１２３４５６", strings.Repeat("1", 100)} {
			if v := d.check(db, d.desk, anna, typed); v.Outcome != otp.Unreadable || v.Left != otp.Tries || v.Digits != 6 {
				t.Fatalf("%q: %+v", typed, v)
			}
		}
		if v := d.check(db, d.replica(), anna, " "+code[:3]+"-"+code[3:]+"\n"); v.Outcome != otp.Right || v.Channel != notice.SMS {
			t.Fatalf("right code in groups, at a replica: %+v", v)
		}
		if v := d.check(db, d.desk, anna, code); v.Outcome != otp.None {
			t.Fatalf("a second time: %+v", v)
		}
	})
}

func TestThreeWrongTriesEndACodeAlsoOverARestart(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		db := databasetest.Open(t, where)
		d := newDesk(t, db, 6)
		code := d.send(anna)
		for left := otp.Tries - 1; left >= 0; left-- {
			if v := d.check(db, d.desk, anna, other(code)); v.Outcome != otp.Wrong || v.Left != left {
				t.Fatalf("%+v, want %d left", v, left)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db = databasetest.Open(t, where)
		d.cfg.Database = db
		d.desk = d.replica()
		v := d.check(db, d.desk, anna, code)
		if v.Outcome != otp.Exhausted || v.Wait != otp.Resend {
			t.Fatalf("the right code after three wrong ones: %+v", v)
		}
		// Unlimited codes: the next one is good again, and the old one is none.
		d.pass(otp.Resend)
		next := d.send(anna)
		if next != code {
			if v := d.check(db, d.desk, anna, code); v.Outcome != otp.Wrong {
				t.Fatalf("the old code: %+v", v)
			}
		}
		if v := d.check(db, d.desk, anna, next); v.Outcome != otp.Right {
			t.Fatalf("the new code: %+v", v)
		}
	})
}

func TestAnotherCodeIsSentAfterSixtySecondsAndNotAfterFiftyNine(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db, 6)
		d.send(anna)
		d.send(boris) // others do not wait
		for _, c := range []struct {
			pass, wait time.Duration
		}{{0, otp.Resend}, {59 * time.Second, time.Second}, {999 * time.Millisecond, time.Millisecond}} {
			d.pass(c.pass)
			for _, on := range []*otp.Desk{d.desk, d.replica()} {
				var wait *otp.WaitError
				// In whatever session of this person.
				_, err := on.Send(context.Background(), otp.Key{Owner: anna.Owner, Bound: [32]byte{7}}, notice.Mail, compose)
				if !errors.As(err, &wait) || wait.Wait != c.wait {
					t.Fatalf("got %v, want a wait of %s", err, c.wait)
				}
			}
		}
		d.pass(time.Millisecond)
		d.send(anna)
	})
}

func TestACodeExpiresAfterFiveMinutesAndSaysSo(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db, 6)
		code := d.send(anna)
		d.pass(otp.Valid - time.Millisecond)
		if v := d.check(db, d.desk, anna, other(code)); v.Outcome != otp.Wrong {
			t.Fatalf("%+v", v)
		}
		d.pass(time.Millisecond)
		if err := d.desk.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		if v := d.check(db, d.desk, anna, code); v.Outcome != otp.Expired {
			t.Fatalf("%+v", v)
		}
		d.pass(time.Hour)
		if err := d.desk.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		if v := d.check(db, d.desk, anna, code); v.Outcome != otp.None {
			t.Fatalf("after it was swept: %+v", v)
		}
	})
}

// Of guesses that come at the same moment to several replicas three are looked at.
func TestGuessesAtOnceOnTwoReplicasAreAllCounted(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		first, second := databasetest.Open(t, where), databasetest.Open(t, where)
		d := newDesk(t, first, 6)
		code := d.send(anna)
		replica := d.replica()
		var looked, right atomic.Int32
		var group sync.WaitGroup
		for n := range 24 {
			group.Go(func() {
				db, on := first, d.desk
				if n%2 == 1 {
					db, on = second, replica
				}
				typed := other(code)
				if n == 23 {
					typed = code
				}
				switch d.check(db, on, anna, typed).Outcome {
				case otp.Wrong:
					looked.Add(1)
				case otp.Right:
					right.Add(1)
				}
			})
		}
		group.Wait()
		if looked.Load() > otp.Tries || right.Load() > 1 || (right.Load() == 0 && looked.Load() != otp.Tries) {
			t.Fatalf("%d wrong and %d right guesses were looked at", looked.Load(), right.Load())
		}
	})
}

func TestOfTwoRequestsForACodeAtOnceOneIsSent(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		d := newDesk(t, databasetest.Open(t, where), 6)
		d.cfg.Database = databasetest.Open(t, where)
		desks := []*otp.Desk{d.desk, d.replica()}
		d.cfg.Random = rand.Reader
		var group sync.WaitGroup
		for n := range 8 {
			group.Go(func() {
				_, err := desks[n%2].Send(context.Background(), anna, notice.SMS, compose)
				var wait *otp.WaitError
				if err != nil && !errors.As(err, &wait) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if d.outbox.sent != 1 {
			t.Fatalf("%d codes were sent", d.outbox.sent)
		}
	})
}

// A queue that is full must not cost the person a minute, nor the code before.
func TestACodeThatCannotBeSentIsNone(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db, 6)
		d.outbox.fault = notice.ErrFull
		for range 2 {
			if _, err := d.desk.Send(context.Background(), anna, notice.SMS, compose); !errors.Is(err, notice.ErrFull) {
				t.Fatal(err)
			}
		}
		d.outbox.fault = nil
		code := d.send(anna)
		d.pass(otp.Resend)
		d.outbox.fault = notice.ErrFull
		if _, err := d.desk.Send(context.Background(), anna, notice.SMS, compose); !errors.Is(err, notice.ErrFull) {
			t.Fatal(err)
		}
		if v := d.check(db, d.desk, anna, code); v.Outcome != otp.Right {
			t.Fatalf("the code before: %+v", v)
		}
	})
}

func TestThePersonIsToldWhatBecameOfTheMessage(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db, 6)
		if _, there, err := d.desk.Last(context.Background(), anna); there || err != nil {
			t.Fatal(there, err)
		}
		d.send(anna)
		d.pass(20 * time.Second)
		sent, there, err := d.desk.Last(context.Background(), anna)
		if err != nil || !there || sent.State.Phase != notice.Queued || sent.Resend != 40*time.Second || sent.Valid != otp.Valid-20*time.Second || sent.Channel != notice.SMS {
			t.Fatalf("%+v %v %v", sent, there, err)
		}
		sent, there, err = d.replica().Last(context.Background(), anna)
		if err != nil || !there || sent.State.Phase != notice.Unknown || sent.Channel != notice.SMS {
			t.Fatalf("a replica: %+v %v %v", sent, there, err)
		}
	})
}

func TestFewerThanFiveDigitsAreRefused(t *testing.T) {
	cfg := newDesk(t, nil, 6).cfg
	for digits, good := range map[int]bool{-1: false, 0: false, 4: false, 5: true, 6: true, 10: true, 11: false} {
		cfg.Digits = digits
		_, err := otp.New(cfg)
		if good != (err == nil) {
			t.Errorf("%d digits: %v", digits, err)
		}
	}
	for _, digits := range []int{5, 10} {
		d := newDesk(t, nil, digits)
		for n := range 200 {
			code, err := d.desk.DrawIn(otp.Memory{}, otp.Key{Owner: [32]byte{byte(n)}})
			if err != nil || len(code) != digits {
				t.Fatalf("%d digits asked for, %d drawn (%v)", digits, len(code), err)
			}
		}
	}
}

func TestTheCodeIsNotStored(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db, 10)
		code := d.send(anna)
		var row [4][]byte
		err := db.View(context.Background(), func(tx *database.Tx) error {
			return tx.Row("SELECT owner, bound, salt, mac FROM one_time_code").Scan(&row[0], &row[1], &row[2], &row[3])
		})
		if err != nil {
			t.Fatal(err)
		}
		if all := slices.Concat(row[:]...); bytes.Contains(all, []byte(code)) {
			t.Fatal("the code is stored in clear")
		}
		// The same code of another person, or salted anew, has another hash.
		if bytes.Equal(row[2], make([]byte, len(row[2]))) {
			t.Fatal("no salt")
		}
	})
}

// Times of refusals must not tell a right beginning from a wrong one, nor a
// person with a code from one without. The comparison is constant by its library;
// this finds work that is left out.
func TestRefusalsTakeTheSameTime(t *testing.T) {
	d := newDesk(t, nil, 6)
	memory := otp.Memory{}
	code, err := d.desk.DrawIn(memory, anna)
	if err != nil {
		t.Fatal(err)
	}
	kept := memory[anna.Owner]
	near, far := code[:5]+string('0'+(code[5]-'0'+1)%10), other(code)
	ways := map[string]func() (otp.Verdict, error){
		"near":       func() (otp.Verdict, error) { return d.desk.CheckIn(memory, anna, near) },
		"far":        func() (otp.Verdict, error) { return d.desk.CheckIn(memory, anna, far) },
		"no code":    func() (otp.Verdict, error) { return d.desk.CheckIn(memory, boris, far) },
		"unreadable": func() (otp.Verdict, error) { return d.desk.CheckIn(memory, anna, "1") },
	}
	times := map[string][]time.Duration{}
	for range 3000 {
		for name, way := range ways {
			memory[anna.Owner] = kept
			begin := time.Now()
			v, err := way()
			times[name] = append(times[name], time.Since(begin))
			if err != nil || v.Outcome == otp.Right {
				t.Fatal(name, v, err)
			}
		}
	}
	var medians []time.Duration
	for _, list := range times {
		slices.Sort(list)
		medians = append(medians, list[len(list)/2])
	}
	if low, high := slices.Min(medians), slices.Max(medians); high > 2*low {
		t.Fatalf("medians from %s to %s", low, high)
	}
}

func TestAThousandTriesThroughTheDatabaseGetThreeLooksACode(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db, 6)
		wrong, exhausted := 0, 0
		for range 100 {
			code := d.send(anna)
			var outcomes map[otp.Outcome]int
			err := db.Update(func(tx *database.Tx) error {
				outcomes = map[otp.Outcome]int{}
				for range 10 {
					v, err := d.desk.Check(tx, anna, other(code))
					if err != nil {
						return err
					}
					outcomes[v.Outcome]++
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			wrong += outcomes[otp.Wrong]
			exhausted += outcomes[otp.Exhausted]
			d.pass(otp.Resend)
		}
		if wrong != 100*otp.Tries || exhausted != 100*7 {
			t.Fatalf("%d tries looked at, %d not", wrong, exhausted)
		}
	})
}
