package config

import (
	"net/netip"
	"net/url"
	"time"
)

// Limits section.
type Limits struct {
	Connections    int           `koanf:"connections" doc:"Connections at once; when all are taken the longest idle one ends."`
	PerAddress     int           `koanf:"per_address" doc:"Requests a minute from one address (of IPv6: one network of 64 bits). Many voters\nshare an address where their provider has few."`
	PerPerson      int           `koanf:"per_person" doc:"Requests a minute of one person who is logged in, over all replicas."`
	TrustedProxies []string      `koanf:"trusted_proxies" doc:"Networks of own proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8."`
	Drain          time.Duration `koanf:"drain" doc:"How long /v1/ready says no, and requests are still taken, before the gateway stops."`
}

func defaultLimits() Limits {
	return Limits{Connections: 20_000, PerAddress: 600, PerPerson: 60, TrustedProxies: []string{}, Drain: time.Second}
}

func (l *Limits) validate(_ *Config, wrong func(key, reason string)) {
	if l.Connections < 100 || l.Connections > 1_000_000 {
		wrong("connections", "100 to 1000000")
	}
	if l.PerAddress < 1 {
		wrong("per_address", "at least 1")
	}
	if l.PerPerson < 10 {
		wrong("per_person", "at least 10: one ballot takes about eight requests")
	}
	if l.Drain < 0 || l.Drain > 10*time.Minute {
		wrong("drain", "0s to 10m")
	}
	if _, err := l.Proxies(); err != nil {
		wrong("trusted_proxies", err.Error())
	}
}

// Proxies are the networks whose X-Forwarded-For is believed.
func (l *Limits) Proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range l.TrustedProxies {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		all = append(all, prefix)
	}
	return all, nil
}

// Room section.
type Room struct {
	Enabled   bool `koanf:"enabled"`
	PerSecond int  `koanf:"per_second" doc:"Log-ins a second to begin with; then as many as the process serves in time."`
	Waiting   int  `koanf:"waiting" doc:"People who may wait at once, over all replicas."`
}

func defaultRoom() Room { return Room{Enabled: true, PerSecond: 50, Waiting: 5_000_000} }

func (r *Room) validate(_ *Config, wrong func(key, reason string)) {
	if r.PerSecond < 1 || r.PerSecond > 100_000 {
		wrong("per_second", "1 to 100000")
	}
	if r.Waiting < 1 {
		wrong("waiting", "at least 1")
	}
}

// Metrics section.
type Metrics struct {
	Listen string `koanf:"listen" doc:"Address and port of their own, such as 127.0.0.1:26691; empty for none."`
}

func (m *Metrics) validate(_ *Config, wrong func(key, reason string)) {
	if m.Listen == "" {
		return
	}
	if at, err := netip.ParseAddrPort(m.Listen); err != nil || !at.Addr().IsLoopback() {
		wrong("listen", "address and port of this machine itself such as 127.0.0.1:26691")
	}
}

// isAddress reports whether it is an HTTP address, which may have a path.
func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}
