package verify_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/audit/verify"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/trustee/decrypt"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// growing is a node whose chain grows: by one act whenever it is waited for.
type growing struct {
	w    *world
	acts []func()
	*sealed
	// lowest height that blocks were asked for.
	lowest int64
	asking sync.Mutex // guards lowest
	broken bool
}

var errNode = errors.New("the node is away")

func (g *growing) pause(context.Context) error {
	g.broken = !g.broken && len(g.acts)%2 == 1 // now and then it does not answer
	if g.broken {
		return nil
	}
	if len(g.acts) == 0 {
		return errors.New("nothing more happens")
	}
	g.acts[0]()
	g.acts = g.acts[1:]
	g.sealed = g.w.seal(g.w.specs)
	return nil
}

func (g *growing) Blocks(ctx context.Context, from, to int64) ([][]byte, error) {
	g.asking.Lock()
	g.lowest = min(g.lowest, from)
	g.asking.Unlock()
	return g.sealed.Blocks(ctx, from, to)
}

func (g *growing) Status(ctx context.Context) (*api.Status, error) {
	if g.broken {
		return nil, errNode
	}
	return g.sealed.Status(ctx)
}

func newGrowing(t *testing.T) *growing {
	w := newWorld(t)
	w.block(time.Second)
	g := &growing{w: w, sealed: w.seal(w.specs), lowest: 1 << 60}
	g.acts = []func(){
		func() { w.create(); w.makeKey() },
		func() { w.enrol(15); w.registerIssuers() },
		func() { w.vote(13) },
		func() { w.untilPhase(electionv1.Phase_PHASE_COUNTING) },
		func() { w.block(time.Second); w.block(time.Second) },
		func() { w.block(time.Second) },
	}
	return g
}

// A trustee's program that follows the chain has verified what there is when
// the close comes, also over a restart and a node that is away.
func TestAFollowerHasTheSumsWhenTheCloseHasCome(t *testing.T) {
	g := newGrowing(t)
	trust, err := chain.ParseTrust(g.w.genesis)
	g.w.ok(err)
	// The election's id is known once it is made.
	g.w.ok(g.pause(context.Background()))
	w := decrypt.Watch{
		Source: g, Trust: trust, Election: g.w.id, Wait: true, Say: func(string) {},
		Options: verify.Options{Workers: 2, Work: t.TempDir(), Resume: true, Every: time.Hour,
			Note: func(line string) { t.Errorf("note: %s", line) }},
	}
	stop := errors.New("stopped")
	w.Pause = func(ctx context.Context) error {
		if len(g.acts) == 3 {
			return stop
		}
		return g.pause(ctx)
	}
	if _, err := decrypt.Follow(context.Background(), w); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	seen := int64(len(g.blocks))
	g.lowest, w.Pause = 1<<60, g.pause
	r, err := decrypt.Follow(context.Background(), w)
	g.w.ok(err)
	if g.lowest <= seen {
		t.Errorf("after a restart block %d was asked for, %d were verified", g.lowest, seen)
	}
	want := g.w.audit(g.w.specs)
	if !r.OK() || !want.OK() {
		t.Fatal(r.Findings, want.Findings)
	}
	got, zone := r.Elections[0].Zones[0].Units, want.Elections[0].Zones[0].Units
	if got == nil || zone == nil || got.String() != zone.String() || len(g.acts) == 0 {
		t.Errorf("units %v, want %v; %d acts left", got, zone, len(g.acts))
	}
}

// A chain that breaks a rule is not waited for: the report says what is wrong,
// and nothing of it stays, so that another node can show the right one.
func TestAFollowerStopsAtTheFirstFault(t *testing.T) {
	g := newGrowing(t)
	g.w.sloppy = 3
	trust, err := chain.ParseTrust(g.w.genesis)
	g.w.ok(err)
	w := decrypt.Watch{Source: g, Trust: trust, Wait: true, Pause: g.pause, Say: func(string) {},
		Options: verify.Options{Workers: 2, Work: t.TempDir(), Resume: true}}
	r, err := decrypt.Follow(context.Background(), w)
	g.w.ok(err)
	wants(t, r, "header/commit")
	a, err := verify.Begin(g.w.genesis, w.Options)
	g.w.ok(err)
	defer func() { g.w.ok(a.Close()) }()
	if !a.OK() || a.Height() >= 4 {
		t.Errorf("what was wrong is kept: height %d", a.Height())
	}
}
