package record

import (
	"bytes"
	"context"
	"fmt"
	"iter"

	"github.com/urna-vote/urna/offchain/chain"
)

// Live is a stretch of a chain as a node has it now, to verify while it comes:
// what a record has, without the directory. Whether it keeps the rules, and
// hangs together at all, is for the verifier.
type Live struct {
	source    Source
	first     int64
	last      int64
	commit    []byte
	summaries []Summary
}

// Look asks a node how far its chain goes and, if proven is set, for the proven
// summaries of all elections: then the stretch reaches past each height at which
// something is proven.
func Look(ctx context.Context, src Source, trust *chain.Trust, proven bool) (*Live, error) {
	l := &Live{source: src, first: trust.Genesis().InitialHeight}
	var err error
	if proven {
		l.summaries, l.last, err = summaries(ctx, src, trust.ChainID(), 0)
	} else {
		l.last, err = height(ctx, src, trust.ChainID(), 0)
	}
	if err != nil {
		return nil, fmt.Errorf("look at node: %w", err)
	}
	if l.last < l.first {
		return l, nil // no block yet
	}
	if l.commit, err = src.CommitAt(ctx, l.last); err != nil {
		return nil, fmt.Errorf("look at node: %w", err)
	}
	return l, nil
}

// First and Last are the heights of the first and last block; Last is below
// First while there is none.
func (l *Live) First() int64 { return l.first }

// Last is the height of the last block.
func (l *Live) Last() int64 { return l.last }

// Commit is tendermint.types.Commit for the last block.
func (l *Live) Commit() []byte { return l.commit }

// Summaries of the elections, by id.
func (l *Live) Summaries() []Summary { return l.summaries }

// Bytes are not known.
func (l *Live) Bytes() int64 { return 0 }

// BlocksFrom fetches the blocks from a height on.
func (l *Live) BlocksFrom(ctx context.Context, height int64) iter.Seq2[*chain.Block, error] {
	return func(yield func(*chain.Block, error) bool) {
		for raw, err := range ahead(ctx, l.source, height, l.last) {
			if err != nil {
				yield(nil, err)
				return
			}
			block, err := chain.DecodeBlock(raw)
			if err != nil {
				yield(nil, fmt.Errorf("block %d: %w", height, err))
				return
			}
			if block.Header.Height != height {
				yield(nil, fmt.Errorf("block of height %d came for %d", block.Header.Height, height))
				return
			}
			height++
			if !yield(block, nil) {
				return
			}
		}
	}
}

// summaries asks for the elections' proven summaries, and says how far blocks
// must go: to what the node has, at least to a height, and past each summary.
func summaries(ctx context.Context, src Source, chainID string, least int64) ([]Summary, int64, error) {
	last, err := height(ctx, src, chainID, least)
	if err != nil {
		return nil, 0, err
	}
	list, err := src.Elections(ctx)
	if err != nil {
		return nil, 0, err
	}
	var out []Summary
	// An election made while others are asked for is asked for, too: it may
	// exist at the height of the newest summary.
	for len(out) < len(list) {
		for _, e := range list[len(out):] {
			if len(e.ID) != 32 {
				return nil, 0, fmt.Errorf("node names an election of %d bytes", len(e.ID))
			}
			id := [32]byte(e.ID)
			p, raw, err := src.ProvenRaw(ctx, id)
			if err != nil {
				return nil, 0, fmt.Errorf("election %s: %w", e.ID, err)
			}
			out = append(out, Summary{Election: id, Proven: raw})
			last = max(last, p.Head.Height+1)
		}
		again, err := src.Elections(ctx)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range again {
			if !contains(out, e.ID) {
				list = append(list, e)
			}
		}
	}
	return out, last, nil
}

// height is what a node of the chain has.
func height(ctx context.Context, src Source, chainID string, least int64) (int64, error) {
	status, err := src.Status(ctx)
	if err != nil {
		return 0, err
	}
	if status.ChainID != chainID {
		return 0, fmt.Errorf("node is of chain %q, the genesis of %q: use a node of the same chain", status.ChainID, chainID)
	}
	if status.Height < least {
		return 0, fmt.Errorf("node is at height %d, below the %d asked for: try later or another node", status.Height, least)
	}
	return status.Height, nil
}

func contains(list []Summary, id []byte) bool {
	for i := range list {
		if bytes.Equal(list[i].Election[:], id) {
			return true
		}
	}
	return false
}
