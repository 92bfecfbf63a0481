package api

import (
	"sync"
	"time"
)

// seldomEvery is how often the same trouble is told: a line for each request that
// meets it would have the request's moment, which joins tokens with ballots.
const seldomEvery = time.Minute

// seldom says when trouble is told again. What it knows is bounded by the routes
// and their refusals.
type seldom struct {
	mu   sync.Mutex // guards:
	told map[trouble]time.Time
}

type trouble struct{ route, name string }

// due reports whether a trouble is to be told now, and notes that it is.
func (s *seldom) due(t trouble, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, ok := s.told[t]; ok && now.Sub(last) < seldomEvery {
		return false
	}
	if s.told == nil {
		s.told = map[trouble]time.Time{}
	}
	s.told[t] = now
	return true
}
