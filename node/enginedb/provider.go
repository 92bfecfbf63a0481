package enginedb

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	dbm "github.com/cometbft/cometbft-db"
	cmtconfig "github.com/cometbft/cometbft/config"
)

// cacheBytes of blocks, shared by all stores of a node.
const cacheBytes = 32 << 20

// Provider opens the engine's stores and closes what the engine leaves open:
// it does so when it fails to start.
type Provider struct {
	cache  *pebble.Cache
	logger pebble.Logger

	mu   sync.Mutex
	open []*DB
}

// NewProvider makes a provider; logger may be nil.
func NewProvider(logger pebble.Logger) *Provider {
	return &Provider{cache: pebble.NewCache(cacheBytes), logger: logger}
}

// Open is the engine's database provider.
func (p *Provider) Open(ctx *cmtconfig.DBContext) (dbm.DB, error) {
	dir := ctx.Config.DBDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	shape := Small
	if ctx.ID == "blockstore" {
		shape = Blocks
	}
	db, err := Open(ctx.ID, dir, Options{Cache: p.cache, Logger: p.logger, Shape: shape})
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, db)
	return db, nil
}

// Close closes every store that is still open, and the cache.
func (p *Provider) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, db := range p.open {
		errs = append(errs, db.Close())
	}
	if p.cache != nil {
		p.cache.Unref()
		p.cache = nil
	}
	p.open = nil
	return errors.Join(errs...)
}
