package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/urna-vote/urna/offchain/chain"
)

// Config of a client. Zero values mean the default.
type Config struct {
	// Nodes are base addresses ("https://node.example:8080"), the preferred first.
	Nodes []string
	// Trust checks what Proven, Receipt and Head return; without it they refuse.
	Trust *chain.Trust
	// Timeout of one request; 20 s.
	Timeout time.Duration
	// Rounds over all nodes before a call fails; 4.
	Rounds int
	// Backoff before the second round, doubled for each further one; 200 ms.
	Backoff time.Duration
	// Poll is how often a submitted transaction is looked for; 250 ms.
	Poll time.Duration
	// MaxAnswer limits the bytes of an answer; 64 MiB.
	MaxAnswer int64
	// Transport carries the requests; one with bounded idle connections.
	Transport http.RoundTripper
}

// Client is safe for concurrent use.
type Client struct {
	cfg   Config
	nodes []*url.URL
	http  *http.Client
	// preferred is the node that answered last.
	preferred atomic.Uint32
}

// New makes a client.
func New(cfg Config) (*Client, error) {
	if len(cfg.Nodes) == 0 {
		return nil, errors.New("make client: no node given")
	}
	c := &Client{cfg: withDefaults(cfg)}
	for _, n := range cfg.Nodes {
		u, err := url.Parse(strings.TrimRight(n, "/"))
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.User != nil {
			return nil, fmt.Errorf("make client: node %q is not an address like https://node.example:8080", n)
		}
		c.nodes = append(c.nodes, u)
	}
	c.http = &http.Client{Transport: c.cfg.Transport, Timeout: c.cfg.Timeout, CheckRedirect: refuseRedirect}
	return c, nil
}

func withDefaults(cfg Config) Config {
	if cfg.Timeout <= 0 {
		cfg.Timeout = 20 * time.Second
	}
	if cfg.Rounds <= 0 {
		cfg.Rounds = 4
	}
	if cfg.Backoff <= 0 {
		cfg.Backoff = 200 * time.Millisecond
	}
	if cfg.Poll <= 0 {
		cfg.Poll = 250 * time.Millisecond
	}
	if cfg.MaxAnswer <= 0 {
		cfg.MaxAnswer = 64 << 20
	}
	if cfg.Transport == nil {
		cfg.Transport = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: cfg.Timeout,
			MaxIdleConnsPerHost:   64,
			IdleConnTimeout:       60 * time.Second,
			ForceAttemptHTTP2:     true,
		}
	}
	return cfg
}

// refuseRedirect: a node that sends its clients elsewhere is not followed.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Trust is what answers are checked by, nil if none was given.
func (c *Client) Trust() *chain.Trust { return c.cfg.Trust }

// Nodes are the addresses in the order given.
func (c *Client) Nodes() []string {
	out := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		out[i] = n.String()
	}
	return out
}

// Close gives back idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// pause waits, or returns the context's error.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
