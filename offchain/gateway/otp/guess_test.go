package otp_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/otp"
)

// T40: a guesser who has logged in as one voter tries a million times, as fast
// as codes can be had. It is 231 days of virtual time; the rules are those of the
// gateway, over a table in memory (the SQL below them has its own test).
func TestAMillionTriesOnOneAccountGetThreeLooksACode(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil, otp.DefaultDigits)
	guesses := rand.New(rand.NewPCG(1, 2))
	memory := otp.Memory{}
	k := otp.Key{Owner: [32]byte{1}, Bound: [32]byte{2}}
	const tries = 1_000_000
	looked, hits, codes := 0, 0, 0
	for looked < tries {
		if _, err := d.desk.DrawIn(memory, k); err != nil {
			t.Fatal(err)
		}
		codes++
		for n := range otp.Tries + 1 {
			v, err := d.desk.CheckIn(memory, k, fmt.Sprintf("%06d", guesses.IntN(1_000_000)))
			if err != nil {
				t.Fatal(err)
			}
			if v.Outcome == otp.Right {
				hits++
				looked++
				break
			}
			if n < otp.Tries && (v.Outcome != otp.Wrong || v.Left != otp.Tries-1-n) {
				t.Fatalf("try %d of code %d: outcome %d, %d left", n+1, codes, v.Outcome, v.Left)
			}
			if n == otp.Tries && v.Outcome != otp.Exhausted {
				t.Fatalf("a fourth try of code %d was looked at", codes)
			}
			if n < otp.Tries {
				looked++
			}
		}
		d.pass(otp.Resend - time.Second)
		var wait *otp.WaitError
		if _, err := d.desk.DrawIn(memory, k); !errors.As(err, &wait) || wait.Wait != time.Second {
			t.Fatalf("a code after 59 s: %v", err)
		}
		d.pass(time.Second)
	}
	if codes < tries/otp.Tries {
		t.Fatalf("%d tries with %d codes", looked, codes)
	}
	// One in a million is expected; ten would be an accident of one in ten million.
	if hits > 9 {
		t.Fatalf("%d hits in %d tries: codes can be guessed", hits, looked)
	}
	if took := d.now.Sub(start); took < tries/otp.Tries*otp.Resend {
		t.Fatalf("it took only %s", took)
	}
}

// T40: one try at each of a million accounts, with the guess most people would
// make of what a code is.
func TestOneTryOnAMillionAccountsIsOneInAMillionEach(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil, otp.DefaultDigits)
	const accounts = 1_000_000
	hits := 0
	seen := make([]uint16, 10)
	memory := otp.Memory{}
	for n := range uint64(accounts) {
		var k otp.Key
		binary.BigEndian.PutUint64(k.Owner[:], n)
		binary.BigEndian.PutUint64(k.Bound[:], n)
		digits, err := d.desk.DrawIn(memory, k)
		if err != nil {
			t.Fatal(err)
		}
		if n < 10_000 {
			seen[digits[0]-'0']++
		}
		v, err := d.desk.CheckIn(memory, k, "123456")
		switch {
		case err != nil:
			t.Fatal(err)
		case v.Outcome == otp.Right:
			hits++
		case v.Outcome != otp.Wrong || v.Left != otp.Tries-1:
			t.Fatalf("account %d: outcome %d, %d left", n, v.Outcome, v.Left)
		}
		delete(memory, k.Owner)
	}
	if hits > 9 {
		t.Fatalf("%d hits: codes can be guessed", hits)
	}
	// Codes with a leading zero are as frequent as others.
	if low, high := slices.Min(seen), slices.Max(seen); low < 850 || high > 1150 {
		t.Fatalf("first digits are not equally frequent: %v", seen)
	}
}
