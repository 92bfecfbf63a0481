package app

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app/foresee"
	"github.com/urna-vote/urna/app/genesis"
	"github.com/urna-vote/urna/app/mempool"
	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/app/txn"
	"github.com/urna-vote/urna/x/ledger"
)

// Config of an application.
type Config struct {
	// Dir holds the state, and evidence of refused blocks.
	Dir string
	// FS is the file system, the machine's if nil.
	FS vfs.FS
	// ChainID of the chain; a directory of another is refused.
	ChainID string
	// Logger for people; silent if nil.
	Logger *slog.Logger
	// Workers verify at once; 0 means one for each core.
	Workers int
	// Pool limits what waits; zero are the defaults.
	Pool mempool.Limits
	// CacheBytes of the store; 0 is its default.
	CacheBytes int64
	// Snapshots of state for nodes that join; none if zero.
	Snapshots Snapshots
}

// Rules are what a chain decides by: modules in the order in which they act.
type Rules struct {
	Modules []ledger.Module
	// Genesis writes what the modules begin with.
	Genesis func(w ledger.Writer, state *genesis.State) error
}

// App implements abci.Application.
type App struct {
	chainID  string
	dir      string
	fs       vfs.FS
	log      *slog.Logger
	workers  int
	rules    Rules
	keepers  *Keepers
	router   *txn.Router
	verifier *txn.Verifier
	// What is verified before its turn leaves a core to the engine.
	foreverifier *txn.Verifier
	foresight    *foresee.Foresight
	store        *store.Store
	pool         *mempool.Pool

	consensus sync.Mutex // one step of consensus at a time; guards:
	decided   []*decision
	pending   *decision
	// room that the engine last gave a proposal.
	room int64

	snapshots snapshots

	mu       sync.Mutex // guards:
	latest   *View
	previous *View
	failure  error

	failed chan struct{} // closed when failure is set
}

var _ abci.Application = (*App)(nil)

// New opens the application with the modules of this program.
func New(cfg Config) (*App, error) {
	k := NewKeepers()
	a, err := NewWith(cfg, k.Rules())
	if err != nil {
		return nil, err
	}
	a.keepers = k
	a.latest.keepers = k
	return a, nil
}

// NewWith opens the application with other rules: replaying what an older
// program decided, or trying the application without an election.
func NewWith(cfg Config, rules Rules) (*App, error) {
	if cfg.FS == nil {
		cfg.FS = vfs.Default
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	router, err := txn.NewRouter(cfg.ChainID, rules.Modules)
	if err != nil {
		return nil, fmt.Errorf("open application: %w", err)
	}
	a := &App{
		chainID: cfg.ChainID, dir: cfg.Dir, fs: cfg.FS, log: cfg.Logger,
		workers: txn.Workers(cfg.Workers), rules: rules, router: router,
		room: defaultRoom, failed: make(chan struct{}),
	}
	a.verifier = txn.NewVerifier(a.workers)
	a.foreverifier = txn.NewVerifier(foreseers(a.workers))
	a.foresight = foresee.New((*foreteller)(a))
	a.store, err = store.Open(store.Options{
		Dir: cfg.Dir, FS: cfg.FS, ChainID: cfg.ChainID, CacheBytes: cfg.CacheBytes,
		Say: func(what string) { a.log.Warn("store", "says", what) },
	})
	if err != nil {
		return nil, fmt.Errorf("open application: %w", err)
	}
	if err := a.openSnapshots(cfg.Snapshots); err != nil {
		return nil, fmt.Errorf("open application: %w", errors.Join(err, a.store.Close()))
	}
	a.latest = a.newView()
	if cfg.Pool == (mempool.Limits{}) {
		cfg.Pool = mempool.DefaultLimits()
	}
	a.pool = mempool.New(mempool.Config{Judge: (*judge)(a), Limits: cfg.Pool, Logger: a.log})
	return a, nil
}

// Close ends the application when no view is in use.
func (a *App) Close() error {
	a.closeSnapshots()
	a.foresight.Close()
	a.pool.Close()
	a.consensus.Lock()
	defer a.consensus.Unlock()
	a.forget()
	a.mu.Lock()
	views := []*View{a.latest, a.previous}
	a.latest, a.previous = nil, nil
	a.mu.Unlock()
	for _, v := range views {
		if v != nil {
			v.Close()
		}
	}
	return a.store.Close()
}

// Failed is closed when the application stopped because its disk failed or the
// engine decided a block which its rules refuse. Failure says why.
func (a *App) Failed() <-chan struct{} { return a.failed }

// Failure is why the application stopped, nil while it works.
func (a *App) Failure() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failure
}

// stop makes every later step fail with the first reason.
func (a *App) stop(reason error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failure == nil {
		a.failure = reason
		close(a.failed)
		a.log.Error("application stopped", "reason", reason)
	}
	return a.failure
}

// guard turns a failing disk into a stop; it is deferred by every step.
func (a *App) guard(err *error) {
	if r := recover(); r != nil {
		f, ok := r.(*store.Failure)
		if !ok {
			panic(r)
		}
		*err = a.stop(f)
	}
}

// errNotBegun: the engine asks for a block before the genesis.
var errNotBegun = errors.New("the chain has not begun: there is no genesis in the state")
