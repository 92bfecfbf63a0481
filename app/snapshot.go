package app

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app/snapshot"
	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/app/txn"
	"github.com/urna-vote/urna/app/version"
)

// Snapshots says which snapshots of state a node keeps for those that join.
type Snapshots struct {
	// Interval in blocks; 0 makes none.
	Interval int64
	// Keep so many.
	Keep int
	// Rest is called after every millisecond or so of writing a snapshot and may
	// wait, so that blocks have the machine.
	Rest func()
}

// snapshots of an application: those it writes, and the one it begins with.
type snapshots struct {
	cfg    Snapshots
	folder *snapshot.Folder

	// busy while a snapshot is written.
	busy    atomic.Bool
	writing sync.WaitGroup
	ctx     context.Context
	cancel  context.CancelFunc

	mu        sync.Mutex // one step of a restore at a time; guards:
	restoring *snapshot.Restoring
}

func (a *App) openSnapshots(cfg Snapshots) (err error) {
	s := &a.snapshots
	s.cfg = cfg
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.folder, err = snapshot.OpenFolder(a.fs, a.fs.PathJoin(a.dir, "snapshots"), func(what string) { a.log.Warn(what) })
	return err
}

// closeSnapshots ends the writing of a snapshot and a restore; what is
// half-written goes, here or when the application is opened again.
func (a *App) closeSnapshots() {
	s := &a.snapshots
	s.cancel()
	s.writing.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.restoring != nil {
		s.restoring.Abandon()
		s.restoring = nil
	}
}

// considerSnapshot begins to write one if the committed height is due. Blocks
// go on meanwhile; if the last is still being written, this one is left out.
func (a *App) considerSnapshot() {
	s := &a.snapshots
	v := a.View()
	defer v.Close()
	if s.cfg.Interval == 0 || v.Height == 0 || v.Height%s.cfg.Interval != 0 {
		return
	}
	if !s.busy.CompareAndSwap(false, true) {
		a.log.Warn("no snapshot of this height: the last is still being written", "height", v.Height)
		return
	}
	of := v.snap.Retain()
	s.writing.Go(func() {
		defer s.busy.Store(false)
		defer of.Close()
		a.writeSnapshot(of)
	})
}

func (a *App) writeSnapshot(of *store.Snapshot) {
	s := &a.snapshots
	kept, err := s.folder.Make(s.ctx, of, snapshot.Making{Rest: s.cfg.Rest})
	if err == nil {
		a.log.Info("snapshot written", "height", kept.Manifest.Height, "chunks", kept.Manifest.Chunks())
		err = s.folder.Prune(max(1, s.cfg.Keep))
	}
	if err != nil && s.ctx.Err() == nil {
		a.log.Error("no snapshot is written; blocks go on", "reason", err)
	}
}

// ListSnapshots offers what is kept.
func (a *App) ListSnapshots(context.Context, *abci.RequestListSnapshots) (*abci.ResponseListSnapshots, error) {
	r := &abci.ResponseListSnapshots{}
	for _, k := range a.snapshots.folder.List() {
		hash := snapshot.Hash(k.Encoded)
		r.Snapshots = append(r.Snapshots, &abci.Snapshot{
			Height: uint64(k.Manifest.Height), Format: snapshot.Format, Chunks: uint32(k.Manifest.Chunks()), Hash: hash[:], Metadata: k.Encoded,
		})
	}
	return r, nil
}

// LoadSnapshotChunk hands out a chunk, nothing if it is not here or no longer
// as it was written.
func (a *App) LoadSnapshotChunk(_ context.Context, req *abci.RequestLoadSnapshotChunk) (*abci.ResponseLoadSnapshotChunk, error) {
	if req.Format != snapshot.Format {
		return &abci.ResponseLoadSnapshotChunk{}, nil
	}
	chunk, err := a.snapshots.folder.Chunk(int64(req.Height), int(req.Chunk))
	if err != nil && !errors.Is(err, snapshot.ErrGone) {
		a.log.Error("a snapshot cannot be handed out", "reason", err)
	}
	return &abci.ResponseLoadSnapshotChunk{Chunk: chunk}, nil
}

// OfferSnapshot decides whether to begin with a snapshot. The engine asks only
// while it has no block of its own, and has taken the application hash from a
// header that its light client verified. What was in the store goes.
func (a *App) OfferSnapshot(_ context.Context, req *abci.RequestOfferSnapshot) (_ *abci.ResponseOfferSnapshot, err error) {
	defer a.guard(&err)
	s := &a.snapshots
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := a.Failure(); err != nil {
		return nil, err
	}
	answer := func(r abci.ResponseOfferSnapshot_Result) (*abci.ResponseOfferSnapshot, error) {
		return &abci.ResponseOfferSnapshot{Result: r}, nil
	}
	if req.Snapshot.Format != snapshot.Format {
		return answer(abci.ResponseOfferSnapshot_REJECT_FORMAT)
	}
	m, err := checkOffer(req)
	if err != nil {
		// Whoever offers it lies about the height or does not know better.
		a.log.Warn("snapshot refused, and who offers it", "height", req.Snapshot.Height, "reason", err)
		return answer(abci.ResponseOfferSnapshot_REJECT_SENDER)
	}
	if !version.Known(m.Leaves.Rules) {
		a.log.Error("snapshot refused: it is of rules that this program does not know; install a release that does", "height", m.Height, "rules", m.Leaves.Rules)
		return answer(abci.ResponseOfferSnapshot_REJECT)
	}
	if err := a.dropRestore(); err != nil {
		return nil, a.stop(err)
	}
	a.consensus.Lock()
	defer a.consensus.Unlock()
	if s.restoring, err = snapshot.Begin(m, a.store, a.spread); err != nil {
		return nil, a.stop(err)
	}
	a.reopen()
	a.log.Info("state begins with a snapshot", "height", m.Height, "chunks", m.Chunks())
	return answer(abci.ResponseOfferSnapshot_ACCEPT)
}

func checkOffer(req *abci.RequestOfferSnapshot) (*snapshot.Manifest, error) {
	o := req.Snapshot
	if hash := snapshot.Hash(o.Metadata); string(hash[:]) != string(o.Hash) {
		return nil, errors.New("the manifest has another hash")
	}
	m, err := snapshot.Decode(o.Metadata)
	if err != nil {
		return nil, err
	}
	if uint64(m.Chunks()) != uint64(o.Chunks) {
		return nil, errors.New("the manifest has another number of chunks")
	}
	return m, m.Check(int64(o.Height), req.AppHash)
}

// ApplySnapshotChunk checks and takes the next chunk. One that was altered on
// its way is asked for again, from others. With the last the application stands
// at the snapshot's height.
func (a *App) ApplySnapshotChunk(_ context.Context, req *abci.RequestApplySnapshotChunk) (_ *abci.ResponseApplySnapshotChunk, err error) {
	defer a.guard(&err)
	s := &a.snapshots
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := a.Failure(); err != nil {
		return nil, err
	}
	r := s.restoring
	if r == nil || int64(req.Index) != int64(r.Next()) {
		return &abci.ResponseApplySnapshotChunk{Result: abci.ResponseApplySnapshotChunk_ABORT}, nil
	}
	done, err := r.Apply(req.Chunk)
	switch {
	case errors.Is(err, snapshot.ErrTransfer):
		a.log.Warn("chunk refused, and who sent it", "chunk", req.Index, "peer", req.Sender, "reason", err)
		return &abci.ResponseApplySnapshotChunk{
			Result: abci.ResponseApplySnapshotChunk_RETRY, RefetchChunks: []uint32{req.Index}, RejectSenders: []string{req.Sender},
		}, nil
	case errors.Is(err, snapshot.ErrContent):
		a.log.Warn("snapshot refused, and who sent it", "height", r.Manifest.Height, "peer", req.Sender, "reason", err)
		if err := a.dropRestore(); err != nil {
			return nil, a.stop(err)
		}
		return &abci.ResponseApplySnapshotChunk{
			Result: abci.ResponseApplySnapshotChunk_REJECT_SNAPSHOT, RejectSenders: []string{req.Sender},
		}, nil
	case err != nil:
		return nil, a.stop(err)
	case done:
		s.restoring = nil
		a.consensus.Lock()
		defer a.consensus.Unlock()
		a.reopen()
		a.log.Info("state restored from a snapshot", "height", r.Manifest.Height)
	}
	return &abci.ResponseApplySnapshotChunk{Result: abci.ResponseApplySnapshotChunk_ACCEPT}, nil
}

// dropRestore ends a restore that will not be finished.
func (a *App) dropRestore() error {
	r := a.snapshots.restoring
	if r == nil {
		return nil
	}
	a.snapshots.restoring = nil
	return r.Abort()
}

// reopen makes the store's height the one that is read, and forgets everything
// about another.
func (a *App) reopen() {
	a.forget()
	a.advance()
	a.advance()
}

func (a *App) spread(n int, part func(from, to int)) { txn.Spread(a.workers, n, part) }
