package auth_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/register"
	"github.com/urna-vote/urna/offchain/slip"
)

type desk struct {
	path  string
	store *register.Store
	codes *auth.Codes
	key   auth.Key
	mu    sync.Mutex
	now   time.Time
	right auth.Claim
}

// eachDesk runs a test at a desk on every database.
func eachDesk(t *testing.T, run func(*testing.T, *desk)) {
	databasetest.Places(t, func(t *testing.T, where string) { run(t, newDesk(t, where)) })
}

func newDesk(t *testing.T, where string) *desk {
	t.Helper()
	key, err := auth.NewKey(bytes.NewReader(bytes.Repeat([]byte{7}, auth.KeySize)))
	if err != nil {
		t.Fatal(err)
	}
	code, err := slip.ParseCode("0123-4567-89AB-CDEF")
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{path: where, key: key, now: time.UnixMilli(1_800_000_000_000)}
	d.right = auth.Claim{Election: [32]byte{1}, Entry: [32]byte{2}, Style: 3, Pass: [32]byte{4}, Code: code.Reveal()}
	d.open(t)
	list := []register.Access{key.Access(d.right.Election, d.right.Entry, 3, [16]byte{5}, d.right.Pass, code)}
	if _, err := d.store.Import(list); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) open(t *testing.T) {
	t.Helper()
	store := register.New(databasetest.Open(t, d.path))
	d.store = store
	d.codes = auth.NewCodes(d.key, store, func() time.Time {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.now
	})
}

func (d *desk) restart(t *testing.T) {
	t.Helper()
	if err := d.store.Database().Close(); err != nil {
		t.Fatal(err)
	}
	d.open(t)
}

func (d *desk) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

func (d *desk) ask(t *testing.T, c auth.Claim) error {
	t.Helper()
	var verdict auth.Verdict
	err := d.store.Update(func(tx *register.Tx) (err error) {
		verdict, err = d.codes.Decide(tx, c)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return verdict.Refusal
}

func (d *desk) wrong() auth.Claim {
	c := d.right
	c.Code = "0123-4567-89AB-CDEG"
	return c
}

func TestRightCodeOpensItsEntry(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		c := d.right
		c.Code = "o123 4567 89ab cdef"
		if err := d.ask(t, c); err != nil {
			t.Fatal(err)
		}
		verdict, err := d.codes.Screen(context.Background(), c)
		if err != nil || verdict.Refusal != nil {
			t.Fatal(verdict, err)
		}
	})
}

func TestEverythingButTheRightClaimIsRefusedAlike(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		for name, change := range map[string]func(*auth.Claim){
			"code":       func(c *auth.Claim) { c.Code = "0123-4567-89AB-CDEG" },
			"no code":    func(c *auth.Claim) { c.Code = "" },
			"unreadable": func(c *auth.Claim) { c.Code = "U!" },
			"pass":       func(c *auth.Claim) { c.Pass[0]++ },
			"style":      func(c *auth.Claim) { c.Style++ },
			"entry":      func(c *auth.Claim) { c.Entry[0]++ },
			"election":   func(c *auth.Claim) { c.Election[0]++ },
		} {
			c := d.right
			change(&c)
			verdict, err := d.codes.Screen(context.Background(), c)
			if err != nil || !errors.Is(verdict.Refusal, auth.ErrCredential) {
				t.Errorf("%s: %v %v", name, verdict.Refusal, err)
			}
		}
	})
}

func TestFiveWrongCodesBringAWaitThatHoldsOverARestart(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		for n := range auth.FreeTries {
			if err := d.ask(t, d.wrong()); !errors.Is(err, auth.ErrCredential) {
				t.Fatalf("try %d: %v", n+1, err)
			}
		}
		d.restart(t)
		var wait *auth.WaitError
		if err := d.ask(t, d.right); !errors.As(err, &wait) || wait.Wait != auth.FirstWait {
			t.Fatalf("right code during the wait: %v", err)
		}
		d.pass(auth.FirstWait - time.Millisecond)
		if err := d.ask(t, d.right); !errors.As(err, &wait) {
			t.Fatalf("a millisecond early: %v", err)
		}
		d.pass(time.Millisecond)
		if err := d.ask(t, d.right); err != nil {
			t.Fatalf("right code after the wait: %v", err)
		}
		for n := range auth.FreeTries - 1 {
			if err := d.ask(t, d.wrong()); !errors.Is(err, auth.ErrCredential) {
				t.Fatalf("the count begins anew after a right code, try %d: %v", n+1, err)
			}
		}
		if err := d.ask(t, d.right); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWaitsDoubleToAnHour(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		for range auth.FreeTries - 1 {
			_ = d.ask(t, d.wrong())
		}
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			if err := d.ask(t, d.wrong()); !errors.Is(err, auth.ErrCredential) {
				t.Fatal(err)
			}
			var wait *auth.WaitError
			if err := d.ask(t, d.wrong()); !errors.As(err, &wait) || wait.Wait != want*time.Minute {
				t.Fatalf("got %v, want a wait of %d minutes", err, want)
			}
			d.pass(wait.Wait)
		}
	})
}

// Whoever reads the public roll must not be able to lock its voters out.
func TestAWrongPassIsNotCounted(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		for n := range 50 {
			c := d.wrong()
			c.Pass[1] = byte(n + 1)
			if err := d.ask(t, c); !errors.Is(err, auth.ErrCredential) {
				t.Fatal(err)
			}
		}
		if err := d.ask(t, d.right); err != nil {
			t.Fatalf("voter is locked out: %v", err)
		}
	})
}

func TestConcurrentGuessesOnTwoReplicasAreAllCounted(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		second := register.New(databasetest.Open(t, d.path))
		replica := auth.NewCodes(d.key, second, func() time.Time { return d.now })
		var looked atomic.Int32
		var wg sync.WaitGroup
		for n := range 40 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				store, codes := d.store, d.codes
				if n%2 == 1 {
					store, codes = second, replica
				}
				c := d.right
				c.Code = fmt.Sprintf("0000-0000-0000-00%02d", n)
				var verdict auth.Verdict
				err := store.Update(func(tx *register.Tx) (err error) {
					verdict, err = codes.Decide(tx, c)
					return err
				})
				if err != nil {
					t.Error(err)
				}
				if verdict.Counted {
					looked.Add(1)
				}
			}()
		}
		wg.Wait()
		if looked.Load() != auth.FreeTries {
			t.Fatalf("%d guesses were looked at, want %d", looked.Load(), auth.FreeTries)
		}
	})
}

func TestClaimAndKeyPrintAsRedactions(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		if out := fmt.Sprintf("%v%+v%s%x", d.right, d.right, d.key, d.key); out != "[access claim][access claim][access key][access key]" {
			t.Fatal(out)
		}
	})
}
