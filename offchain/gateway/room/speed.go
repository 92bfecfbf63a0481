package room

import (
	"math"
	"runtime"
	"time"
)

// How the speed is found.
const (
	// fade is the time in which what was measured loses half its weight.
	fade = 10 * time.Minute
	// share of the processors that people may take.
	share = 0.8
	// enough people to know what one takes.
	enough = 50
	// slow is a request that took longer; so many in a hundred are congestion,
	// judged as soon as a few are seen.
	slow        = time.Second
	slowHundred = 20
	seenEnough  = 10
	// lately is over what time it is told how many are really served.
	lately = 10 * time.Second
	// While there is congestion half as many are let in as are served, so that
	// what piled up goes away.
	relief = 0.5
	// A ceiling that was found rises by a thousandth a second, from a minute
	// after the congestion: people who were let in take about so long.
	ceilingRise  = 0.001
	ceilingPause = time.Minute
	leastCeiling = 0.1 // of per_second
	// rise of the rate in a second towards what was measured, so that the people
	// who were let in too many are few.
	rise = 0.005
)

// speed of this process.
type speed struct {
	perSecond float64
	// used is the processor time of the process so far.
	used func() time.Duration

	at      time.Time
	lastUse time.Duration
	// spent and served are faded sums, recent is how many a second are served.
	spent, served, recent float64
	newServed             int
	// requests and slow ones since they were judged last.
	requests, slow int
	congested      bool
	// power is what the processors can do as far as it is believed by now.
	power float64
	// ceiling is how many a second could be served when there was congestion.
	ceiling       float64
	lastCongested time.Time
}

func newSpeed(perSecond int, used func() time.Duration) speed {
	return speed{perSecond: float64(perSecond), used: used, power: float64(perSecond), ceiling: math.Inf(1)}
}

// measure is called about once a second.
func (s *speed) measure(now time.Time) {
	use := s.used()
	if s.at.IsZero() {
		s.at, s.lastUse = now, use
		return
	}
	passed := now.Sub(s.at).Seconds()
	if passed <= 0 {
		return
	}
	keep := math.Exp2(-passed / fade.Seconds())
	s.spent = s.spent*keep + (use - s.lastUse).Seconds()
	s.served = s.served*keep + float64(s.newServed)
	keep = math.Exp(-passed / lately.Seconds())
	s.recent = s.recent*keep + (1-keep)*float64(s.newServed)/passed
	s.at, s.lastUse, s.newServed = now, use, 0
	if s.served >= enough && s.spent > 0 {
		measured := share * float64(runtime.GOMAXPROCS(0)) * s.served / s.spent
		s.power = min(max(s.perSecond, measured), s.power*(1+rise*passed))
	}
	s.judge(now, passed)
}

func (s *speed) judge(now time.Time, passed float64) {
	if s.requests >= seenEnough {
		s.congested = s.slow*100 >= s.requests*slowHundred
		s.requests, s.slow = 0, 0
		if s.congested {
			s.ceiling, s.lastCongested = min(s.ceiling, max(s.recent, leastCeiling*s.perSecond)), now
		}
	}
	if now.Sub(s.lastCongested) >= ceilingPause {
		s.congested = false
		s.ceiling *= 1 + ceilingRise*passed
	}
}

// rate in people a second.
func (s *speed) rate() float64 {
	r := min(s.power, s.ceiling)
	if s.congested {
		r *= relief
	}
	return r
}
