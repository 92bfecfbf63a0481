package booth

import (
	"context"
	"sync"
	"time"
)

// Watch keeps recent parameters for many voters at once, so that a thousand
// devices in one process prove an election's state once and prepare its key
// once. It is safe for concurrent use.
type Watch struct {
	prove   Prove
	chainID string
	now     func() time.Time

	mu    sync.Mutex
	known map[watchKey]*watched
}

type watchKey struct {
	election [32]byte
	style    uint32
}

// watched holds its lock while it fetches: whoever comes meanwhile waits for
// that answer instead of asking too.
type watched struct {
	mu     sync.Mutex
	at     time.Time
	params *Parameters
}

// NewWatch makes a watch over one chain.
func NewWatch(prove Prove, chainID string, now func() time.Time) *Watch {
	return &Watch{prove: prove, chainID: chainID, now: now, known: map[watchKey]*watched{}}
}

// Parameters of a style that are at most so old.
func (w *Watch) Parameters(ctx context.Context, election [32]byte, style uint32, age time.Duration) (*Parameters, error) {
	asked := w.now()
	w.mu.Lock()
	k := watchKey{election: election, style: style}
	entry, ok := w.known[k]
	if !ok {
		entry = &watched{}
		w.known[k] = entry
	}
	w.mu.Unlock()

	entry.mu.Lock()
	defer entry.mu.Unlock()
	if entry.params != nil && !entry.at.Before(asked.Add(-age)) {
		return entry.params, nil
	}
	at := w.now()
	var params *Parameters
	var err error
	if entry.params == nil {
		params, err = Load(ctx, w.prove, w.chainID, election, style)
	} else {
		params, err = entry.params.Renew(ctx, w.prove)
	}
	if err != nil {
		return nil, err
	}
	entry.params, entry.at = params, at
	return params, nil
}
