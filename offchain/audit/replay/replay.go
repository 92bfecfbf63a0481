package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/chain"
)

// ErrDiffers: the record and this program do not come to the same.
var ErrDiffers = errors.New("the replay differs from the record")

// Options of a replay.
type Options struct {
	// Dir keeps the state; a replay of the same chain goes on there.
	Dir string
	// Workers verify at once; 0 is one for each core.
	Workers int
	// Progress is told the height executed and the last one; may be nil.
	Progress func(height, last int64)
}

// Outcome is how far a replay came.
type Outcome struct {
	// From is the first height that this run executed, Last the last.
	From, Last int64
	// AppHash after the last block. No header of the record names it.
	AppHash [32]byte
}

// aheadBlocks are read before they are executed.
const aheadBlocks = 4

// Run executes the blocks that the state in the directory does not have. What
// does not come out as the record says is ErrDiffers and names the height.
func Run(ctx context.Context, rec *record.Record, opt Options) (out *Outcome, err error) {
	trust, err := chain.ParseTrust(rec.Genesis())
	if err != nil {
		return nil, fmt.Errorf("replay record: %w", err)
	}
	a, err := app.New(app.Config{Dir: opt.Dir, ChainID: trust.ChainID(), Workers: opt.Workers})
	if err != nil {
		return nil, fmt.Errorf("replay record: %w", err)
	}
	defer func() {
		if e := a.Close(); e != nil && err == nil {
			out, err = nil, fmt.Errorf("replay record: close state: %w", e)
		}
	}()
	p := &player{app: a, trust: trust, record: rec, opt: opt}
	if out, err = p.play(ctx); err != nil {
		return nil, fmt.Errorf("replay record: %w", err)
	}
	return out, nil
}

// player executes blocks.
type player struct {
	app    *app.App
	trust  *chain.Trust
	record *record.Record
	opt    Options
	// last is the header executed before, nil at the beginning of a run; results
	// is the hash of its results.
	last    *chain.Header
	results [32]byte
	appHash [32]byte
}

func (p *player) play(ctx context.Context) (*Outcome, error) {
	height, err := p.begin(ctx)
	if err != nil {
		return nil, err
	}
	if height > p.record.Last() {
		return nil, fmt.Errorf("the state in %s is of height %d, the record ends at %d: use another directory", p.opt.Dir, height, p.record.Last())
	}
	out := &Outcome{From: height + 1, Last: p.record.Last()}
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	for b := range p.ahead(reading, height+1) {
		if b.err != nil {
			return nil, b.err
		}
		if err := p.execute(ctx, b.block); err != nil {
			return nil, err
		}
		if p.opt.Progress != nil {
			p.opt.Progress(p.last.Height, out.Last)
		}
	}
	if ctx.Err() != nil { // the reader may have ended without a word
		return nil, context.Cause(ctx)
	}
	out.AppHash = p.appHash
	if p.last == nil {
		return out, nil // nothing was left to execute
	}
	return out, p.signed()
}

// begin gives the height of the state, and begins the chain if there is none.
func (p *player) begin(ctx context.Context) (int64, error) {
	info, err := p.app.Info(ctx, &abci.RequestInfo{})
	if err != nil {
		return 0, err
	}
	if info.LastBlockHeight > 0 {
		p.appHash = [32]byte(info.LastBlockAppHash)
		return info.LastBlockHeight, nil
	}
	var file struct {
		AppState json.RawMessage `json:"app_state"`
	}
	if err := json.Unmarshal(p.record.Genesis(), &file); err != nil {
		return 0, fmt.Errorf("read genesis: %w", err)
	}
	g := p.trust.Genesis()
	r, err := p.app.InitChain(ctx, &abci.RequestInitChain{
		Time: g.Time, ChainId: g.ChainID, AppStateBytes: file.AppState, InitialHeight: g.InitialHeight,
	})
	if err != nil {
		return 0, err
	}
	p.appHash = [32]byte(r.AppHash)
	return g.InitialHeight - 1, nil
}

// read is a block, or why there is none.
type read struct {
	block *chain.Block
	err   error
}

// ahead reads blocks while others are executed.
func (p *player) ahead(ctx context.Context, from int64) <-chan read {
	out := make(chan read, aheadBlocks)
	go func() {
		defer close(out)
		if from > p.record.Last() {
			return
		}
		for block, err := range p.record.BlocksFrom(ctx, from) {
			select {
			case out <- read{block, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// execute compares a block with the state before it, and executes it.
func (p *player) execute(ctx context.Context, b *chain.Block) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	h := &b.Header
	if err := p.follows(b); err != nil {
		return fmt.Errorf("block %d: %w: %w", h.Height, ErrDiffers, err)
	}
	hash, err := chain.HeaderHash(h)
	if err != nil {
		return err
	}
	f, err := p.app.FinalizeBlock(ctx, &abci.RequestFinalizeBlock{
		Txs: b.Data.Txs, Hash: hash[:], Height: h.Height, Time: h.Time,
		NextValidatorsHash: h.NextValidatorsHash, ProposerAddress: h.ProposerAddress,
	})
	if err != nil {
		return fmt.Errorf("block %d: %w: %w", h.Height, ErrDiffers, err)
	}
	if _, err := p.app.Commit(ctx, &abci.RequestCommit{}); err != nil {
		return fmt.Errorf("block %d: %w", h.Height, err)
	}
	data := make([][]byte, len(f.TxResults))
	for i, r := range f.TxResults {
		data[i] = r.Data
	}
	p.last, p.results, p.appHash = h, chain.ResultsHash(data), [32]byte(f.AppHash)
	return nil
}

// follows checks what a header says about the block before and its own content.
func (p *player) follows(b *chain.Block) error {
	h := &b.Header
	if !bytes.Equal(h.AppHash, p.appHash[:]) {
		return fmt.Errorf("its header names the application hash %x, replayed is %x", h.AppHash, p.appHash)
	}
	if want := chain.DataHash(b.Data.Txs); !bytes.Equal(h.DataHash, want[:]) {
		return fmt.Errorf("its header names the transactions %x, they hash to %x", h.DataHash, want)
	}
	if p.last == nil {
		return nil
	}
	if want, err := chain.HeaderHash(p.last); err != nil || !bytes.Equal(h.LastBlockId.Hash, want[:]) {
		return fmt.Errorf("it follows %x, the block before is %x", h.LastBlockId.Hash, want)
	}
	if !bytes.Equal(h.LastResultsHash, p.results[:]) {
		return fmt.Errorf("its header names the results %x, replayed are %x", h.LastResultsHash, p.results)
	}
	return nil
}

// signed checks that the genesis' validators signed the last block, and with it
// all that it follows.
func (p *player) signed() error {
	c, err := chain.DecodeCommit(p.record.Commit())
	if err == nil {
		_, err = p.trust.VerifyHeader(p.last, c)
	}
	if err != nil {
		return fmt.Errorf("block %d: %w: %w", p.last.Height, ErrDiffers, err)
	}
	return nil
}
