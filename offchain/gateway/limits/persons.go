package limits

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/rounds"
)

// flushEvery is how often counts are added to the table.
const flushEvery = time.Second

// Persons limits the requests of one person over all replicas.
type Persons struct {
	db    *database.DB
	limit int64
	now   func() time.Time

	mu sync.Mutex
	// minute that is being counted.
	minute int64
	counts map[[32]byte]*count
}

// count of one person in this minute.
type count struct {
	// all that is known: the table's as of the last flush, and here since.
	all int64
	// fresh are not in the table yet.
	fresh int64
}

// NewPersons allows so many requests a minute. Run must run.
func NewPersons(db *database.DB, perMinute int, now func() time.Time) *Persons {
	return &Persons{db: db, limit: int64(perMinute), now: now, counts: map[[32]byte]*count{}}
}

// Allow takes a request of a person into account; wait is how long until
// another is allowed, 0 if this one is. The key names the person to this gateway.
func (p *Persons) Allow(person [32]byte) (wait time.Duration) {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if minute := now.Unix() / 60; minute != p.minute {
		p.minute, p.counts = minute, map[[32]byte]*count{}
	}
	c := p.counts[person]
	if c == nil {
		c = &count{}
		p.counts[person] = c
	}
	if c.all >= p.limit {
		return time.Unix((p.minute+1)*60, 0).Sub(now)
	}
	c.all++
	c.fresh++
	return 0
}

// Run adds counts to the table until the context ends. A failure is told and
// the counts are kept.
func (p *Persons) Run(ctx context.Context, failed func(error)) {
	rounds.Every(ctx, flushEvery, func(context.Context) error { return p.Flush() }, failed)
}

// Flush adds what was counted to the table, and takes over what other replicas
// counted for the same persons.
func (p *Persons) Flush() error {
	p.mu.Lock()
	minute, fresh := p.minute, map[[32]byte]int64{}
	for person, c := range p.counts {
		if c.fresh > 0 {
			fresh[person] = c.fresh
		}
	}
	p.mu.Unlock()
	if len(fresh) == 0 {
		return nil
	}
	known := make(map[[32]byte]int64, len(fresh))
	err := p.db.Update(func(tx *database.Tx) error {
		if _, err := tx.Exec("DELETE FROM person_requests WHERE minute < ?", minute-1); err != nil {
			return err
		}
		for person, n := range fresh {
			_, err := tx.Exec("INSERT INTO person_requests (person, minute, requests) VALUES (?, ?, ?) "+
				"ON CONFLICT (person, minute) DO UPDATE SET requests = person_requests.requests + excluded.requests", person[:], minute, n)
			if err != nil {
				return err
			}
			var all int64
			if err := tx.Row("SELECT requests FROM person_requests WHERE person = ? AND minute = ?", person[:], minute).Scan(&all); err != nil {
				return err
			}
			known[person] = all
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count requests of persons: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.minute != minute {
		return nil
	}
	for person, all := range known {
		c := p.counts[person]
		c.fresh -= fresh[person]
		c.all = all + c.fresh
	}
	return nil
}
