package statesync

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	"github.com/cometbft/cometbft/libs/log"
	"github.com/cometbft/cometbft/light"
	"github.com/cometbft/cometbft/light/provider"
	lightdb "github.com/cometbft/cometbft/light/store/db"
	cmtstate "github.com/cometbft/cometbft/proto/tendermint/state"
	"github.com/cometbft/cometbft/state"
	enginesync "github.com/cometbft/cometbft/statesync"
	"github.com/cometbft/cometbft/types"
	"github.com/cometbft/cometbft/version"
)

// Trust says where headers come from and which of them is trusted.
type Trust struct {
	// Servers are the bases of public interfaces, at least two: what one says
	// the others are asked about.
	Servers []string
	// Height and Hash of the header that the operator trusts.
	Height int64
	Hash   []byte
	// Period for which a header is trusted after its time.
	Period time.Duration
}

// Provider is the engine's source of verified headers.
type Provider struct {
	doc   *types.GenesisDoc
	trust Trust
	log   log.Logger

	mu     sync.Mutex // the light client serves one at a time
	client *light.Client
}

var _ enginesync.StateProvider = (*Provider)(nil)

// New makes a provider of the chain of a genesis. It asks nobody before Prepare.
func New(doc *types.GenesisDoc, trust Trust, logger log.Logger) *Provider {
	return &Provider{doc: doc, trust: trust, log: logger}
}

// Prepare fetches the trusted header and compares it with what the servers say.
func (p *Provider) Prepare(ctx context.Context) error {
	set := p.validators(1)
	sources := make([]provider.Provider, len(p.trust.Servers))
	for i, base := range p.trust.Servers {
		sources[i] = newSource(base, p.doc.ChainID, set)
	}
	if len(sources) < 2 {
		return errors.New("begin with a snapshot: at least two statesync.servers are needed, so that one can be compared with the other")
	}
	client, err := light.NewClient(ctx, p.doc.ChainID,
		light.TrustOptions{Period: p.trust.Period, Height: p.trust.Height, Hash: p.trust.Hash},
		sources[0], sources[1:], lightdb.New(dbm.NewMemDB(), ""), light.Logger(p.log), light.MaxRetryAttempts(5))
	if err != nil {
		return fmt.Errorf("begin with a snapshot: header %d with hash %X as of %v: %w", p.trust.Height, p.trust.Hash, p.trust.Servers, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.client = client
	return nil
}

// verified is the header of a height, verified by the light client.
func (p *Provider) verified(ctx context.Context, height int64) (*types.LightBlock, error) {
	if p.client == nil {
		return nil, errors.New("verify header: the trusted header was not fetched")
	}
	b, err := p.client.VerifyLightBlockAtHeight(ctx, height, time.Now())
	if err != nil {
		return nil, fmt.Errorf("verify header %d: %w", height, err)
	}
	return b, nil
}

// AppHash is the application hash of a height. It waits for the two following
// headers, which State needs.
func (p *Provider) AppHash(ctx context.Context, height uint64) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if height == 0 || height > 1<<62 {
		return nil, fmt.Errorf("verify height %d: there is none", height)
	}
	if _, err := p.verified(ctx, int64(height)+2); err != nil {
		return nil, err
	}
	next, err := p.verified(ctx, int64(height)+1)
	if err != nil {
		return nil, err
	}
	return next.AppHash, nil
}

// Commit of a height.
func (p *Provider) Commit(ctx context.Context, height uint64) (*types.Commit, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, err := p.verified(ctx, int64(height))
	if err != nil {
		return nil, err
	}
	return b.Commit, nil
}

// State of the engine after a height.
func (p *Provider) State(ctx context.Context, height uint64) (state.State, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, err := p.verified(ctx, int64(height))
	if err != nil {
		return state.State{}, err
	}
	next, err := p.verified(ctx, last.Height+1)
	if err != nil {
		return state.State{}, err
	}
	if params := p.doc.ConsensusParams.Hash(); !bytes.Equal(next.ConsensusHash, params) {
		return state.State{}, fmt.Errorf("header %d has consensus parameters %X, the genesis %X: this program knows no change of them", next.Height, next.ConsensusHash, params)
	}
	if set := p.validators(1).Hash(); !bytes.Equal(next.NextValidatorsHash, set) {
		return state.State{}, fmt.Errorf("header %d announces other validators than the genesis has: this program knows no change of them", next.Height)
	}
	before := p.validators(last.Height)
	current := before.CopyIncrementProposerPriority(1)
	return state.State{
		ChainID:       p.doc.ChainID,
		InitialHeight: p.doc.InitialHeight,
		Version:       cmtstate.Version{Consensus: next.Version, Software: version.TMCoreSemVer},

		LastBlockHeight: last.Height, LastBlockTime: last.Time, LastBlockID: last.Commit.BlockID,
		AppHash: next.AppHash, LastResultsHash: next.LastResultsHash,

		LastValidators: before, Validators: current, NextValidators: current.CopyIncrementProposerPriority(1),
		LastHeightValidatorsChanged: next.Height + 1,

		ConsensusParams: *p.doc.ConsensusParams, LastHeightConsensusParamsChanged: next.Height,
	}, nil
}

// validators of a height: those of the genesis, whose turns to propose move on
// by one with every block, as the engine moves them.
func (p *Provider) validators(height int64) *types.ValidatorSet {
	all := make([]*types.Validator, len(p.doc.Validators))
	for i, v := range p.doc.Validators {
		all[i] = types.NewValidator(v.PubKey, v.Power)
	}
	set := types.NewValidatorSet(all)
	for h := p.doc.InitialHeight; h < height; h++ {
		set.IncrementProposerPriority(1)
	}
	return set
}
