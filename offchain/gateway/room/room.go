package room

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sort"
	"sync"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/rounds"
)

// How tickets live.
const (
	// TickTime is how often people are admitted.
	TickTime = 250 * time.Millisecond
	// GraceTime is how long an admitted ticket opens log-in.
	GraceTime = 10 * time.Minute
	// uses of a ticket at one process: a log-in may have to be begun again.
	uses = 5
	// window over which the speed of the queue is told.
	window = 30 * time.Second
	// prior is how many seconds of the own rate stand for what is not known yet.
	prior = 5.0
)

// Refusals.
var (
	// ErrTicket: not a ticket of this room, used up or out of time.
	ErrTicket = errors.New("no such ticket in the waiting room, or its time is over")
	// ErrFull: more people wait than may.
	ErrFull = errors.New("the waiting room is full")
)

// Config is what a Room is made of.
type Config struct {
	Database *database.DB
	// Key of tickets, shared by replicas.
	Key [32]byte
	// PerSecond is the least rate while care is not needed.
	PerSecond int
	// Waiting at once.
	Waiting int64
	Now     func() time.Time
	// Used is the processor time that the process has taken so far.
	Used func() time.Duration
}

// Place of a ticket.
type Place struct {
	// Ahead is how many are admitted before, 0 when Admitted.
	Ahead    int64
	Admitted bool
	// Estimate of the time until the ticket is admitted; of an admitted one,
	// Left is how long it still opens log-in.
	Estimate, Left time.Duration
}

// Room is a process's view of the waiting room. It is safe for concurrent use.
type Room struct {
	cfg Config

	mu sync.Mutex
	// issued and admitted as last seen in SQL.
	issued, admitted int64
	// history of admitted, oldest first. Tickets up to expired were admitted
	// before it.
	history []sample
	expired int64
	// since when people wait without a break.
	since time.Time
	speed speed
	// credit of people that may be let in, with a ticket or without.
	credit   float64
	credited time.Time
	used     map[int64]int

	// pending people who ask for a number, in their order; one goroutine at a
	// time gives numbers out.
	pending  []chan given
	flushing bool
}

type sample struct {
	at       time.Time
	admitted int64
}

type given struct {
	number int64
	err    error
}

// New opens the room. Run must run, or Tick be called.
func New(ctx context.Context, cfg Config) (*Room, error) {
	r := &Room{cfg: cfg, used: map[int64]int{}}
	r.speed = newSpeed(cfg.PerSecond, cfg.Used)
	r.credit, r.credited = float64(cfg.PerSecond), cfg.Now()
	r.speed.measure(cfg.Now())
	return r, r.look(ctx)
}

// look reads the two numbers.
func (r *Room) look(ctx context.Context) error {
	var issued, admitted int64
	err := r.cfg.Database.View(ctx, func(tx *database.Tx) error {
		return tx.Row("SELECT issued, admitted FROM room WHERE id = 1").Scan(&issued, &admitted)
	})
	if err != nil {
		return fmt.Errorf("look at waiting room: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(issued, admitted)
	return nil
}

// note takes over what is in SQL. Numbers only grow: an older look changes nothing.
func (r *Room) note(issued, admitted int64) {
	now, waited := r.cfg.Now(), r.issued > r.admitted
	r.issued, r.admitted = max(r.issued, issued), max(r.admitted, admitted)
	if r.issued > r.admitted && !waited {
		r.since = now
	}
	// Of a time in which nothing moved, the first and the last look are kept.
	if n := len(r.history); n >= 2 && r.history[n-1].admitted == r.admitted && r.history[n-2].admitted == r.admitted {
		r.history[n-1].at = now
	} else {
		r.history = append(r.history, sample{now, r.admitted})
	}
	old := 0
	for old < len(r.history)-1 && now.Sub(r.history[old].at) > GraceTime+time.Minute {
		r.expired = r.history[old].admitted
		old++
	}
	r.history = r.history[old:]
}

// Run admits people until the context ends; failures are told.
func (r *Room) Run(ctx context.Context, failed func(error)) {
	rounds.Every(ctx, TickTime, r.Tick, failed)
}

// Tick admits as many as there is power for.
func (r *Room) Tick(ctx context.Context) error {
	r.mu.Lock()
	now := r.cfg.Now()
	if now.Sub(r.speed.at) >= time.Second {
		r.speed.measure(now)
	}
	rate := r.speed.rate()
	// What was not used in a second is not saved up for a rush.
	r.credit = min(r.credit+rate*now.Sub(r.credited).Seconds(), max(1, rate))
	r.credited = now
	waiting, last := r.issued-r.admitted, r.history[len(r.history)-1].at
	n := min(int64(r.credit), waiting)
	r.credit -= float64(n)
	r.mu.Unlock()
	switch {
	case n > 0:
		return r.admit(n)
	case now.Sub(last) >= time.Second:
		return r.look(ctx)
	}
	return nil
}

func (r *Room) admit(n int64) error {
	var issued, admitted int64
	err := r.cfg.Database.Update(func(tx *database.Tx) error {
		if err := tx.Row("SELECT issued, admitted FROM room WHERE id = 1").Scan(&issued, &admitted); err != nil {
			return err
		}
		admitted = min(admitted+n, issued)
		_, err := tx.Exec("UPDATE room SET admitted = ? WHERE id = 1", admitted)
		return err
	})
	if err != nil {
		return fmt.Errorf("admit from waiting room: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(issued, admitted)
	return nil
}

// Join gives a ticket out.
func (r *Room) Join(ctx context.Context) (ticket string, at Place, err error) {
	mine := make(chan given, 1)
	r.mu.Lock()
	if r.issued-r.admitted+int64(len(r.pending)) >= r.cfg.Waiting {
		r.mu.Unlock()
		return "", Place{}, ErrFull
	}
	r.pending = append(r.pending, mine)
	if !r.flushing {
		r.flushing = true
		go r.flush()
	}
	r.mu.Unlock()
	select {
	case g := <-mine:
		if g.err != nil {
			return "", Place{}, g.err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.write(g.number), r.place(g.number), nil
	case <-ctx.Done():
		return "", Place{}, ctx.Err()
	}
}

// flush gives numbers to all who ask, many in one transaction.
func (r *Room) flush() {
	for {
		r.mu.Lock()
		batch := r.pending
		r.pending = nil
		if len(batch) == 0 {
			r.flushing = false
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		var issued, admitted int64
		err := r.cfg.Database.Update(func(tx *database.Tx) error {
			if err := tx.Row("SELECT issued, admitted FROM room WHERE id = 1").Scan(&issued, &admitted); err != nil {
				return err
			}
			issued += int64(len(batch))
			_, err := tx.Exec("UPDATE room SET issued = ? WHERE id = 1", issued)
			return err
		})
		if err == nil {
			r.mu.Lock()
			r.note(issued, admitted)
			r.mu.Unlock()
		}
		for i, c := range batch {
			if err != nil {
				c <- given{err: fmt.Errorf("give out a ticket: %w", err)}
				continue
			}
			c <- given{number: issued - int64(len(batch)-1-i)}
		}
	}
}

// Where tells a ticket's place.
func (r *Room) Where(ticket string) (Place, error) {
	number, err := r.read(ticket)
	if err != nil {
		return Place{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.place(number)
	if at.Admitted && at.Left <= 0 {
		return Place{}, ErrTicket
	}
	return at, nil
}

func (r *Room) place(number int64) Place {
	if number > r.admitted {
		ahead := number - r.admitted
		return Place{Ahead: ahead, Estimate: time.Duration(float64(ahead) / r.pace() * float64(time.Second))}
	}
	if number <= r.expired {
		return Place{Admitted: true}
	}
	i := sort.Search(len(r.history), func(i int) bool { return r.history[i].admitted >= number })
	return Place{Admitted: true, Left: GraceTime - r.cfg.Now().Sub(r.history[i].at)}
}

// pace of the queue in people a second.
func (r *Room) pace() float64 {
	now, rate := r.cfg.Now(), r.speed.rate()
	from := now.Add(-window)
	if r.since.After(from) {
		from = r.since
	}
	first := sort.Search(len(r.history), func(i int) bool { return !r.history[i].at.Before(from) })
	first = min(first, len(r.history)-1)
	passed := now.Sub(r.history[first].at).Seconds()
	moved := float64(r.admitted - r.history[first].admitted)
	return math.Max(0.01, (moved+rate*prior)/(passed+prior))
}

// Enter reports whether a log-in may begin now. Without a ticket: if nobody
// waits and there is power. With one: if it was admitted.
func (r *Room) Enter(ticket string) (bool, error) {
	if ticket == "" {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.issued > r.admitted || r.credit < 1 {
			return false, nil
		}
		r.credit--
		return true, nil
	}
	at, err := r.Where(ticket)
	if err != nil || !at.Admitted {
		return false, err
	}
	number, _ := r.read(ticket) // Where has read it
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.used[number] >= uses {
		return false, ErrTicket
	}
	r.used[number]++
	if len(r.used) > 2*int(r.admitted-r.expired)+1000 {
		for n := range r.used {
			if n <= r.expired {
				delete(r.used, n)
			}
		}
	}
	return true, nil
}

// Served tells that one person was served.
func (r *Room) Served() {
	r.mu.Lock()
	r.speed.newServed++
	r.mu.Unlock()
}

// Took tells how long a request of a log-in or of issuing took.
func (r *Room) Took(d time.Duration) {
	r.mu.Lock()
	r.speed.requests++
	if d > slow {
		r.speed.slow++
	}
	r.mu.Unlock()
}

// State says how many wait, and how many a second this process lets in.
func (r *Room) State() (waiting int64, rate float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.issued - r.admitted, r.speed.rate()
}
