package verify

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/chain"
)

// Options of a run. Zero values mean the default.
type Options struct {
	// Progress is told the height verified and the last one; may be nil.
	Progress func(height, last int64)
	// Until is the last height to look at; 0 is all.
	Until int64
	// Workers verify at once; 0 is one for each core.
	Workers int
	// Rand weighs batches; crypto/rand.
	Rand io.Reader
}

// Run verifies a record. An error means that it could not be done (a disk, a
// cancelled context); everything wrong with the record is in the report.
func Run(ctx context.Context, rec *record.Record, opt Options) (*Report, error) {
	if opt.Workers <= 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	if opt.Rand == nil {
		opt.Rand = rand.Reader
	}
	last := rec.Last()
	if opt.Until > 0 {
		last = min(last, opt.Until)
	}
	report := &Report{First: rec.First(), Last: last, Elections: []Election{}}
	found := newFindings()
	genesis, err := chain.ParseGenesis(rec.Genesis())
	if err != nil {
		found.add(checkHeaders, Finding{Code: "record/genesis", Tx: -1, What: "genesis", Why: err.Error()})
		found.settle(report)
		return report, nil
	}
	report.ChainID, report.Rehearsal, report.Genesis = genesis.ChainID, genesis.State.Rehearsal, genesis.SHA256[:]
	v, err := newVerifier(genesis, found)
	if err != nil {
		found.add(checkHeaders, Finding{Code: "record/genesis", Tx: -1, What: "genesis", Why: err.Error()})
		found.settle(report)
		return report, nil
	}
	v.heads = newHeads(v, rec)
	v.bench = newBench(ctx, found, opt.Rand, opt.Workers)
	err = v.walk(ctx, rec, last, opt)
	v.bench.finish()
	if err != nil {
		return nil, fmt.Errorf("verify record: %w", err)
	}
	v.heads.finish(last)
	report.Elections = v.elections()
	found.settle(report)
	return report, nil
}

// walk goes through the blocks: decoding runs ahead in a goroutine of its own.
func (v *verifier) walk(ctx context.Context, rec *record.Record, last int64, opt Options) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ahead := make(chan *opened, 4)
	go func() {
		defer close(ahead)
		cancel(decodeAhead(ctx, rec, v.genesis.ChainID, last, opt.Workers, ahead))
	}()
	height := rec.First() - 1
	for b := range ahead {
		v.header(b)
		v.block(b)
		v.heads.reached(b)
		height = b.block.Header.Height
		if opt.Progress != nil {
			opt.Progress(height, last)
		}
	}
	err := context.Cause(ctx)
	switch {
	case errors.Is(err, errEnd):
	case errors.Is(err, record.ErrDamaged):
		v.found.add(checkHeaders, Finding{Code: "record/damaged", Height: height + 1, Tx: -1, What: "block", Why: err.Error()})
	default:
		return err
	}
	if height != last {
		v.found.add(checkHeaders, Finding{Code: "record/incomplete", Height: height, Tx: -1, What: "blocks",
			Why: fmt.Sprintf("they end at height %d, not at %d", height, last)})
	}
	if height == rec.Last() {
		v.lastCommit(rec.Commit())
	}
	return nil
}

// errEnd ends decoding without a fault.
var errEnd = errors.New("end of the record")
