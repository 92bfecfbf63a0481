package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	cmtconfig "github.com/cometbft/cometbft/config"
	cmtnode "github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/proxy"
	"github.com/cometbft/cometbft/types"

	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/enginedb"
	"github.com/urna-vote/urna/node/enginelog"
	"github.com/urna-vote/urna/node/genesis"
	"github.com/urna-vote/urna/node/home"
	"github.com/urna-vote/urna/node/pace"
)

// node is urnad's with another application behind it.
type node struct {
	cfg     config.Config
	genesis *genesis.Genesis

	unlock   func() error
	listener net.Listener
	http     *http.Server
	pool     *pool
	app      *floorApp
	stores   *enginedb.Provider
	engine   *cmtnode.Node
	stopping atomic.Bool
	failed   chan error
}

// open opens and starts the node whose files are in dir.
func open(ctx context.Context, dir home.Dir, cfg config.Config, logger *slog.Logger) (_ *node, err error) {
	n := &node{cfg: cfg, failed: make(chan error, 2)}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.close())
		}
	}()
	if n.unlock, err = dir.Lock(); err != nil {
		return nil, err
	}
	if n.genesis, err = genesis.Load(dir.Genesis()); err != nil {
		return nil, err
	}
	if err := dir.BindChain(n.genesis.Doc.ChainID); err != nil {
		return nil, err
	}
	if n.listener, err = net.Listen("tcp", cfg.API.Listen); err != nil {
		return nil, fmt.Errorf("open the port of the API: %w", err)
	}
	n.pool = newPool(cfg.Mempool.Size, cfg.Mempool.Bytes)
	if err := os.MkdirAll(dir.AppData(), 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	if n.app, err = openApp(filepath.Join(dir.AppData(), "floor"), n.pool); err != nil {
		return nil, err
	}
	if err := n.start(ctx, dir, logger); err != nil {
		return nil, err
	}
	n.http = &http.Server{Handler: n.routes(), ReadHeaderTimeout: cfg.API.HeaderTimeout, ErrorLog: log.New(io.Discard, "", 0)}
	go func() {
		if err := n.http.Serve(n.listener); !errors.Is(err, http.ErrServerClosed) {
			n.failed <- fmt.Errorf("serve the API: %w", err)
		}
	}()
	return n, nil
}

func (n *node) start(ctx context.Context, dir home.Dir, logger *slog.Logger) error {
	peer, err := dir.Node()
	if err != nil {
		return err
	}
	// An observer is in no set of validators and is never asked to sign.
	var signer types.PrivValidator = types.NewMockPV()
	if n.cfg.Mode == config.Validator {
		if signer, err = dir.Validator(); err != nil {
			return err
		}
	}
	var least slog.Level
	if err := least.UnmarshalText([]byte(n.cfg.Log.Engine)); err != nil {
		return fmt.Errorf("read log.engine: %w", err)
	}
	engine := n.cfg.Engine(dir.Data())
	engine.Mempool.Type = cmtconfig.MempoolTypeApp
	n.stores = enginedb.NewProvider(enginelog.Pebble{To: logger})
	paced := pace.Before(n.app, pace.Config{
		Engine: engine.Consensus, Busy: n.cfg.Consensus.TimeoutCommit, Idle: n.cfg.Consensus.IdlePause,
		FullBlock: config.FullBlock, Waiting: n.pool.size, Ready: n.pool.size,
		Due:        func(time.Time) (time.Time, bool) { return time.Time{}, false },
		Unfinished: func() bool { return false }, Now: time.Now,
	})
	n.engine, err = cmtnode.NewNodeWithContext(ctx, engine, signer, peer, proxy.NewConnSyncLocalClientCreator(paced),
		func() (*types.GenesisDoc, error) { return n.genesis.Doc, nil }, n.stores.Open, cmtnode.DefaultMetricsProvider(engine.Instrumentation),
		enginelog.Logger{To: logger, Least: least, Quiet: &n.stopping, Stopped: func(reason string) { n.failed <- errors.New(reason) }})
	if err != nil {
		return fmt.Errorf("open engine: %w", err)
	}
	if err := n.engine.Start(); err != nil {
		return fmt.Errorf("start engine: %w", err)
	}
	return nil
}

// wait returns nil when ctx ends, or the reason for which the node cannot go on.
func (n *node) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-n.failed:
		return err
	}
}

func (n *node) close() error {
	var errs []error
	switch {
	case n.http != nil:
		errs = append(errs, n.http.Close())
	case n.listener != nil:
		errs = append(errs, n.listener.Close())
	}
	n.stopping.Store(true)
	if n.engine != nil && n.engine.IsRunning() {
		errs = append(errs, n.engine.Stop())
		n.engine.Wait()
	}
	if n.stores != nil {
		errs = append(errs, n.stores.Close())
	}
	if n.app != nil {
		errs = append(errs, n.app.close())
	}
	if n.unlock != nil {
		errs = append(errs, n.unlock())
	}
	return errors.Join(errs...)
}
