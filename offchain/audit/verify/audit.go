package verify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/audit/table"
	"github.com/urna-vote/urna/offchain/chain"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// Audit is a verification that can go on: by one stretch of blocks after the
// other, and after a restart from its checkpoint. It belongs to one goroutine.
type Audit struct {
	opt     Options
	genesis *chain.Genesis
	v       *verifier
	// dir of the state on disk, temporary without a work directory.
	dir    string
	unlock func() error
	// bytes of blocks that were read.
	bytes int64
	saved time.Time
	// committed is the last height whose block is known to be the chain's, by a
	// commit that was verified.
	committed int64
}

// genesisError: nothing can be verified under this genesis.
type genesisError struct{ err error }

func (e *genesisError) Error() string { return "read genesis: " + e.err.Error() }
func (e *genesisError) Unwrap() error { return e.err }

// Begin begins a verification, or goes on from a checkpoint.
func Begin(genesis []byte, opt Options) (*Audit, error) {
	if opt.Workers <= 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	if opt.Rand == nil {
		opt.Rand = rand.Reader
	}
	if opt.Every == 0 {
		opt.Every = 30 * time.Second
	}
	g, err := chain.ParseGenesis(genesis)
	if err != nil {
		return nil, &genesisError{err}
	}
	a := &Audit{opt: opt, genesis: g, dir: opt.Work}
	if opt.Work != "" {
		// Now, before another file is in the place of this program's.
		if _, err := program(); err != nil {
			return nil, err
		}
	}
	if err := a.openDir(); err != nil {
		return nil, err
	}
	if err := a.start(); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *Audit) openDir() error {
	var err error
	if a.dir == "" {
		if a.dir, err = os.MkdirTemp("", "urna-audit-*"); err != nil {
			return fmt.Errorf("make work directory: %w", err)
		}
		return nil
	}
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return fmt.Errorf("make work directory: %w", err)
	}
	a.unlock, err = lock(a.dir)
	return err
}

// start takes up the checkpoint, or begins at the genesis.
func (a *Audit) start() error {
	if a.opt.Resume && a.opt.Work != "" {
		found, err := a.resume()
		if found && err == nil {
			return nil
		}
		if err != nil {
			a.note("the checkpoint is not used, beginning anew: %v", err)
		}
	}
	return a.anew()
}

// anew begins at the genesis.
func (a *Audit) anew() error {
	if err := a.stop(); err != nil {
		return err
	}
	if err := a.clear(); err != nil {
		return err
	}
	v, err := newVerifier(a.genesis)
	if err != nil {
		return &genesisError{err}
	}
	if v.store, err = newStore(a.dir, a.bounds()); err != nil {
		return err
	}
	a.run(v)
	a.bytes, a.committed = 0, 0
	return nil
}

func (a *Audit) run(v *verifier) {
	v.bench = newBench(v.found, a.opt.Rand, a.opt.Workers)
	a.v, a.saved = v, time.Now()
}

func (a *Audit) bounds() bounds { return bounds{a.opt.Pages, a.opt.Run} }

// clear removes the state of an earlier run.
func (a *Audit) clear() error {
	if err := os.Remove(a.checkpoint()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove checkpoint: %w", err)
	}
	return table.Clear(a.dir)
}

// RemoveWork removes what verification keeps in a work directory, and the
// directory if nothing else is in it.
func RemoveWork(dir string) error {
	if err := table.Clear(dir); err != nil {
		return err
	}
	for _, name := range []string{checkpointName, lockName} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove work directory: %w", err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		return nil // it is gone, or holds what is not ours
	}
	return os.Remove(dir)
}

// stop ends the workers and closes the state on disk.
func (a *Audit) stop() error {
	if a.v == nil {
		return nil
	}
	a.v.bench.close()
	err := a.v.store.close()
	a.v = nil
	return err
}

// Close ends the verification. A checkpoint stays.
func (a *Audit) Close() error {
	err := a.stop()
	if a.opt.Work == "" {
		err = errors.Join(err, os.RemoveAll(a.dir))
	}
	if a.unlock != nil {
		err = errors.Join(err, a.unlock())
		a.unlock = nil
	}
	return err
}

func (a *Audit) note(format string, args ...any) {
	if a.opt.Note != nil {
		a.opt.Note(fmt.Sprintf(format, args...))
	}
}

// Height is the last that is verified, one before the first at the beginning.
func (a *Audit) Height() int64 {
	if h := a.v.last.header; h != nil {
		return h.Height
	}
	return a.genesis.InitialHeight - 1
}

// Advance verifies what a source has after the height reached, up to a height,
// with the commit for its last block and the summaries of its elections. If the
// source fails or the context ends, what came before stands and another Advance
// goes on.
func (a *Audit) Advance(ctx context.Context, src Source, last int64) error {
	v := a.v
	if v.store.err != nil {
		return v.store.err
	}
	v.heads = newHeads(v, src.Summaries())
	err := a.walk(ctx, src, last)
	if err == nil {
		v.heads.finish(last)
	}
	v.bench.settle()
	if err == nil && a.Height() == src.Last() && a.OK() {
		a.committed = a.Height()
	}
	return cmp.Or(v.store.err, err)
}

// OK reports whether nothing wrong was found so far.
func (a *Audit) OK() bool {
	a.v.bench.settle()
	a.v.found.mu.Lock()
	defer a.v.found.mu.Unlock()
	return len(a.v.found.list) == 0
}

// Err is what makes going on impossible, as a full disk.
func (a *Audit) Err() error { return a.v.store.err }

// Zone is the state of a zone at the height reached, false if no block made it.
func (a *Audit) Zone(id [32]byte, zone uint32) (electionv1.ZoneState, bool) {
	e := a.v.byID[id]
	if e == nil || int64(zone) >= int64(len(e.zones)) {
		return electionv1.ZoneState{}, false
	}
	return e.zones[zone].state, true
}

// Report is what verification has found so far.
func (a *Audit) Report() (*Report, error) {
	v := a.v
	v.bench.settle()
	r := &Report{
		ChainID: a.genesis.ChainID, Rehearsal: a.genesis.State.Rehearsal, Genesis: a.genesis.SHA256[:],
		First: a.genesis.InitialHeight, Last: a.Height(), Elections: v.elections(),
	}
	v.found.settle(r)
	return r, v.store.err
}

// walk goes through the blocks.
func (a *Audit) walk(ctx context.Context, src Source, last int64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &stream{
		source: src, from: a.Height() + 1, last: last, chainID: a.genesis.ChainID, workers: a.opt.Workers,
		room: semaphore.NewWeighted(aheadBytes), out: make(chan *opened, aheadBlocks),
	}
	var end error
	done := make(chan struct{})
	go func() {
		defer close(done)
		end = s.run(ctx)
	}()
	for b := range s.out {
		err := a.block(ctx, b, last, src.Bytes())
		s.room.Release(b.weight())
		if err != nil {
			cancel(err)
			for range s.out { // until the reader has ended
			}
			<-done
			return err
		}
	}
	<-done
	return a.ended(src, end, last)
}

// block verifies a block when its turn has come.
func (a *Audit) block(ctx context.Context, b *opened, last, total int64) error {
	select {
	case <-b.ready:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if ctx.Err() != nil { // also where both were ready
		return context.Cause(ctx)
	}
	if b.err != nil {
		return b.err
	}
	v := a.v
	if a.opt.Sound && time.Since(a.saved) >= a.opt.Every && a.commits(b.block) {
		a.committed = a.Height()
		if err := a.Save(); err != nil {
			return err
		}
	}
	v.header(b)
	v.block(b)
	v.heads.reached(b)
	a.bytes += b.bytes
	if v.store.err != nil {
		return v.store.err
	}
	height := b.block.Header.Height
	if a.opt.Progress != nil {
		a.opt.Progress(Progress{Height: height, Last: last, Bytes: a.bytes, Total: max(total, a.bytes)})
	}
	if height < last && !a.opt.Sound {
		return a.SaveIfDue()
	}
	return nil
}

// commits reports whether a block commits the one that was verified last, which
// until then may be its sender's own making.
func (a *Audit) commits(b *chain.Block) bool {
	last := a.v.last
	if last.header == nil || b.LastCommit == nil || !bytes.Equal(b.Header.LastBlockId.Hash, last.hash[:]) {
		return false
	}
	return a.genesis.Validators.VerifyCommit(a.genesis.ChainID, last.header.Height, b.Header.LastBlockId, b.LastCommit) == nil
}

// ended judges how the blocks ended.
func (a *Audit) ended(src Source, end error, last int64) error {
	v, height := a.v, a.Height()
	switch {
	case errors.Is(end, errEnd):
	case errors.Is(end, record.ErrDamaged):
		v.found.add(checkHeaders, Finding{Code: "record/damaged", Height: height + 1, Tx: -1, What: "block", Why: end.Error()})
	default:
		return end
	}
	if height != last {
		v.found.add(checkHeaders, Finding{Code: "record/incomplete", Height: height, Tx: -1, What: "blocks",
			Why: fmt.Sprintf("they end at height %d, not at %d", height, last)})
	}
	if height == src.Last() && v.last.header != nil {
		v.lastCommit(src.Commit())
	}
	return nil
}
