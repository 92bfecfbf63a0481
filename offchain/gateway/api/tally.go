package api

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// tallied are the requests that the log tells of at once. A line for each would
// have its moment and its place in their order, and who compares these with the
// casts on the ledger joins tokens with ballots fifty times better than chance.
const tallied = 1000

// tally sums requests up for the log.
type tally struct {
	mu  sync.Mutex
	n   int
	sum map[outcome]total
}

type outcome struct {
	route  string
	status int
}

type total struct {
	requests int
	took     time.Duration
}

// add counts a request, and writes when there are enough.
func (t *tally) add(log *slog.Logger, route string, status int, took time.Duration) {
	if !log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	sums := t.count(outcome{route, status}, took)
	// By route and status, so that no order of requests shows.
	for _, o := range slices.SortedFunc(maps.Keys(sums), func(a, b outcome) int {
		return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.status, b.status))
	}) {
		all := sums[o]
		log.Debug("requests", "route", o.route, "status", o.status, "count", all.requests, "ms", (all.took / time.Duration(all.requests)).Milliseconds())
	}
}

// count gives the sums when they are to be written, and begins anew.
func (t *tally) count(o outcome, took time.Duration) (full map[outcome]total) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sum == nil {
		t.sum = map[outcome]total{}
	}
	all := t.sum[o]
	t.sum[o] = total{requests: all.requests + 1, took: all.took + took}
	if t.n++; t.n < tallied {
		return nil
	}
	full, t.sum, t.n = t.sum, nil, 0
	return full
}
