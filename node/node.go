package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	cmtnode "github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/proxy"
	"github.com/cometbft/cometbft/types"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/app/mempool"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/enginedb"
	"github.com/urna-vote/urna/node/enginelog"
	"github.com/urna-vote/urna/node/genesis"
	"github.com/urna-vote/urna/node/home"
	"github.com/urna-vote/urna/node/intake"
	"github.com/urna-vote/urna/node/pace"
	"github.com/urna-vote/urna/node/public"
	"github.com/urna-vote/urna/node/statesync"
)

// Node that runs or can be run. New takes the home's lock; Close gives it back.
type Node struct {
	cfg     config.Config
	log     *slog.Logger
	genesis *genesis.Genesis

	unlock  func() error
	stores  *enginedb.Provider
	app     *app.App
	engine  *cmtnode.Node
	started bool
	api     *server
	metrics *server
	failed  *intake.Failure
	// headers are where a node that begins with a snapshot gets its trust from.
	headers *statesync.Provider
	// stopping silences the engine.
	stopping atomic.Bool
}

// roomToStart is what the stores may write before the node runs: what their
// logs hold, as tables.
const roomToStart = 32 << 20

// New opens the node whose files are in dir. It starts nothing, but the
// application may replay blocks that it had not stored.
func New(ctx context.Context, dir home.Dir, cfg config.Config, version string, log *slog.Logger) (_ *Node, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("open node: %w", err)
	}
	n := &Node{cfg: cfg, log: log, failed: intake.NewFailure()}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open node: %w", err), n.Close())
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
	if err := dir.CheckRoom(roomToStart); err != nil {
		return nil, err
	}
	signer, err := n.signer(dir)
	if err != nil {
		return nil, err
	}
	ack, err := dir.Ack()
	if err != nil {
		return nil, err
	}
	// Ports first: a port that is taken is the commonest mistake.
	if err := n.listen(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir.AppData(), 0o700); err != nil {
		return nil, err
	}
	if n.app, err = app.New(app.Config{
		Dir: dir.AppData(), ChainID: n.genesis.Doc.ChainID, Logger: log.With("part", "app"), Workers: cfg.App.Workers,
		Pool:      mempool.Limits{Size: cfg.Mempool.Size, Bytes: cfg.Mempool.Bytes},
		Snapshots: app.Snapshots{Interval: cfg.Snapshots.Interval, Keep: cfg.Snapshots.Keep, Rest: rest()},
	}); err != nil {
		return nil, err
	}
	if err := n.openEngine(ctx, dir, signer); err != nil {
		return nil, err
	}
	return n, n.wireAPI(ack, version)
}

// signer is the consensus key of a validator; an observer has none.
func (n *Node) signer(dir home.Dir) (types.PrivValidator, error) {
	if n.cfg.Mode == config.Observer {
		return newObserverKey(), nil
	}
	pv, err := dir.Validator()
	if err != nil {
		return nil, err
	}
	if !n.genesis.HasValidator(pv.Key.PubKey.Bytes()) {
		return nil, fmt.Errorf("key %x of %s is not a validator's in the genesis: run this node with mode = \"observer\", or use the home of a validator",
			pv.Key.PubKey.Bytes(), dir.ValidatorKey())
	}
	return pv, nil
}

// metricsConnections at once: a few collectors ask.
const metricsConnections = 32

func (n *Node) listen() (err error) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return fmt.Errorf("ask how many files may be open: %w", err)
	}
	connections := n.cfg.API.Connections(files.Cur)
	if connections < n.cfg.API.MaxConnections {
		n.log.Warn("fewer connections than api.max_connections: this process may have too few files open",
			"connections", connections, "files", files.Cur, "wanted", n.cfg.API.MaxConnections)
	}
	if n.api, err = newServer("API", n.cfg.API.Listen, n.cfg.API, connections); err != nil {
		return err
	}
	if n.cfg.Metrics.Listen != "" {
		n.metrics, err = newServer("metrics", n.cfg.Metrics.Listen, n.cfg.API, metricsConnections)
	}
	return err
}

func (n *Node) openEngine(ctx context.Context, dir home.Dir, signer types.PrivValidator) (err error) {
	peer, err := dir.Node()
	if err != nil {
		return err
	}
	logger := enginelog.Logger{To: n.log.With("part", "engine"), Least: level(n.cfg.Log.Engine), Quiet: &n.stopping, Stopped: func(reason string) {
		n.failed.Note("keep consensus", errors.New(reason))
	}}
	n.stores = enginedb.NewProvider(enginelog.Pebble{To: n.log})
	join, err := n.prepareJoin(dir, logger)
	if err != nil {
		return err
	}
	// The engine panics on some errors of its stores or of the application
	// while it replays blocks.
	defer func() {
		if r := recover(); r != nil {
			err = errors.Join(fmt.Errorf("start engine: %v", r), n.failed.Err())
		}
	}()
	engine := n.cfg.Engine(dir.Data())
	paced := pace.Before(intake.Guard(n.app, n.failed), pace.Config{
		Engine: engine.Consensus, Busy: n.cfg.Consensus.TimeoutCommit, Idle: n.cfg.Consensus.IdlePause,
		FullBlock: config.FullBlock, Waiting: n.app.Pool().Size, Ready: n.app.Pool().Ready,
		Due: n.app.Due, Unfinished: n.app.Unfinished, Now: time.Now,
	})
	n.engine, err = cmtnode.NewNodeWithContext(ctx, engine, signer, peer, proxy.NewConnSyncLocalClientCreator(paced),
		func() (*types.GenesisDoc, error) { return n.genesis.Doc, nil },
		n.stores.Open, cmtnode.DefaultMetricsProvider(engine.Instrumentation), logger, append(join, withForesight(n.app))...)
	if err != nil {
		return errors.Join(fmt.Errorf("open engine: %w", err), n.failed.Err())
	}
	return nil
}

func (n *Node) wireAPI(ack sign.PrivateKey, version string) error {
	handler, err := public.New(public.Config{
		App: n.app, Keepers: keepers(n.app), Pool: n.app.Pool(), Blocks: n.engine.BlockStore(), Network: network{n.engine},
		Ack: ack, Genesis: n.genesis, Mode: n.cfg.Mode, Version: version, Origins: n.cfg.API.Origins, ReadyLag: n.cfg.API.ReadyLag,
		Now: time.Now, Logger: n.log.With("part", "api"),
	})
	if err != nil {
		return err
	}
	n.api.handler = handler
	if n.metrics != nil {
		n.metrics.handler = newMetrics(n)
	}
	return nil
}

// Start runs the node: engine, API, metrics.
func (n *Node) Start() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("start engine: %v", r)
		}
	}()
	if err := n.join(); err != nil {
		return err
	}
	if err := n.engine.Start(); err != nil {
		return fmt.Errorf("start engine: %w", err)
	}
	n.started = true
	n.api.serve(n.failed)
	if n.metrics != nil {
		n.metrics.serve(n.failed)
	}
	n.log.Info("node started", "mode", n.cfg.Mode, "chain", n.genesis.Doc.ChainID, "rehearsal", n.genesis.App.Rehearsal,
		"api", n.APIAddr(), "peers", n.cfg.P2P.Listen)
	return nil
}

// APIAddr is where the public API listens.
func (n *Node) APIAddr() net.Addr { return n.api.listener.Addr() }

// Wait returns nil when ctx ends, or the reason for which the node cannot go on.
func (n *Node) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-n.app.Failed():
		return fmt.Errorf("application stopped: %w", n.app.Failure())
	case <-n.failed.Done():
		return n.failed.Err()
	}
}

// Close stops everything in the order in which nothing is left to ask, and
// gives back the lock.
func (n *Node) Close() error {
	var errs []error
	if n.api != nil {
		errs = append(errs, n.api.close())
	}
	if n.metrics != nil {
		errs = append(errs, n.metrics.close())
	}
	n.stopping.Store(true)
	if n.app != nil {
		n.app.Pool().Close()
	}
	if n.started {
		errs = append(errs, n.engine.Stop())
		n.started = false
	}
	if n.stores != nil {
		errs = append(errs, n.stores.Close())
	}
	if n.app != nil {
		errs = append(errs, n.app.Close())
		n.app = nil
	}
	if n.unlock != nil {
		errs = append(errs, n.unlock())
		n.unlock = nil
	}
	return errors.Join(errs...)
}

// network is what the API says about the engine's connections.
type network struct{ engine *cmtnode.Node }

// Peers that are connected.
func (n network) Peers() int { return n.engine.Switch().Peers().Size() }

// CatchingUp reports whether the node still fetches old blocks.
func (n network) CatchingUp() bool { return n.engine.ConsensusReactor().WaitSync() }

// Validators in the genesis.
func (n network) Validators() int { return len(n.engine.GenesisDoc().Validators) }
