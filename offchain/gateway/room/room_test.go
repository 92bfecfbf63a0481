package room_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/room"
)

// clock of a test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Unix(1_800_000_000, 0)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func open(t *testing.T, db *database.DB, c *clock, perSecond int, used func() time.Duration) *room.Room {
	t.Helper()
	if used == nil {
		used = func() time.Duration { return 0 }
	}
	r, err := room.New(t.Context(), room.Config{Database: db, Key: [32]byte{7}, PerSecond: perSecond, Waiting: 1_000_000, Now: c.Now, Used: used})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func tick(t *testing.T, r *room.Room) {
	t.Helper()
	if err := r.Tick(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func join(t *testing.T, r *room.Room) (string, room.Place) {
	t.Helper()
	ticket, at, err := r.Join(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return ticket, at
}

func admitted(t *testing.T, r *room.Room, ticket string) bool {
	t.Helper()
	at, err := r.Where(ticket)
	if err != nil {
		t.Fatal(err)
	}
	return at.Admitted
}

func TestWhileNobodyWaitsPeopleGoInWithoutATicket(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := newClock()
		r := open(t, db, c, 5, nil)
		for i := range 5 {
			if ok, err := r.Enter(""); !ok || err != nil {
				t.Fatal(i, ok, err)
			}
		}
		if ok, _ := r.Enter(""); ok {
			t.Fatal("a sixth in one second went in")
		}
		ticket, at := join(t, r)
		if at.Ahead != 1 || at.Admitted || at.Estimate <= 0 {
			t.Fatalf("%+v", at)
		}
		c.pass(time.Second)
		if ok, _ := r.Enter(""); ok {
			t.Error("somebody without a ticket overtook")
		}
		if ok, _ := r.Enter(ticket); ok {
			t.Error("a ticket opened before its turn")
		}
		tick(t, r)
		for i := range 5 {
			if ok, err := r.Enter(ticket); !ok || err != nil {
				t.Fatal(i, ok, err)
			}
		}
		if _, err := r.Enter(ticket); !errors.Is(err, room.ErrTicket) {
			t.Error("a ticket opens without end:", err)
		}
		c.pass(time.Second)
		tick(t, r)
		if ok, _ := r.Enter(""); !ok {
			t.Error("the room is active though nobody waits")
		}
	})
}

func TestTicketsOfOthersAndOldOnesOpenNothing(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := newClock()
		r := open(t, db, c, 1, nil)
		ticket, _ := join(t, r)
		for _, wrong := range []string{"x", ticket[1:], ticket + "A", "B" + ticket[1:], ticket[:len(ticket)-1] + "-"} {
			if _, err := r.Where(wrong); !errors.Is(err, room.ErrTicket) {
				t.Errorf("%q: %v", wrong, err)
			}
			if ok, err := r.Enter(wrong); ok || !errors.Is(err, room.ErrTicket) {
				t.Errorf("%q opens: %v", wrong, err)
			}
		}
		for range 3 {
			c.pass(time.Second)
			tick(t, r)
		}
		if !admitted(t, r, ticket) {
			t.Fatal("not admitted")
		}
		// It ends, also where nothing else happens and where much does.
		for range 12 {
			c.pass(time.Minute)
			tick(t, r)
		}
		if _, err := r.Enter(ticket); !errors.Is(err, room.ErrTicket) {
			t.Error("an old ticket opens:", err)
		}
		if _, err := r.Where(ticket); !errors.Is(err, room.ErrTicket) {
			t.Error("an old ticket has a place:", err)
		}
	})
}

func TestOrderHoldsOverReplicasAndRestarts(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := newClock()
		a, b := open(t, db, c, 2, nil), open(t, db, c, 2, nil)
		var tickets []string
		for i := range 40 {
			r := []*room.Room{a, b}[i%2]
			ticket, _ := join(t, r)
			tickets = append(tickets, ticket)
		}
		for step := range 9 {
			c.pass(time.Second)
			tick(t, a)
			tick(t, b)
			if step == 4 {
				a = open(t, db, c, 2, nil) // started again
			}
			// Both look once a second at least.
			in := 0
			for i, ticket := range tickets {
				ok := admitted(t, b, ticket)
				if ok {
					in++
				}
				if ok && i >= in {
					t.Fatalf("ticket %d overtook", i)
				}
			}
			if in == 0 {
				t.Fatal("nobody is admitted")
			}
		}
		if at, err := b.Where(tickets[len(tickets)-1]); err != nil || at.Estimate > 5*time.Second {
			t.Errorf("the estimate knows nothing of the other replica: %+v %v", at, err)
		}
	})
}

func TestAFullRoomSaysSo(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := newClock()
		r, err := room.New(t.Context(), room.Config{Database: db, PerSecond: 1, Waiting: 2, Now: c.Now, Used: func() time.Duration { return 0 }})
		if err != nil {
			t.Fatal(err)
		}
		join(t, r)
		join(t, r)
		if _, _, err := r.Join(t.Context()); !errors.Is(err, room.ErrFull) {
			t.Fatal(err)
		}
	})
}

func TestSlowAnswersHoldTheCrowdBackUntilTheyAreQuick(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := newClock()
		r := open(t, db, c, 100, nil)
		second := func(took time.Duration, served int) float64 {
			for range served {
				r.Took(took)
				r.Served()
			}
			c.pass(time.Second)
			tick(t, r)
			_, rate := r.State()
			return rate
		}
		for range 60 {
			second(10*time.Millisecond, 60)
		}
		for range 20 {
			second(3*time.Second, 60)
		}
		if slow := second(3*time.Second, 60); slow < 25 || slow > 32 {
			t.Errorf("%.1f a second while 60 are served slowly", slow)
		}
		if after := second(10*time.Millisecond, 60); after < 50 || after > 62 {
			t.Errorf("%.1f a second after the congestion where 60 were served", after)
		}
		for range 20 * 60 {
			second(10*time.Millisecond, 60)
		}
		if quick := second(10*time.Millisecond, 60); quick != 100 {
			t.Errorf("%.1f a second though answers are quick for long", quick)
		}
	})
}

// crowd is one moment's view of a flash crowd in front of a gateway that can
// serve capacity people a second; each thinks for a while before the costly
// request.
type crowd struct {
	capacity  float64
	cost      time.Duration
	used      time.Duration
	backlog   []time.Time // costly requests that wait, by arrival
	thinking  []time.Time // when each comes with the costly request
	longest   time.Duration
	processor time.Duration // of a second
}

func newCrowd(capacity, others float64) *crowd {
	processor := time.Duration(runtime.GOMAXPROCS(0)) * time.Second
	return &crowd{capacity: capacity, processor: time.Duration(float64(processor) * (1 - others)), cost: time.Duration(0.8 * float64(processor) / capacity)}
}

// second lets the server work for one second.
func (w *crowd) second(now time.Time, r *room.Room) {
	for len(w.thinking) > 0 && !w.thinking[0].After(now) {
		w.backlog = append(w.backlog, w.thinking[0])
		w.thinking = w.thinking[1:]
	}
	for power := w.processor; len(w.backlog) > 0 && power >= w.cost; power -= w.cost {
		took := now.Sub(w.backlog[0])
		w.longest = max(w.longest, took)
		w.backlog = w.backlog[1:]
		w.used += w.cost
		r.Took(took)
		r.Served()
	}
}

// T48: five times the peak for ten minutes.
func TestFlashCrowdWaitsInOrderWithAnHonestEstimate(t *testing.T) {
	for name, c := range map[string]struct {
		capacity  float64
		perSecond int
		others    float64       // part of the machine that other programs take
		after     time.Duration // from when on the estimate must be honest
	}{
		"the operator measured before":     {4, 4, 0, 0},
		"the machine can do more than set": {6, 4, 0, 3 * time.Minute},
		"other programs work beside it":    {6, 4, 0.4, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := databasetest.Open(t, t.TempDir()+"/room.db")
			flashCrowd(t, db, newCrowd(c.capacity, c.others), c.perSecond, c.after)
		})
	}
}

type waiter struct {
	ticket   string
	joined   time.Time
	estimate time.Duration
}

func flashCrowd(t *testing.T, db *database.DB, world *crowd, perSecond int, honest time.Duration) {
	c := newClock()
	r := open(t, db, c, perSecond, func() time.Duration { return world.used })
	begun := c.Now()
	var queue []waiter
	wrong, judged := 0, 0
	for second := 0; second < 600 || len(queue) > 0; second++ {
		if second > 6000 {
			t.Fatal("the queue does not end")
		}
		c.pass(time.Second)
		now := c.Now()
		world.second(now, r)
		if second < 600 {
			queue = append(queue, arrive(t, r, now, int(5*world.capacity))...)
		}
		tick(t, r)
		// In order: whoever is admitted stands in front.
		n := 0
		for n < len(queue) && admitted(t, r, queue[n].ticket) {
			if ok, err := r.Enter(queue[n].ticket); !ok || err != nil {
				t.Fatal("an admitted ticket does not open:", err)
			}
			world.thinking = append(world.thinking, now.Add(45*time.Second))
			took := now.Sub(queue[n].joined)
			if queue[n].joined.Sub(begun) >= honest && took > 30*time.Second {
				judged++
				if ratio := queue[n].estimate.Seconds() / took.Seconds(); ratio < 0.7 || ratio > 1.3 {
					wrong++
				}
			}
			n++
		}
		queue = queue[n:]
		if len(queue) > 50 && (admitted(t, r, queue[1].ticket) || admitted(t, r, queue[50].ticket)) {
			t.Fatal("somebody overtook")
		}
	}
	t.Logf("%d waited, %d estimates off by more than 30 %%, the longest request took %s", judged, wrong, world.longest)
	if judged < 1000 || wrong*100 > judged {
		t.Errorf("%d of %d estimates are off by more than 30 %%", wrong, judged)
	}
	// A request that takes 20 s is answered with 503.
	if world.longest > 19*time.Second {
		t.Errorf("a request waited for %s", world.longest)
	}
}

func arrive(t *testing.T, r *room.Room, now time.Time, n int) []waiter {
	t.Helper()
	got := make([]waiter, n)
	places := make([]int64, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			ticket, at, err := r.Join(context.Background())
			if err != nil {
				t.Error(err)
			}
			got[i], places[i] = waiter{ticket, now, at.Estimate}, at.Ahead
		})
	}
	all.Wait()
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(places[a] - places[b]) })
	sorted := make([]waiter, n)
	for i, at := range order {
		sorted[i] = got[at]
	}
	return sorted
}
