package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/chain"
)

// Source is where blocks come from: a record, or a node that is followed.
type Source interface {
	// First and Last are the heights of the first and last block.
	First() int64
	Last() int64
	// BlocksFrom streams the blocks in order, from a height up to the last.
	BlocksFrom(ctx context.Context, height int64) iter.Seq2[*chain.Block, error]
	// Commit is tendermint.types.Commit for the last block.
	Commit() []byte
	// Summaries of the elections, by id.
	Summaries() []record.Summary
	// Bytes of all blocks, about; 0 if it is not known.
	Bytes() int64
}

// Options of a run. Zero values mean the default.
type Options struct {
	// Progress is told how far verification is; may be nil.
	Progress func(p Progress)
	// Until is the last height to look at; 0 is all.
	Until int64
	// Workers verify at once; 0 is one for each core.
	Workers int
	// Rand weighs batches; crypto/rand.
	Rand io.Reader
	// Work is a directory for state that does not fit into memory, and for
	// checkpoints. Without one there are no checkpoints, and a temporary
	// directory is used.
	Work string
	// Resume goes on from the checkpoint in Work, if there is a right one.
	Resume bool
	// Every is how often a checkpoint is written; 0 is every 30 seconds.
	Every time.Duration
	// Sound: no checkpoint is written after something wrong was found, so that
	// the same blocks can be verified anew as another node gives them, nor of a
	// block whose commit was not seen: it may be of the node's own making.
	Sound bool
	// Note is told in words why something is done otherwise than asked; may be
	// nil.
	Note func(line string)
	// Pages of each table and Run records of each sorted list are kept in
	// memory.
	Pages, Run int
	// Saved is told of each checkpoint, may be nil.
	Saved func(height int64)
}

// Progress of a verification.
type Progress struct {
	// Height is verified so far, Last will be.
	Height, Last int64
	// Bytes of blocks were read, out of about Total; 0 if it is not known.
	Bytes, Total int64
}

// Run verifies a record. An error means that it could not be done (a disk, a
// cancelled context); everything wrong with the record is in the report.
func Run(ctx context.Context, rec *record.Record, opt Options) (*Report, error) {
	report, err := run(ctx, rec, opt)
	if err != nil {
		return nil, fmt.Errorf("verify record: %w", err)
	}
	return report, nil
}

func run(ctx context.Context, rec *record.Record, opt Options) (report *Report, err error) {
	a, err := Begin(rec.Genesis(), opt)
	var bad *genesisError
	if errors.As(err, &bad) {
		report = &Report{First: rec.First(), Last: rec.Last(), Elections: []Election{}}
		found := newFindings()
		found.add(checkHeaders, Finding{Code: "record/genesis", Tx: -1, What: "genesis", Why: bad.err.Error()})
		found.settle(report)
		return report, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	last := rec.Last()
	if opt.Until > 0 {
		last = min(last, opt.Until)
	}
	if a.Height() > last {
		a.note("the checkpoint is of height %d, beyond the last to verify, %d: beginning anew", a.Height(), last)
		if err := a.anew(); err != nil {
			return nil, err
		}
	}
	if err := a.Advance(ctx, rec, last); err != nil {
		return nil, errors.Join(err, a.Save())
	}
	return a.Report()
}
