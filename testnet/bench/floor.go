package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/urna-vote/urna/testnet/load"
	"github.com/urna-vote/urna/testnet/stage"
)

func cores() int { return runtime.NumCPU() }

// ballotBytes of an election's ballot with one contest of ten options and a
// token of one issuer: the size of the floor's transactions. The chain's name
// and the style vary it by a few bytes.
const ballotBytes = 1370

// mostFloor is more than any floor takes in a second.
const mostFloor = 80_000

// floor measures the engine with an application that accepts everything, fed by
// the same load program over the same routes. Runs before and after what is
// compared with it are joined by their mean.
func (b *bench) floor(ctx context.Context, validators int, key string) (err error) {
	name := fmt.Sprintf("floor-%dv", validators)
	t, err := b.start(ctx, stage.Spec{Dir: b.path(name), Program: "urna-floor", Validators: validators}, true)
	if err != nil {
		return fmt.Errorf("floor: %w", err)
	}
	defer func() { err = errors.Join(err, t.stop()) }()
	size := ballotBytes
	if g, ok := b.results.number("ballot_bytes"); ok {
		size = int(g)
	}
	length := b.options.floorFor
	list := load.Random(int(length.Seconds()*mostFloor), size)
	r, err := t.play(ctx, fmt.Sprintf("floor, %d bytes, %d validators", size, validators), load.Play{
		List: list, To: list.Len(), Length: length,
	})
	if err != nil {
		return fmt.Errorf("floor: %w", err)
	}
	b.floors = append(b.floors, floorRun{key, r.PerSecond})
	var all []float64
	for _, f := range b.floors {
		if f.key == key {
			all = append(all, f.rate)
		}
	}
	slices.Sort(all)
	sum := 0.0
	for _, rate := range all {
		sum += rate
	}
	b.results.set(key, round(sum/float64(len(all))))
	b.results.put("runs", fmt.Sprintf("%s_%d", key, len(all)), generic(r))
	b.limit()
	return quiet(ctx, time.Second)
}

// floorRun of this bench.
type floorRun struct {
	key  string
	rate float64
}
