package pace_test

import (
	"context"
	"errors"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtconfig "github.com/cometbft/cometbft/config"

	"github.com/urna-vote/urna/node/pace"
)

type application struct {
	abci.BaseApplication
	err error
}

func (a *application) Commit(context.Context, *abci.RequestCommit) (*abci.ResponseCommit, error) {
	return &abci.ResponseCommit{}, a.err
}

func TestPauseFollowsWhatWaits(t *testing.T) {
	const busy, idle = 200 * time.Millisecond, time.Second
	engine := cmtconfig.DefaultConsensusConfig()
	engine.TimeoutCommit = busy
	waiting, ready, unfinished, app := 0, 0, false, &application{}
	now, due := time.UnixMilli(1_000_000), time.Time{}
	p := pace.Before(app, pace.Config{Engine: engine, Busy: busy, Idle: idle, FullBlock: 1000,
		Waiting: func() int { return waiting }, Ready: func() int { return ready },
		Due:        func(time.Time) (time.Time, bool) { return due, !due.IsZero() },
		Unfinished: func() bool { return unfinished }, Now: func() time.Time { return now }})
	if p.Pause() != busy {
		t.Errorf("at first %s", p.Pause())
	}
	block := func(txs int) {
		t.Helper()
		r := &abci.RequestFinalizeBlock{}
		for range txs {
			r.Txs = append(r.Txs, make([]byte, 100))
		}
		if _, err := p.FinalizeBlock(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		_, _ = p.Commit(t.Context(), &abci.RequestCommit{})
	}
	for _, step := range []struct {
		name    string
		txs     int
		waiting int
		ready   int
		want    time.Duration
	}{
		{"nothing waits and nothing came", 0, 0, 0, idle},
		{"sizes are not known yet", 0, 1000, 1000, busy},
		{"a block with transactions", 1, 0, 0, busy},
		{"the block after it", 0, 0, 0, idle},
		{"less than a block waits", 0, 9, 9, busy},
		{"a full block waits, and is not verified yet", 0, 1000, 9, busy},
		{"a full block waits", 3, 10, 10, 0},
		{"and no longer", 10, 0, 0, busy},
	} {
		waiting, ready = step.waiting, step.ready
		block(step.txs)
		if engine.TimeoutCommit != step.want || p.Pause() != step.want {
			t.Errorf("%s: pause %s, want %s", step.name, engine.TimeoutCommit, step.want)
		}
	}
	for _, step := range []struct {
		name       string
		due        time.Duration // from now; 0 is none
		unfinished bool
		want       time.Duration
	}{
		{"the deadline became known", time.Hour, false, busy},
		{"it is far off", time.Hour, false, idle},
		{"it was moved near: that takes effect", 700 * time.Millisecond, false, busy},
		{"the block that waits for it", 700 * time.Millisecond, false, 700 * time.Millisecond},
		{"it has taken effect", 0, false, busy},
		{"a list is being made", 0, true, busy},
		{"nothing is left", 0, false, idle},
	} {
		if due = now.Add(step.due); step.due == 0 {
			due = time.Time{}
		}
		unfinished = step.unfinished
		block(0)
		if engine.TimeoutCommit != step.want {
			t.Errorf("%s: pause %s, want %s", step.name, engine.TimeoutCommit, step.want)
		}
	}
	app.err = errors.New("the disk is full")
	before := engine.TimeoutCommit
	waiting, ready = 100, 100
	block(1)
	if engine.TimeoutCommit != before {
		t.Error("a block that was not stored changed the pause")
	}
}

func TestIdlePauseIsNeverShorterThanTheOther(t *testing.T) {
	engine := cmtconfig.DefaultConsensusConfig()
	p := pace.Before(&application{}, pace.Config{Engine: engine, Busy: 3 * time.Second, Idle: time.Second, FullBlock: 1,
		Waiting: func() int { return 0 }, Ready: func() int { return 0 },
		Due: func(time.Time) (time.Time, bool) { return time.Time{}, false }, Unfinished: func() bool { return false }, Now: time.Now})
	if _, err := p.Commit(t.Context(), &abci.RequestCommit{}); err != nil {
		t.Fatal(err)
	}
	if engine.TimeoutCommit != 3*time.Second {
		t.Errorf("pause %s", engine.TimeoutCommit)
	}
}
