package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/crypto/lthash"
	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/x/ledger"
)

// keyRestoring is there from the first to the last step of a restore. A store
// that is opened with it is emptied: nothing half-restored is ever read.
var keyRestoring = []byte("mrestoring")

// Restore fills an empty store with the state of a height. Who calls it has
// checked everything against the application hash. Snapshots of the store that
// were taken before see nothing of it; none may be taken until it ends.
type Restore struct {
	s      *Store
	tables *tables
	// Indices and the log's nodes come in no order of keys. Transactions are in two
	// halves, so that two cores put them in order.
	index, nodes sorter
	txs          [2]txSorter
	// indexed when all pairs were there; the rest of the index is written beside the log.
	indexed sync.Once
	beside  errgroup.Group
	// tiles of the log so far, and the roots of the perfect subtrees over them.
	tiles uint64
	roots []merkle.Hash
	ended bool
}

// BeginRestore empties the store.
func (s *Store) BeginRestore() (_ *Restore, err error) {
	defer asFailure(&err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return nil, fmt.Errorf("restore state: the store stopped: %w", s.failed)
	}
	if s.restoring {
		return nil, errors.New("restore state: another restore is at work")
	}
	if err := s.empty(true); err != nil {
		return nil, fmt.Errorf("restore state: %w", err)
	}
	r := &Restore{s: s, tables: newTables(s)}
	if err := clearDir(s.options.FS, r.tables.dir); err != nil {
		return nil, fmt.Errorf("restore state: %w", err)
	}
	s.restoring = true
	return r, nil
}

// restoreDir is where tables are written before the database takes them.
const restoreDir = "restore"

func clearDir(fs vfs.FS, dir string) error {
	if err := fs.RemoveAll(dir); err != nil {
		return err
	}
	return fs.MkdirAll(dir, 0o700)
}

// empty removes everything but the name of the chain and the format.
func (s *Store) empty(restoring bool) error {
	b := s.db.NewBatch()
	used, err := s.used()
	if err != nil {
		return err
	}
	if used {
		// Setting a key of a batch in memory has no error.
		_ = b.DeleteRange([]byte{0}, []byte{0xff}, nil)
	}
	_ = b.Set(keyChain, []byte(s.options.ChainID), nil)
	_ = b.Set(keyFormat, formatRecord(), nil)
	if restoring {
		_ = b.Set(keyRestoring, []byte{1}, nil)
	} else {
		_ = b.Delete(keyRestoring, nil)
	}
	if err := s.write(b); err != nil {
		return err
	}
	if used {
		// Tables that are taken in later go below what is left of a deletion.
		if err := s.db.Flush(); err != nil {
			return err
		}
		if err := s.db.Compact(context.Background(), []byte{0}, []byte{0xff}, false); err != nil {
			return err
		}
	}
	s.head, s.hasHead = Height{}, false
	s.digest, s.frontier, s.elections, s.memory = lthash.Hash{}, new(merkle.Frontier), nil, new(memory)
	return nil
}

// used reports whether there is more than chain and format.
func (s *Store) used() (bool, error) {
	it, err := s.db.NewIter(nil)
	if err != nil {
		return false, err
	}
	used := false
	for ok := it.First(); ok && !used; ok = it.Next() {
		used = !bytes.Equal(it.Key(), keyChain) && !bytes.Equal(it.Key(), keyFormat)
	}
	return used, errors.Join(it.Error(), it.Close())
}

// Pairs takes pairs of state whose keys ascend and follow those taken before.
func (r *Restore) Pairs(pairs []Pair) error {
	return atOnce(func() error {
		return r.tables.write(0, func(set func(key, value []byte) error) error {
			key := []byte{spaceState}
			for _, p := range pairs {
				key = append(key[:1], p.Key...)
				if err := set(key, p.Value); err != nil {
					return err
				}
			}
			return nil
		})
	}, func() error {
		r.index.expect(len(pairs))
		key := []byte{spaceIndex}
		for _, p := range pairs {
			index := ledger.IndexKey(p.Key, p.Value)
			if index == nil {
				continue
			}
			key = append(key[:1], index...)
			if err := r.add(&r.index, key, indexValue); err != nil {
				return err
			}
		}
		return nil
	})
}

// atOnce does some things at the same time. Each tells a Failure as an error.
func atOnce(things ...func() error) error {
	var all errgroup.Group
	for _, thing := range things {
		all.Go(func() (err error) {
			defer asFailure(&err)
			return thing()
		})
	}
	return all.Wait()
}

func (r *Restore) add(to *sorter, key, value []byte) error {
	to.add(key, value)
	if to.full() {
		return to.end(r.tables)
	}
	return nil
}

// TileRoots are the roots of the tiles of the ballot log that transaction
// hashes make, one after the other; the last tile may be smaller.
func TileRoots(hashes []byte, spread Spread) []merkle.Hash {
	const tile = tileSize * merkle.HashSize
	roots := make([]merkle.Hash, (len(hashes)+tile-1)/tile)
	spread(len(roots), func(from, to int) {
		var leaves [tileSize]merkle.Hash
		for i := from; i < to; i++ {
			n := 0
			for at := hashes[i*tile : min(len(hashes), (i+1)*tile)]; len(at) > 0; at = at[merkle.HashSize:] {
				leaves[n] = merkle.LeafHash(at[:merkle.HashSize])
				n++
			}
			roots[i] = tileRoot(leaves[:n])
		}
	})
	return roots
}

// tileRoot is the root over leaves, whose memory it uses.
func tileRoot(leaves []merkle.Hash) merkle.Hash {
	if len(leaves) < tileSize {
		var f merkle.Frontier
		for _, h := range leaves {
			_ = f.Append(h, nil) // only the size of a tree has an error
		}
		return f.Root()
	}
	for n := tileSize / 2; n > 0; n /= 2 {
		for i := range n {
			leaves[i] = merkle.NodeHash(leaves[2*i], leaves[2*i+1])
		}
	}
	return leaves[0]
}

// Log takes the next entries of the ballot log with the roots of their tiles:
// whole tiles but for the last call. Where their transactions stand is not
// known here.
func (r *Restore) Log(hashes []byte, roots []merkle.Hash) error {
	r.endIndex()
	first := r.tiles * tileSize
	return atOnce(
		func() error { return r.pages(first, hashes) },
		func() error { return r.txs[0].add(r.tables, 0, first, hashes) },
		func() error { return r.txs[1].add(r.tables, 1, first, hashes) },
		func() error {
			for i, h := range roots {
				if (i+1)*tileSize*merkle.HashSize > len(hashes) {
					break // a part of a tile has no node
				}
				if err := r.node(h); err != nil {
					return err
				}
			}
			return nil
		},
	)
}

// endIndex writes the rest of the index while something else is done.
func (r *Restore) endIndex() {
	r.indexed.Do(func() {
		r.beside.Go(func() (err error) {
			defer asFailure(&err)
			return r.index.end(r.tables)
		})
	})
}

func (r *Restore) pages(first uint64, hashes []byte) error {
	return r.tables.write(0, func(set func(key, value []byte) error) error {
		for ; len(hashes) > 0; first += tileSize {
			n := min(len(hashes), tileSize*merkle.HashSize)
			p := &page{first: first, height: -1, hashes: hashes[:n]}
			hashes = hashes[n:]
			if err := set(pageKey(first), p.encode()); err != nil {
				return err
			}
		}
		return nil
	})
}

// node adds the root of a tile, and the nodes above it that are complete now.
func (r *Restore) node(h merkle.Hash) error {
	id := merkle.NodeID{Level: tileLevel, Index: r.tiles}
	if err := r.add(&r.nodes, nodeKey(id), h[:]); err != nil {
		return err
	}
	for n := r.tiles; n&1 == 1; n >>= 1 {
		last := len(r.roots) - 1
		h = merkle.NodeHash(r.roots[last], h)
		r.roots = r.roots[:last]
		id = merkle.NodeID{Level: id.Level + 1, Index: id.Index >> 1}
		if err := r.add(&r.nodes, nodeKey(id), h[:]); err != nil {
			return err
		}
	}
	r.roots = append(r.roots, h)
	r.tiles++
	return nil
}

// Finish makes the restored state the store's: one synced batch after which it
// stands at the height, and before which it would be emptied when opened. What
// the height's record says is compared with what was restored.
func (r *Restore) Finish(head Height, digest lthash.Hash, elections []ElectionLeaf) (err error) {
	defer asFailure(&err)
	if r.ended {
		return errors.New("restore state: it ended before")
	}
	r.endIndex() // there may be no log
	if err := atOnce(
		r.beside.Wait,
		func() error { return r.nodes.end(r.tables) },
		func() error { return r.txs[0].end(r.tables) },
		func() error { return r.txs[1].end(r.tables) },
	); err != nil {
		return err
	}
	if err := r.tables.take(); err != nil {
		return err
	}
	s, b := r.s, r.s.db.NewBatch()
	for _, l := range elections {
		_ = b.Set(electionKey(l.ID), l.Root[:], nil)
	}
	record := head.encode()
	_ = b.Set(heightKey(head.Height), record, nil)
	_ = b.Set(keyHead, record, nil)
	_ = b.Set(keyDigest, digest.Marshal(), nil)
	_ = b.Delete(keyRestoring, nil)
	if err := s.write(b); err != nil {
		return err
	}
	r.ended = true
	s.mu.Lock()
	s.restoring, s.head, s.hasHead = false, head, true
	s.mu.Unlock()
	if err := errors.Join(s.loadCommitments(), s.options.FS.RemoveAll(r.tables.dir)); err != nil {
		return fmt.Errorf("restore state: %w", err)
	}
	return nil
}

// Wait until nothing is written any more, before the store is closed.
func (r *Restore) Wait() { _ = r.beside.Wait() } // Finish tells the error

// Abort empties the store again. After Finish it does nothing.
func (r *Restore) Abort() (err error) {
	defer asFailure(&err)
	r.Wait()
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.ended {
		return nil
	}
	r.ended, r.s.restoring = true, false
	if r.s.failed != nil {
		return nil
	}
	return errors.Join(r.s.empty(false), r.s.options.FS.RemoveAll(r.tables.dir))
}

// asFailure turns a panic with a Failure into an error.
func asFailure(err *error) {
	if r := recover(); r != nil {
		f, ok := r.(*Failure)
		if !ok {
			panic(r)
		}
		*err = f
	}
}

func formatRecord() []byte { return binary.BigEndian.AppendUint32(nil, format) }
