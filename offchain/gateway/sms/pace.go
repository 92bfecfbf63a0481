package sms

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// calm is how long the answers to what was already under way say nothing new
// about the rate.
const calm = time.Second

// pace keeps the rate at which the centre takes messages: half after it says
// that it takes no more, and slowly up again with what it takes.
type pace struct {
	max     float64
	limiter *rate.Limiter

	mu     sync.Mutex
	now    float64
	slowed time.Time
}

func newPace(perSecond float64) *pace {
	burst := max(1, int(perSecond/20))
	return &pace{max: perSecond, now: perSecond, limiter: rate.NewLimiter(rate.Limit(perSecond), burst)}
}

func (p *pace) wait(ctx context.Context) error { return p.limiter.Wait(ctx) }

// slow halves the rate, once for all messages under way.
func (p *pace) slow(at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at.Sub(p.slowed) < calm {
		return
	}
	p.slowed = at
	p.set(max(1, p.now/2))
}

// ease raises the rate a little.
func (p *pace) ease() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now < p.max {
		p.set(min(p.max, p.now+p.max/200))
	}
}

func (p *pace) set(perSecond float64) {
	p.now = perSecond
	p.limiter.SetLimit(rate.Limit(perSecond))
}
