package load

import (
	"sync"
	"time"
)

// pace bounds what is outstanding when playing as fast as possible: as many
// clients as nodes can bear. A node that says "busy, come again" makes fewer of
// them, and while none does they become more.
type pace struct {
	mu   sync.Mutex
	most int
	now  int
	// cut is when the window was made smaller last, grown when it was looked at.
	cut, grown time.Duration
}

// The window shrinks to nine tenths of what nodes held, at most every half
// second, never below leastWindowSize, and grows by a twentieth in a second.
const (
	leastWindowSize = 500
	cutEvery        = 500 * time.Millisecond
)

// window at a time.
func (p *pace) window(now time.Duration) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if since := now - p.grown; since > 100*time.Millisecond {
		p.grown = now
		p.now = min(p.most, p.now+int(float64(p.now)*0.05*min(since, time.Second).Seconds()))
	}
	return p.now
}

// busy is called when a node sent clients away.
func (p *pace) busy(now time.Duration, run *Run) {
	held := run.held()
	p.mu.Lock()
	defer p.mu.Unlock()
	if now-p.cut < cutEvery && p.cut != 0 {
		return
	}
	p.cut, p.grown = now, now
	p.now = max(leastWindowSize, min(p.now, held*9/10))
}

// held is how many nodes have admitted that are in no block yet.
func (r *Run) held() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.admitted
}
