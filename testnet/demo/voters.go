package main

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/slip"
	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/testnet/crowd"
	"github.com/urna-vote/urna/testnet/electorate"
)

// voter is a person of the electorate with what the person was handed.
type voter struct {
	electorate.Voter
	slip  *slip.Slip
	state *session.State
	// Where voters log in: who it is, with browser and telephone, and the session
	// at the registrar.
	citizen *citizen
	person  *crowd.Person
	bearer  issuer.Bearer
	// casts are the accepted ballots, raw; the last one counts.
	casts [][]byte
}

// atOnce is how many voters are at work at the same time.
const atOnce = 600

// everybody is what simulated voters share: connections, proven parameters, the
// blocks they look into.
type everybody struct {
	demo    *demo
	clients []*client.Client
	ledgers []*crowd.Ledger
	watch   *booth.Watch
	issuers map[[32]byte]*issuer.Gateway
	names   map[[32]byte]string
	// steps counts tokens got and ballots cast.
	steps atomic.Int64
	// leaveOpen ends keepOpen and tells how it went.
	leaveOpen func() error
	// stop ends what runs beside, and tells how it went.
	stop func() error
}

func (d *demo) gather(ctx context.Context) (*everybody, error) {
	c := &everybody{demo: d, issuers: map[[32]byte]*issuer.Gateway{}, names: map[[32]byte]string{}}
	transport := &http.Transport{MaxIdleConnsPerHost: atOnce, MaxConnsPerHost: atOnce}
	urls := d.network.URLs()
	for i := range urls {
		var nodes []string
		for j := range urls {
			nodes = append(nodes, urls[(i+j)%len(urls)])
		}
		each, err := client.New(client.Config{Nodes: nodes, Trust: d.trust, Poll: 400 * time.Millisecond, Transport: transport, Rounds: 6})
		if err != nil {
			return nil, err
		}
		c.clients = append(c.clients, each)
	}
	// Parameters are proven, whoever shows them; sharing them saves work.
	c.watch = booth.NewWatch(session.Network{Client: c.clients[0]}.Prove, d.chainID, time.Now)
	if err := c.follow(ctx); err != nil {
		return nil, err
	}
	for _, g := range d.gateways {
		gateway, err := issuer.New(transport, g.urls...)
		if err != nil {
			return nil, err
		}
		c.issuers[g.operator], c.names[g.operator] = gateway, g.name
	}
	return c, nil
}

// follow starts reading blocks and handing in batches at every node.
func (c *everybody) follow(ctx context.Context) error {
	// The observer is never stopped.
	observer := c.clients[len(c.clients)-1]
	status, err := observer.Status(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var group errgroup.Group
	blocks := crowd.NewBlocks(observer, status.Height, 150*time.Millisecond)
	group.Go(func() error { return blocks.Follow(ctx) })
	for _, each := range c.clients {
		ledger := crowd.NewLedger(each, blocks)
		c.ledgers = append(c.ledgers, ledger)
		group.Go(func() error { ledger.Run(ctx); return nil })
	}
	c.stop = func() error { cancel(); return group.Wait() }
	return nil
}

// session resumes a voter's session; voters cast at the node that their number
// gives, never all at one.
func (c *everybody) session(ctx context.Context, i int) (*session.Session, error) {
	return session.New(ctx, c.config(c.demo.voters[i], i%len(c.clients)))
}

func (c *everybody) config(v *voter, node int) session.Config {
	cfg := session.Config{
		State:  v.state,
		Watch:  c.watch,
		Ledger: c.ledgers[node],
		Access: func(operator [32]byte) (session.Access, bool) {
			if c.demo.byPortal() {
				gateway, ok := c.issuers[operator]
				return session.Access{Issuer: gateway, Portal: gateway}, ok
			}
			code, ok := v.slip.Code(c.names[operator])
			return session.Access{
				Issuer: c.issuers[operator], Code: code.Reveal(),
				Pass: v.slip.VoterKey.Pass(v.slip.ChainID, v.slip.Election, c.names[operator]),
			}, ok
		},
		Claims: c.claims(node),
		// A simulated voter's device does not lose its memory.
		Save:   func(*session.State) error { return nil },
		Random: rand.Reader,
		Pause:  400 * time.Millisecond,
	}
	if v.person != nil {
		cfg.Person = v.person
	}
	return cfg
}

// each lets voters from..to work side by side. It stops at the first failure.
func each(ctx context.Context, from, to int, tell func(), work func(context.Context, int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	next.Store(int64(from))
	var group sync.WaitGroup
	for range min(atOnce, to-from) {
		group.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= to {
					return
				}
				if err := work(ctx, i); err != nil {
					cancel(fmt.Errorf("voter %d: %w", i, err))
					return
				}
				tell()
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// scores are choices as a ballot takes them.
func scores(e *electorate.Electorate, style int, choices [][]int) booth.Choices {
	var all [][]uint32
	for i, c := range e.Styles[style].Contests {
		marks := make([]uint32, len(e.Contests[c].Options))
		for _, o := range choices[i] {
			marks[o] = 1
		}
		all = append(all, marks)
	}
	return booth.NewChoices(all)
}

func seeded(seed uint64, stream uint64) *mathrand.Rand {
	return mathrand.New(mathrand.NewPCG(seed, stream))
}
