package limits

import (
	"container/list"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// remembered is how many addresses are kept: the rest asked longer ago than a
// bucket needs to fill.
const remembered = 100_000

// Addresses limits the requests of one address.
type Addresses struct {
	limit   rate.Limit
	burst   int
	proxies []netip.Prefix
	now     func() time.Time

	mu sync.Mutex
	// recent addresses, the one that asked last in front, and where each stands.
	recent *list.List
	place  map[netip.Prefix]*list.Element
}

type bucket struct {
	who     netip.Prefix
	limiter *rate.Limiter
}

// NewAddresses allows so many requests a minute, half a minute's at once.
// X-Forwarded-For is believed from proxies and from this machine.
func NewAddresses(perMinute int, proxies []netip.Prefix, now func() time.Time) *Addresses {
	return &Addresses{
		limit: rate.Limit(float64(perMinute) / 60), burst: max(1, perMinute/2), proxies: proxies, now: now,
		recent: list.New(), place: map[netip.Prefix]*list.Element{},
	}
}

// Allow takes a request into account; wait is how long until another is allowed,
// 0 if this one is.
func (a *Addresses) Allow(r *http.Request) (wait time.Duration) {
	who, limited := a.source(r)
	if !limited {
		return 0
	}
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	e, known := a.place[who]
	if known {
		a.recent.MoveToFront(e)
	} else {
		if a.recent.Len() >= remembered {
			last := a.recent.Back()
			a.recent.Remove(last)
			delete(a.place, last.Value.(*bucket).who)
		}
		e = a.recent.PushFront(&bucket{who: who, limiter: rate.NewLimiter(a.limit, a.burst)})
		a.place[who] = e
	}
	reserved := e.Value.(*bucket).limiter.ReserveN(now, 1)
	wait = reserved.DelayFrom(now)
	if wait > 0 {
		reserved.CancelAt(now)
	}
	return wait
}

// source says whose request it is: an address, of IPv6 the network that one
// customer is given. Requests that this machine itself makes are nobody's.
func (a *Addresses) source(r *http.Request) (who netip.Prefix, limited bool) {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}, false
	}
	addr := at.Addr().Unmap().WithZone("")
	// The last address that no own proxy has: those before it anyone can write.
	forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(forwarded) - 1; i >= 0 && a.trusted(addr); i-- {
		before, ok := forwardedAddr(strings.TrimSpace(forwarded[i]))
		if !ok {
			break
		}
		addr = before.Unmap().WithZone("")
	}
	if addr.IsLoopback() {
		return netip.Prefix{}, false
	}
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	who, err = addr.Prefix(bits)
	return who, err == nil
}

// forwardedAddr reads an address as proxies write it, some with its port.
func forwardedAddr(text string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")); err == nil {
		return addr, true
	}
	at, err := netip.ParseAddrPort(text)
	return at.Addr(), err == nil
}

func (a *Addresses) trusted(addr netip.Addr) bool {
	return addr.IsLoopback() || slices.ContainsFunc(a.proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}
