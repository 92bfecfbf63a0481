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
	waiting, ready, app := 0, 0, &application{}
	p := pace.Before(app, pace.Config{Engine: engine, Busy: busy, Idle: idle, FullBlock: 1000,
		Waiting: func() int { return waiting }, Ready: func() int { return ready }})
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
	app.err = errors.New("the disk is full")
	waiting, ready = 100, 100
	block(1)
	if engine.TimeoutCommit != busy {
		t.Error("a block that was not stored changed the pause")
	}
}

func TestIdlePauseIsNeverShorterThanTheOther(t *testing.T) {
	engine := cmtconfig.DefaultConsensusConfig()
	p := pace.Before(&application{}, pace.Config{Engine: engine, Busy: 3 * time.Second, Idle: time.Second, FullBlock: 1,
		Waiting: func() int { return 0 }, Ready: func() int { return 0 }})
	if _, err := p.Commit(t.Context(), &abci.RequestCommit{}); err != nil {
		t.Fatal(err)
	}
	if engine.TimeoutCommit != 3*time.Second {
		t.Errorf("pause %s", engine.TimeoutCommit)
	}
}
