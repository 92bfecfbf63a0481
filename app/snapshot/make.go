package snapshot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/crypto/lthash"
	"github.com/urna-vote/urna/crypto/merkle"
)

// Making says how a snapshot is written.
type Making struct {
	// Rest is called after every piece of work of about a millisecond; it may
	// wait, so that blocks have the machine.
	Rest func()
	// ChunkBytes of a chunk of state; 0 is the one with which all nodes write
	// the same snapshot.
	ChunkBytes int
}

// restBytes of a snapshot are written between two rests.
const restBytes = 32 << 10

// Make writes a snapshot of a committed height and puts it into the folder
// whole, or leaves nothing. Nodes at one height make the same snapshot, byte
// for byte. The store's snapshot must stay open meanwhile.
func (f *Folder) Make(ctx context.Context, of *store.Snapshot, how Making) (_ *Kept, err error) {
	head, began := of.Head()
	if !began || head.Height < 1 {
		return nil, errors.New("make snapshot: there is no block yet")
	}
	if f.find(head.Height) != nil {
		return nil, fmt.Errorf("make snapshot of height %d: it is there", head.Height)
	}
	defer func() {
		if r := recover(); r != nil {
			failure, ok := r.(*store.Failure)
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("make snapshot of height %d: %w", head.Height, failure)
		}
	}()
	if how.ChunkBytes == 0 {
		how.ChunkBytes = ChunkBytes
	}
	w := &writer{
		ctx: ctx, folder: f, how: how, of: of,
		dir:      f.fs.PathJoin(f.dir, partPrefix+strconv.FormatInt(head.Height, 10)),
		manifest: &Manifest{Height: head.Height, Leaves: head.Leaves, Elections: of.Elections()},
	}
	kept, err := w.write()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make snapshot of height %d: %w", head.Height, err), f.fs.RemoveAll(w.dir))
	}
	f.add(kept)
	return kept, nil
}

// writer of one snapshot.
type writer struct {
	ctx      context.Context
	folder   *Folder
	how      Making
	of       *store.Snapshot
	dir      string
	manifest *Manifest

	chunk  []byte
	digest lthash.Hash
	rested int
}

func (w *writer) write() (*Kept, error) {
	fs := w.folder.fs
	if err := fs.RemoveAll(w.dir); err != nil {
		return nil, err
	}
	if err := fs.MkdirAll(w.dir, 0o700); err != nil {
		return nil, err
	}
	if err := w.writeState(); err != nil {
		return nil, err
	}
	if err := w.writeLog(); err != nil {
		return nil, err
	}
	m := w.manifest
	// The snapshot is checked as whoever gets it will: a store that is damaged
	// is told of here, and its snapshot is offered to nobody.
	hash := m.Leaves.AppHash()
	if err := m.Check(m.Height, hash[:]); err != nil {
		return nil, fmt.Errorf("the store is damaged: %w", err)
	}
	kept := &Kept{Manifest: m, Encoded: m.Encode()}
	if len(kept.Encoded) > MaxManifest {
		return nil, fmt.Errorf("the state is too large: the manifest has %d bytes, at most %d can be handed on", len(kept.Encoded), MaxManifest)
	}
	sum := Hash(kept.Encoded)
	if err := writeFile(fs, fs.PathJoin(w.dir, manifestFile), append(slices.Clone(kept.Encoded), sum[:]...)); err != nil {
		return nil, err
	}
	if err := syncDir(fs, w.dir); err != nil {
		return nil, err
	}
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	if err := fs.Rename(w.dir, w.folder.path(m.Height)); err != nil {
		return nil, err
	}
	return kept, syncDir(fs, w.folder.dir)
}

func (w *writer) writeState() (err error) {
	w.of.Pairs(func(key, value []byte) bool {
		before := len(w.chunk)
		w.chunk = appendPair(w.chunk, key, value)
		if before > 0 && len(w.chunk) > w.how.ChunkBytes {
			last := append([]byte(nil), w.chunk[before:]...)
			w.chunk = w.chunk[:before]
			if err = w.endState(); err != nil {
				return false
			}
			w.chunk = append(w.chunk, last...)
		}
		w.digest.Add(key, value)
		if len(w.chunk) > MaxChunk {
			err = fmt.Errorf("a pair of %d bytes fits no chunk", len(w.chunk))
			return false
		}
		if w.rested += len(key) + len(value); w.rested >= restBytes {
			err = w.rest()
		}
		return err == nil
	})
	if err == nil && len(w.chunk) > 0 {
		err = w.endState()
	}
	return err
}

func (w *writer) endState() error {
	m, fs := w.manifest, w.folder.fs
	m.State = append(m.State, StateChunk{Sum: Hash(w.chunk), Digest: w.digest})
	if err := writeFile(fs, fs.PathJoin(w.dir, chunkFile(m, len(m.State)-1)), w.chunk); err != nil {
		return err
	}
	w.chunk, w.digest = w.chunk[:0], lthash.Hash{}
	return w.rest()
}

// logRead entries are read at a time.
const logRead = 1 << 10

func (w *writer) writeLog() error {
	m, fs := w.manifest, w.folder.fs
	for from := uint64(0); from < m.Leaves.LogSize; {
		w.chunk = w.chunk[:0]
		for end := min(m.Leaves.LogSize, from+LogChunk); from < end; {
			n := min(logRead, int(end-from))
			hashes := w.of.LogHashes(from, n)
			if len(hashes) != n {
				return fmt.Errorf("the log ends at entry %d of %d", from+uint64(len(hashes)), m.Leaves.LogSize)
			}
			for i := range hashes {
				w.chunk = append(w.chunk, hashes[i][:]...)
			}
			from += uint64(n)
			if err := w.rest(); err != nil {
				return err
			}
		}
		// In pieces: a chunk's tree is longer work than should go without a rest.
		m.Log = append(m.Log, w.restingRoot())
		if err := writeFile(fs, fs.PathJoin(w.dir, chunkFile(m, m.Chunks()-1)), w.chunk); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) restingRoot() merkle.Hash {
	return treeRoot(store.TileRoots(w.chunk, func(n int, part func(from, to int)) {
		for i := range n {
			part(i, i+1)
			if i%16 == 15 {
				w.how.rest()
			}
		}
	}))
}

func (w *writer) rest() error {
	w.rested = 0
	w.how.rest()
	return w.ctx.Err()
}

func (m Making) rest() {
	if m.Rest != nil {
		m.Rest()
	}
}
