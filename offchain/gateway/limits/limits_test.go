package limits_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/limits"
)

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func (c *clock) pass(d time.Duration) { c.now = c.now.Add(d) }

func from(remote string, forwarded ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = remote
	for _, f := range forwarded {
		r.Header.Add("X-Forwarded-For", f)
	}
	return r
}

// spend asks until it is refused.
func spend(t *testing.T, a *limits.Addresses, r *http.Request) (allowed int, wait time.Duration) {
	t.Helper()
	for ; allowed < 1000; allowed++ {
		if wait = a.Allow(r); wait > 0 {
			return allowed, wait
		}
	}
	return allowed, 0
}

func TestAnAddressGetsItsShareAndNoMore(t *testing.T) {
	c := &clock{time.Unix(1_800_000_000, 0)}
	a := limits.NewAddresses(60, nil, c.Now)
	n, wait := spend(t, a, from("192.0.2.1:1000"))
	if n != 30 || wait > time.Second || wait <= 0 {
		t.Fatal(n, wait)
	}
	if n, _ := spend(t, a, from("192.0.2.1:2000")); n != 0 {
		t.Error("another port of the address is another address")
	}
	if n, _ := spend(t, a, from("192.0.2.2:1000")); n != 30 {
		t.Error("another address pays for it")
	}
	c.pass(wait)
	if n, _ := spend(t, a, from("192.0.2.1:1000")); n != 1 {
		t.Error("after the wait", n, "requests")
	}
	if n, _ := spend(t, a, from("[2001:db8::1]:1")); n != 30 {
		t.Error(n)
	}
	if n, _ := spend(t, a, from("[2001:db8::2]:1")); n != 0 {
		t.Error("a network of 64 bits has as many shares as addresses")
	}
	if n, _ := spend(t, a, from("127.0.0.1:1")); n != 1000 {
		t.Error("this machine is limited")
	}
}

func TestOnlyOwnProxiesAreBelieved(t *testing.T) {
	c := &clock{time.Unix(1_800_000_000, 0)}
	a := limits.NewAddresses(60, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, c.Now)
	spend(t, a, from("192.0.2.1:1"))
	for name, r := range map[string]*http.Request{
		"through own proxies":           from("10.0.0.1:1", "192.0.2.1"),
		"through two":                   from("10.0.0.1:1", "192.0.2.1, 10.0.0.2"),
		"written with its port":         from("127.0.0.1:1", "192.0.2.1:4711"),
		"mapped, with its port":         from("127.0.0.1:1", "[::ffff:192.0.2.1]:4711"),
		"in brackets":                   from("127.0.0.1:1", "[::ffff:192.0.2.1]"),
		"through this machine":          from("127.0.0.1:1", "192.0.2.1"),
		"with an invented address":      from("10.0.0.1:1", "198.51.100.9", "192.0.2.1"),
		"claiming to be somebody else":  from("192.0.2.1:1", "198.51.100.9"),
		"claiming what is no address":   from("192.0.2.1:1", "x"),
		"mapped into the longer family": from("[::ffff:192.0.2.1]:1"),
	} {
		if n, _ := spend(t, a, r); n != 0 {
			t.Errorf("%s: %d requests more", name, n)
		}
	}
	if n, _ := spend(t, a, from("10.0.0.1:1", "198.51.100.9")); n != 30 {
		t.Error("an address behind the proxy has", n)
	}
}

func TestAPersonsLimitHoldsOverReplicasAndRestarts(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := &clock{time.Unix(1_800_000_000, 0).Truncate(time.Minute)}
		a, b := limits.NewPersons(db, 10, c.Now), limits.NewPersons(db, 10, c.Now)
		one, other := [32]byte{1}, [32]byte{2}
		for i := range 6 {
			if a.Allow(one) != 0 {
				t.Fatal(i)
			}
		}
		flush(t, a, b)
		for range 3 {
			if b.Allow(one) != 0 {
				t.Fatal("refused too early")
			}
		}
		flush(t, a, b)
		if b.Allow(one) != 0 {
			t.Fatal("the tenth is refused")
		}
		if wait := b.Allow(one); wait <= 0 || wait > time.Minute {
			t.Error("an eleventh request of a person over two replicas:", wait)
		}
		again := limits.NewPersons(db, 10, c.Now)
		allowed := 0
		for range 20 {
			if again.Allow(one) == 0 {
				allowed++
			}
			flush(t, again)
		}
		if allowed > 2 {
			t.Errorf("%d requests more after a restart", allowed)
		}
		if a.Allow(other) != 0 {
			t.Error("another person pays for it")
		}
		c.pass(time.Minute)
		if a.Allow(one) != 0 {
			t.Error("the minute is over and the person waits")
		}
		for range 2 {
			c.pass(time.Minute)
			a.Allow(other)
			flush(t, a)
		}
		var rows int
		err := db.View(context.Background(), func(tx *database.Tx) error {
			return tx.Row("SELECT count(*) FROM person_requests WHERE person = ?", one[:]).Scan(&rows)
		})
		if err != nil || rows != 0 {
			t.Error(rows, "rows of a person are kept", err)
		}
	})
}

func flush(t *testing.T, all ...*limits.Persons) {
	t.Helper()
	for _, p := range all {
		if err := p.Flush(); err != nil {
			t.Fatal(err)
		}
	}
}
