package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/urna-vote/urna/app/genesis"
	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/x/ledger"
)

var (
	// ErrGone: the application keeps only the last two heights whole.
	ErrGone = errors.New("no longer kept")
	// ErrNoElection: there is no such election.
	ErrNoElection = errors.New("no such election")
)

// View is the state at one committed height. Many goroutines may read it; reads
// panic with *store.Failure when the disk fails. Every view that was given out
// must be closed once.
type View struct {
	// Height, header time and application hash.
	Height  int64
	TimeMS  int64
	AppHash [32]byte

	began   bool
	snap    *store.Snapshot
	rules   *Rules
	keepers *Keepers

	mu        sync.Mutex // guards:
	summaries map[[32]byte]*Summary
	tree      *merkle.NamedTree
}

func (a *App) newView() *View {
	snap := a.store.Snapshot()
	head, began := snap.Head()
	return &View{
		Height: head.Height, TimeMS: head.TimeMS, AppHash: head.AppHash,
		began: began, snap: snap, rules: &a.rules, keepers: a.keepers,
		summaries: make(map[[32]byte]*Summary),
	}
}

// View is the state at the last committed height.
func (a *App) View() *View {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.latest.retain()
}

// Proven is the state at a height, of the last two committed, so that it can be
// paired with the header of the next height. Others are ErrGone.
func (a *App) Proven(height int64) (*View, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range []*View{a.latest, a.previous} {
		if v != nil && v.began && v.Height == height {
			return v.retain(), nil
		}
	}
	return nil, fmt.Errorf("state at height %d: %w", height, ErrGone)
}

func (v *View) retain() *View {
	v.snap.Retain()
	return v
}

// Close gives the view back.
func (v *View) Close() { v.snap.Close() }

// Began reports whether there is a genesis yet.
func (v *View) Began() bool { return v.began }

// Keepers answer questions about the state; pass Reader to them.
func (v *View) Keepers() *Keepers { return v.keepers }

// Reader reads the state.
func (v *View) Reader() ledger.Reader { return v.snap }

// Rehearsal reports whether the chain is a rehearsal.
func (v *View) Rehearsal() bool { return genesis.Rehearsal(v.snap) }

// Leaves are what the application hash of this height is made of.
func (v *View) Leaves() store.Leaves {
	h, _ := v.snap.Head()
	return h.Leaves
}

// At is the record of this or an earlier height: its time, leaves and hash.
func (v *View) At(height int64) (store.Height, bool) { return v.snap.At(height) }

// TxByHash finds a committed transaction: height, position in the block, and
// index in the ballot log if it was logged.
func (v *View) TxByHash(hash [32]byte) (store.Tx, bool) { return v.snap.TxByHash(hash) }

// LogEntry reads an entry of the ballot log.
func (v *View) LogEntry(index uint64) (store.Entry, bool) { return v.snap.LogEntry(index) }

// LogEntries reads up to limit entries of the ballot log in order.
func (v *View) LogEntries(from uint64, limit int) []store.Entry {
	return v.snap.LogEntries(from, limit)
}

// ElectionLog reads up to limit entries of one kind of transaction (see
// urna.tx.v1.Kind) of an election, in the order of the ballot log.
func (v *View) ElectionLog(election [32]byte, kind uint32, from uint64, limit int) []store.Entry {
	return v.snap.ElectionLog(election, kind, from, limit)
}

// LogRoot is the root of the ballot log when it had so many entries.
func (v *View) LogRoot(size uint64) (merkle.Hash, error) { return v.snap.LogRoot(size) }

// LogInclusion proves an entry in the log of the first size entries.
func (v *View) LogInclusion(index, size uint64) (merkle.InclusionProof, error) {
	return v.snap.LogInclusion(index, size)
}

// LogConsistency proves that the log only grew.
func (v *View) LogConsistency(older, newer uint64) ([]merkle.Hash, error) {
	return v.snap.LogConsistency(older, newer)
}

// Audit recomputes the application hash's parts from everything stored.
func (v *View) Audit() error { return v.snap.Audit() }

// Summary is what the application hash says of an election: its objects,
// ascending by name.
type Summary struct {
	Objects []ledger.Object
	// Root of the named leaves (name: SHA-256 of the object's bytes).
	Root merkle.Hash
}

// Object finds an object by name.
func (s *Summary) Object(name string) ([]byte, bool) {
	i, ok := slices.BinarySearchFunc(s.Objects, name, func(o ledger.Object, n string) int { return strings.Compare(o.Name, n) })
	if !ok {
		return nil, false
	}
	return s.Objects[i].Bytes, true
}

// Elections lists the ids of all elections, ascending.
func (v *View) Elections() [][32]byte {
	leaves := v.snap.Elections()
	out := make([][32]byte, len(leaves))
	for i := range leaves {
		out[i] = leaves[i].ID
	}
	return out
}

// Summary of an election; ErrNoElection if there is none.
func (v *View) Summary(election [32]byte) (*Summary, error) {
	leaf, ok := v.leaf(election)
	if !ok {
		return nil, fmt.Errorf("election %x: %w", election, ErrNoElection)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if s := v.summaries[election]; s != nil {
		return s, nil
	}
	s := summarize(v.rules.Modules, v.snap, election)
	if s.Root != leaf.Root {
		return nil, fmt.Errorf("summarise election %x at height %d: root %x, the application hash has %x: the state is damaged, or a module changed an object without a word", election, v.Height, s.Root, leaf.Root)
	}
	v.summaries[election] = s
	return s, nil
}

// ElectionProof proves an election's root under the leaf "elections".
func (v *View) ElectionProof(election [32]byte) (merkle.InclusionProof, bool) {
	if _, ok := v.leaf(election); !ok {
		return merkle.InclusionProof{}, false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.tree == nil {
		v.tree = store.ElectionTree(v.snap.Elections())
	}
	proof, err := v.tree.Prove(store.ElectionName(election))
	if err != nil {
		panic("app: election in the list and not in its tree: " + err.Error())
	}
	return proof, true
}

func (v *View) leaf(election [32]byte) (store.ElectionLeaf, bool) {
	leaves := v.snap.Elections()
	i, ok := slices.BinarySearchFunc(leaves, store.ElectionLeaf{ID: election}, store.CompareLeaves)
	if !ok {
		return store.ElectionLeaf{}, false
	}
	return leaves[i], true
}
