package record

import (
	"context"
	"fmt"
	"iter"
)

const (
	// flights are requests for blocks under way at once: a node reads some
	// while others travel. A node answers only so many such requests at once.
	flights = 3
	// One request asks for about so many bytes of blocks, at most so many blocks.
	flightBytes  = 2 << 20
	flightBlocks = 500
	firstFlight  = 16
	// fullFlight ends a request whose blocks are larger than those before: a quiet
	// night's blocks say nothing of the size of the day's.
	fullFlight = 2 * flightBytes
)

// flight is a range of heights that was asked for. It may land with the first
// of them only.
type flight struct {
	from, to int64
	landed   chan struct{}
	raws     [][]byte
	err      error
}

// ahead gives the blocks of heights from..last in order, with several requests
// under way. It ends at the first error.
func ahead(ctx context.Context, src Source, from, last int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var queue []*flight
		// No request may outlive the loop: the source may be closed after it.
		defer func() {
			cancel()
			for _, f := range queue {
				<-f.landed
			}
		}()
		next, n := from, int64(firstFlight)
		for {
			for len(queue) < flights && next <= last {
				f := &flight{from: next, to: min(last, next+n-1), landed: make(chan struct{})}
				next = f.to + 1
				queue = append(queue, f)
				go f.fly(ctx, src)
			}
			if len(queue) == 0 {
				return
			}
			f := queue[0]
			<-f.landed
			queue = queue[1:]
			if f.err != nil {
				yield(nil, f.err)
				return
			}
			n = f.widen(n)
			if rest := f.rest(); rest != nil {
				queue = append([]*flight{rest}, queue...)
				go rest.fly(ctx, src)
			}
			for _, raw := range f.raws {
				if ctx.Err() != nil {
					yield(nil, context.Cause(ctx))
					return
				}
				if !yield(raw, nil) {
					return
				}
			}
		}
	}
}

// fly asks until all blocks of the range are there, or enough: an answer may have
// fewer.
func (f *flight) fly(ctx context.Context, src Source) {
	defer close(f.landed)
	size := 0
	for next := f.from; next <= f.to && size < fullFlight; next = f.from + int64(len(f.raws)) {
		raws, err := src.Blocks(ctx, next, f.to)
		if err == nil && len(raws) == 0 {
			err = fmt.Errorf("node gives no block from height %d", next)
		}
		if err == nil && int64(len(raws)) > f.to-next+1 {
			err = fmt.Errorf("node gives %d blocks for heights %d to %d", len(raws), next, f.to)
		}
		if err != nil {
			f.err = err
			return
		}
		f.raws = append(f.raws, raws...)
		for _, raw := range raws {
			size += len(raw)
		}
	}
}

// rest is a flight for the heights of the range that are missing, nil if none is.
func (f *flight) rest() *flight {
	next := f.from + int64(len(f.raws))
	if next > f.to {
		return nil
	}
	return &flight{from: next, to: f.to, landed: make(chan struct{})}
}

// widen says for how many blocks to ask next, by the size of these.
func (f *flight) widen(n int64) int64 {
	bytes := int64(1)
	for _, raw := range f.raws {
		bytes += int64(len(raw))
	}
	return max(1, min(flightBytes*int64(len(f.raws))/bytes, 4*n, flightBlocks))
}
