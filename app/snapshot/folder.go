package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Folder keeps snapshots as directories of files. Many goroutines may read;
// one makes snapshots.
type Folder struct {
	fs  vfs.FS
	dir string

	mu   sync.Mutex // guards:
	kept []*Kept
}

// Kept is a whole snapshot in the folder.
type Kept struct {
	Manifest *Manifest
	Encoded  []byte
	// read since the last Prune.
	read atomic.Bool
}

// Names within the folder. What has another name is not whole.
const (
	wholePrefix  = "height-"
	partPrefix   = "partial-"
	manifestFile = "manifest"
	stateFile    = "state-"
	logFile      = "log-"
)

func chunkFile(m *Manifest, index int) string {
	if index < len(m.State) {
		return stateFile + fmt.Sprintf("%06d", index)
	}
	return logFile + fmt.Sprintf("%06d", index-len(m.State))
}

// OpenFolder opens a folder or makes it. What a crash left half-written or
// half-removed is removed, as is a snapshot that is not as it was written.
func OpenFolder(fs vfs.FS, dir string, say func(string)) (*Folder, error) {
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of snapshots: %w", err)
	}
	names, err := fs.List(dir)
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	f := &Folder{fs: fs, dir: dir}
	for _, name := range names {
		kept, err := f.load(name)
		if err == nil {
			f.kept = append(f.kept, kept)
			continue
		}
		if !errors.Is(err, errUnfinished) {
			say(fmt.Sprintf("snapshot %s is removed: %v", name, err))
		}
		if err := fs.RemoveAll(fs.PathJoin(dir, name)); err != nil {
			return nil, fmt.Errorf("remove what is left of snapshot %s: %w", name, err)
		}
	}
	slices.SortFunc(f.kept, func(a, b *Kept) int { return int(b.Manifest.Height - a.Manifest.Height) })
	return f, nil
}

var errUnfinished = errors.New("it was not finished")

// load reads the manifest of a snapshot and sees that all chunks are there.
// Their content is compared when they are handed out.
func (f *Folder) load(name string) (*Kept, error) {
	if len(name) < len(wholePrefix) || name[:len(wholePrefix)] != wholePrefix {
		return nil, errUnfinished
	}
	raw, err := readFile(f.fs, f.fs.PathJoin(f.dir, name, manifestFile))
	if err != nil {
		return nil, err
	}
	// The hash of the manifest follows it.
	n := max(0, len(raw)-32)
	if sum := Hash(raw[:n]); !bytes.Equal(sum[:], raw[n:]) {
		return nil, fmt.Errorf("%w: the file was changed", ErrManifest)
	}
	raw = raw[:n]
	m, err := Decode(raw)
	if err != nil {
		return nil, err
	}
	hash := m.Leaves.AppHash()
	if err := m.Check(m.Height, hash[:]); err != nil || wholePrefix+strconv.FormatInt(m.Height, 10) != name {
		return nil, errors.Join(ErrManifest, err)
	}
	for i := range m.Chunks() {
		if _, err := f.fs.Stat(f.fs.PathJoin(f.dir, name, chunkFile(m, i))); err != nil {
			return nil, err
		}
	}
	return &Kept{Manifest: m, Encoded: raw}, nil
}

func (f *Folder) path(height int64) string {
	return f.fs.PathJoin(f.dir, wholePrefix+strconv.FormatInt(height, 10))
}

// List is the snapshots that are whole, the newest first.
func (f *Folder) List() []*Kept {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.kept)
}

func (f *Folder) find(height int64) *Kept {
	for _, k := range f.List() {
		if k.Manifest.Height == height {
			return k
		}
	}
	return nil
}

// ErrGone: there is no such snapshot or chunk here, or no longer.
var ErrGone = errors.New("snapshot is not kept here")

// Chunk reads a chunk. One that is no longer as it was written is not handed
// out: whoever gets it would take this node for a liar.
func (f *Folder) Chunk(height int64, index int) ([]byte, error) {
	k := f.find(height)
	if k == nil || index < 0 || index >= k.Manifest.Chunks() {
		return nil, fmt.Errorf("chunk %d of height %d: %w", index, height, ErrGone)
	}
	k.read.Store(true)
	m := k.Manifest
	chunk, err := readFile(f.fs, f.fs.PathJoin(f.path(height), chunkFile(m, index)))
	if err != nil {
		return nil, fmt.Errorf("chunk %d of height %d: %w: %w", index, height, ErrGone, err)
	}
	if index < len(m.State) {
		if Hash(chunk) != m.State[index].Sum {
			err = fmt.Errorf("%w: the file was changed", ErrTransfer)
		}
	} else {
		_, err = m.checkLog(index-len(m.State), chunk, alone)
	}
	if err != nil {
		return nil, fmt.Errorf("chunk %d of height %d: %w", index, height, err)
	}
	return chunk, nil
}

// alone does all the work itself.
func alone(n int, part func(from, to int)) { part(0, n) }

// Prune keeps the newest snapshots, and as many older ones if somebody has read
// them since the last time: a slow node that joins should get all chunks.
func (f *Folder) Prune(keep int) error {
	f.mu.Lock()
	var left, old []*Kept
	for i, k := range f.kept {
		if read := k.read.Swap(false); i < keep || read && len(left) < 2*keep {
			left = append(left, k)
		} else {
			old = append(old, k)
		}
	}
	f.kept = left
	f.mu.Unlock()
	for _, k := range old {
		// Under another name first: a crash leaves nothing that looks whole.
		gone := f.fs.PathJoin(f.dir, partPrefix+strconv.FormatInt(k.Manifest.Height, 10))
		if err := f.fs.Rename(f.path(k.Manifest.Height), gone); err != nil {
			return fmt.Errorf("remove old snapshot: %w", err)
		}
		if err := f.fs.RemoveAll(gone); err != nil {
			return fmt.Errorf("remove old snapshot: %w", err)
		}
	}
	return nil
}

func (f *Folder) add(k *Kept) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept = append([]*Kept{k}, f.kept...)
}

func readFile(fs vfs.FS, name string) ([]byte, error) {
	file, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(file, max(MaxChunk, MaxManifest)+1))
	return b, errors.Join(err, file.Close())
}

// writeFile writes a file and syncs it.
func writeFile(fs vfs.FS, name string, content []byte) error {
	file, err := fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
