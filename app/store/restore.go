package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/urna-vote/urna/crypto/lthash"
	"github.com/urna-vote/urna/crypto/merkle"
)

// keyRestoring is there from the first to the last step of a restore. A store
// that is opened with it is emptied: nothing half-restored is ever read.
var keyRestoring = []byte("mrestoring")

// Restore fills an empty store with the state of a height. Who calls it has
// checked everything against the application hash. Snapshots of the store that
// were taken before see nothing of it; none may be taken until it ends.
type Restore struct {
	s      *Store
	dir    string
	format sstable.TableFormat
	level  pebble.Options
	tables int
	log    *merkle.Frontier
	ended  bool
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
	dir := filepath.Join(s.options.Dir, restoreDir)
	if err := clearDir(s.options.FS, dir); err != nil {
		return nil, fmt.Errorf("restore state: %w", err)
	}
	r := &Restore{s: s, dir: dir, format: s.db.FormatMajorVersion().MaxTableFormat(), level: *pebbleOptions(s.options), log: new(merkle.Frontier)}
	r.level.EnsureDefaults()
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
// They become a table of the database as they are, without its log.
func (r *Restore) Pairs(pairs []Pair) (err error) {
	defer asFailure(&err)
	name := filepath.Join(r.dir, fmt.Sprintf("%06d.sst", r.tables))
	r.tables++
	if err := r.table(name, pairs); err != nil {
		return fmt.Errorf("restore state: write table: %w", err)
	}
	if err := r.s.db.Ingest(context.Background(), []string{name}); err != nil {
		return fmt.Errorf("restore state: take table: %w", err)
	}
	b := r.s.db.NewBatch()
	for _, p := range pairs {
		putIndex(b, p.Key, p.Value)
		if b, err = r.flush(b); err != nil {
			return err
		}
	}
	return r.commit(b, pebble.NoSync)
}

func (r *Restore) table(name string, pairs []Pair) error {
	file, err := r.s.options.FS.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	// The writer syncs and closes the file.
	w := sstable.NewWriter(objstorageprovider.NewFileWritable(file), r.level.MakeWriterOptions(len(r.level.Levels)-1, r.format))
	key := []byte{spaceState}
	for _, p := range pairs {
		key = append(key[:1], p.Key...)
		if err = w.Set(key, p.Value); err != nil {
			break
		}
	}
	return errors.Join(err, w.Close())
}

// Log takes the next entries of the ballot log: transaction hashes, one after
// the other, whole tiles but for the last call. Where their transactions stand
// is not known here.
func (r *Restore) Log(hashes []byte) (err error) {
	defer asFailure(&err)
	b := r.s.db.NewBatch()
	for len(hashes) > 0 {
		n := min(len(hashes), tileSize*merkle.HashSize)
		p := &page{first: r.log.Size(), height: -1, hashes: hashes[:n]}
		hashes = hashes[n:]
		for i := range p.size() {
			leaf := merkle.LeafHash(p.hashes[i*merkle.HashSize : (i+1)*merkle.HashSize])
			if err := r.log.Append(leaf, func(id merkle.NodeID, h merkle.Hash) {
				if id.Level >= tileLevel {
					_ = b.Set(nodeKey(id), h[:], nil)
				}
			}); err != nil {
				return fmt.Errorf("restore ballot log: %w", err)
			}
		}
		putPage(b, p)
		if b, err = r.flush(b); err != nil {
			return err
		}
	}
	return r.commit(b, pebble.NoSync)
}

// batchBytes are written at a time.
const batchBytes = 1 << 20

// flush writes a batch that is large enough and begins another.
func (r *Restore) flush(b *pebble.Batch) (*pebble.Batch, error) {
	if b.Len() < batchBytes {
		return b, nil
	}
	if err := r.commit(b, pebble.NoSync); err != nil {
		return nil, err
	}
	return r.s.db.NewBatch(), nil
}

func (r *Restore) commit(b *pebble.Batch, o *pebble.WriteOptions) error {
	if err := b.Commit(o); err != nil {
		return &Failure{Doing: "write to the store", Err: err}
	}
	return b.Close()
}

// Finish makes the restored state the store's: one synced batch after which it
// stands at the height, and before which it would be emptied when opened. What
// the height's record says is compared with what was restored.
func (r *Restore) Finish(head Height, digest lthash.Hash, elections []ElectionLeaf) (err error) {
	defer asFailure(&err)
	if r.ended {
		return errors.New("restore state: it ended before")
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
	if err := r.commit(b, pebble.Sync); err != nil {
		return err
	}
	r.ended = true
	s.mu.Lock()
	s.restoring, s.head, s.hasHead = false, head, true
	s.mu.Unlock()
	if err := errors.Join(s.loadCommitments(), s.options.FS.RemoveAll(r.dir)); err != nil {
		return fmt.Errorf("restore state: %w", err)
	}
	return nil
}

// Abort empties the store again. After Finish it does nothing.
func (r *Restore) Abort() (err error) {
	defer asFailure(&err)
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.ended {
		return nil
	}
	r.ended, r.s.restoring = true, false
	if r.s.failed != nil {
		return nil
	}
	return errors.Join(r.s.empty(false), r.s.options.FS.RemoveAll(r.dir))
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
