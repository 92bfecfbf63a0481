package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/testnet/load"
	"github.com/urna-vote/urna/testnet/stage"
)

// options of the one contest of measured elections.
const contestOptions = 10

// trial is a network under measurement: its meter follows, its election is open
// once open was called.
type trial struct {
	*bench
	dir      string
	network  *stage.Network
	meter    *load.Meter
	client   *client.Client
	election *stage.Election
	// keep the folder when it stops, for a run that goes on.
	keep  bool
	maker *load.Maker
	file  *load.File
	stop  func() error
}

// start runs a network and a meter on its first node.
func (b *bench) start(ctx context.Context, spec stage.Spec, plain bool) (_ *trial, err error) {
	spec.Bin = b.options.bin
	t := &trial{bench: b, dir: spec.Dir, keep: spec.Dir == b.moscowDir()}
	if t.network, err = stage.Start(ctx, spec); err != nil {
		return nil, err
	}
	t.client, err = client.New(client.Config{
		Nodes: []string{t.network.Node(0).APIURL}, Trust: t.network.Trust, Rounds: 1, Poll: 50 * time.Millisecond,
	})
	if err != nil {
		return nil, errors.Join(err, t.network.Stop())
	}
	t.meter = load.NewMeter(t.client, plain)
	if t.keep {
		t.meter.Remember()
	}
	following, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- t.meter.Follow(following) }()
	t.stop = func() error {
		stop()
		err := errors.Join(<-ended, t.network.Stop())
		if t.file != nil {
			err = errors.Join(err, t.file.Close())
		}
		t.client.Close()
		if t.keep {
			return err
		}
		return errors.Join(err, os.RemoveAll(t.dir))
	}
	return t, nil
}

// open brings an election to voting and makes its ballots ahead of time; it
// returns how many were made a second.
func (t *trial) open(ctx context.Context, voters int, closeEvery time.Duration) (madePerS float64, err error) {
	t.election, err = t.network.Open(ctx, stage.Plan{
		Dir: filepath.Join(t.dir, "election"), Voters: voters, Options: contestOptions, CloseEvery: closeEvery,
	})
	if err != nil {
		return 0, err
	}
	c, err := t.network.Client(0)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if t.maker, err = load.NewMaker(ctx, c, t.election.Secrets, nil); err != nil {
		return 0, err
	}
	return t.make(ctx, voters)
}

// make brings the file of ballots to the number of voters, and opens it.
func (t *trial) make(ctx context.Context, voters int) (madePerS float64, err error) {
	path, begun := filepath.Join(t.dir, "ballots.load"), time.Now()
	progress := terminal.NewProgress(t.out, "    ballots made", int64(voters))
	made, err := t.maker.Make(ctx, path, voters, progress)
	if err != nil {
		return 0, err
	}
	progress.Done()
	if made > 0 {
		madePerS = round(float64(made) / time.Since(begun).Seconds())
	}
	t.say("%d ballots made, %.0f a second", made, madePerS)
	t.file, err = load.Open(path)
	return madePerS, err
}

// play hands in to all running nodes, tells what came of it, and fails unless
// every one that was sent is on the ledger once.
func (t *trial) play(ctx context.Context, what string, p load.Play) (load.Report, error) {
	p.Meter, p.Nodes = t.meter, t.network.Running(0)
	p.Tell = func(sent, in int) {}
	r, err := p.Run(ctx)
	if err != nil {
		return r, fmt.Errorf("%s: %w", what, err)
	}
	t.say("%s: %d of %d in %.1f s, %.0f a second (mean %.0f); p50 %.2f p95 %.2f p99 %.2f s; %d receipts p95 %.2f s; busy %d, again %d, late p99 %.3f s",
		what, r.InBlocks, r.Sent, r.Seconds, r.PerSecond, r.Mean, r.P50, r.P95, r.P99, r.Receipts, r.ReceiptP95, r.Busy, r.Resent, r.LateP99)
	if r.Lost != 0 || r.Doubled != 0 || r.Refused != 0 || r.Verified != r.Sent {
		return r, fmt.Errorf("%s: of %d sent, %d are lost, %d doubled, %d refused (%v), %d not proven", what, r.Sent, r.Lost, r.Doubled, r.Refused, r.Reasons, r.Sent-r.Verified)
	}
	return r, nil
}

// issue has all tokens issued, as fast as possible.
func (t *trial) issue(ctx context.Context, n int) (load.Report, error) {
	return t.play(ctx, "issuances", load.Play{List: &t.file.Issuances, To: n, Wait: 5 * time.Minute})
}

// node's folder of everything that grows.
func (t *trial) data(node int) string {
	return filepath.Join(t.network.Dir, t.network.Node(node).Home, "data")
}

// sizes of a node's folders.
type sizes struct{ all, app, wal int64 }

func (t *trial) sizes(node int) (s sizes, err error) {
	if s.all, err = size(t.data(node)); err != nil {
		return s, err
	}
	if s.app, err = size(filepath.Join(t.data(node), "app")); err != nil {
		return s, err
	}
	s.wal, err = size(filepath.Join(t.data(node), "wal"))
	return s, err
}

// quiet lets stores finish what they do in the background.
func quiet(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
