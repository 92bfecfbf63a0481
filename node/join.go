package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	cmtconfig "github.com/cometbft/cometbft/config"
	cmtlog "github.com/cometbft/cometbft/libs/log"
	cmtnode "github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/state"
	"github.com/cometbft/cometbft/store"

	"github.com/urna-vote/urna/node/home"
	"github.com/urna-vote/urna/node/statesync"
)

// prepareJoin readies a node that shall begin with a snapshot of the state, and
// does nothing for others. A node that has blocks goes on with them.
func (n *Node) prepareJoin(dir home.Dir, logger cmtlog.Logger) ([]cmtnode.Option, error) {
	c := n.cfg.StateSync
	if !c.Enabled() {
		return nil, nil
	}
	cfg := n.cfg.Engine(dir.Data())
	// What a crash left of chunks is of no use.
	if err := os.RemoveAll(cfg.StateSync.TempDir); err != nil {
		return nil, fmt.Errorf("prepare state sync: %w", err)
	}
	if err := os.MkdirAll(cfg.StateSync.TempDir, 0o700); err != nil {
		return nil, fmt.Errorf("prepare state sync: %w", err)
	}
	empty, err := n.mend(cfg)
	if err != nil {
		return nil, fmt.Errorf("prepare state sync: %w", err)
	}
	if !empty {
		return nil, nil
	}
	n.headers = statesync.New(n.genesis.Doc, statesync.Trust{
		Servers: c.Servers, Height: c.TrustHeight, Hash: c.Hash(), Period: c.TrustPeriod,
	}, logger)
	return []cmtnode.Option{cmtnode.StateProvider(n.headers)}, nil
}

// mend reports whether the engine has neither state nor blocks. Between the
// restore of a snapshot and the first block after it the engine has a state and
// no block, and would not start again: it is told that this is so, or, if the
// restore was cut off in its last steps, forgets its state and begins again.
func (n *Node) mend(cfg *cmtconfig.Config) (empty bool, err error) {
	forget := false
	stateDB, err := n.stores.Open(&cmtconfig.DBContext{ID: "state", Config: cfg})
	if err != nil {
		return false, err
	}
	defer func() {
		if err = errors.Join(err, stateDB.Close()); forget && err == nil {
			err = os.RemoveAll(filepath.Join(cfg.DBDir(), "state.db"))
		}
	}()
	blockDB, err := n.stores.Open(&cmtconfig.DBContext{ID: "blockstore", Config: cfg})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, blockDB.Close()) }()
	states, blocks := state.NewStore(stateDB, state.StoreOptions{}), store.NewBlockStore(blockDB)
	s, err := states.Load()
	if err != nil || blocks.Height() > 0 {
		return false, err
	}
	if s.LastBlockHeight == 0 {
		return true, nil
	}
	v := n.app.View()
	defer v.Close()
	if v.Height == s.LastBlockHeight && blocks.LoadSeenCommit(s.LastBlockHeight) != nil {
		return false, states.SetOfflineStateSyncHeight(s.LastBlockHeight)
	}
	n.log.Warn("a snapshot was not taken to the end; the node begins again", "height", s.LastBlockHeight)
	forget = true
	return true, nil
}

// headersTime is how long the trusted header may take to be fetched.
const headersTime = 30 * time.Second

// join fetches the trusted header, if the node begins with a snapshot. It takes
// the node's start with it if it cannot: an operator who mistyped the hash
// should see it at once.
func (n *Node) join() error {
	if n.headers == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), headersTime)
	defer cancel()
	if err := n.headers.Prepare(ctx); err != nil {
		return err
	}
	n.log.Info("the node begins with a snapshot of the state; it asks its peers for one", "trusted", n.cfg.StateSync.TrustHeight)
	return nil
}

// share of a core that the writing of a snapshot takes is one in so many.
const share = 4

// longestRest keeps a slow disk from holding a snapshot open for hours.
const longestRest = 50 * time.Millisecond

// rest waits, after each piece of work, so long that the work takes its share
// of a core.
func rest() func() {
	var last time.Time
	return func() {
		if !last.IsZero() {
			time.Sleep(min((share-1)*time.Since(last), longestRest))
		}
		last = time.Now()
	}
}
