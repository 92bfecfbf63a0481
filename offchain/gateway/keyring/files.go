package keyring

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/urna-vote/urna/internal/wholefile"
)

// Suffix of key files.
const Suffix = ".age"

// Files keeps token keys in a directory: one encrypted file for each election.
type Files struct {
	dir  string
	lock func() (*Lock, error)
}

var _ Keeper = (*Files)(nil)

// NewFiles keeps keys in a directory, which is made when it is needed. The lock
// is asked for when a file is written or opened.
func NewFiles(dir string, lock func() (*Lock, error)) *Files { return &Files{dir: dir, lock: lock} }

// Path is the file of an election.
func (f *Files) Path(election [32]byte) string {
	return filepath.Join(f.dir, fmt.Sprintf("%x%s", election, Suffix))
}

// Make implements Keeper. A file is written as a whole: what is there is complete.
func (f *Files) Make(ctx context.Context, election [32]byte, slots []Slot, bits int, progress func(done int)) (*Ring, error) {
	path := f.Path(election)
	if _, err := os.Stat(path); err == nil {
		return nil, fmt.Errorf("%s: %w", path, ErrExists)
	}
	lock, err := f.lock()
	if err != nil {
		return nil, err
	}
	ring, err := Make(ctx, slots, bits, runtime.GOMAXPROCS(0), progress)
	if err != nil {
		return nil, err
	}
	sealed, err := ring.Seal(lock)
	if err != nil {
		return nil, err
	}
	return ring, writeNew(path, sealed)
}

// Load implements Keeper.
func (f *Files) Load(election [32]byte) (*Ring, error) {
	path := f.Path(election)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", path, ErrNone)
	}
	lock, err := f.lock()
	if err != nil {
		return nil, err
	}
	return openFile(path, lock)
}

// All implements Keeper.
func (f *Files) All() (*Ring, error) {
	names, err := filepath.Glob(filepath.Join(f.dir, "*"+Suffix))
	if err != nil {
		return nil, fmt.Errorf("find token keys: %w", err)
	}
	if len(names) == 0 {
		return Join()
	}
	lock, err := f.lock()
	if err != nil {
		return nil, err
	}
	var rings []*Ring
	for _, name := range names {
		ring, err := openFile(name, lock)
		if err != nil {
			return nil, err
		}
		rings = append(rings, ring)
	}
	return Join(rings...)
}

// Place implements Keeper.
func (f *Files) Place(election [32]byte) (Place, error) {
	path := f.Path(election)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Place{}, fmt.Errorf("%s: %w", path, ErrNone)
	}
	if err != nil {
		return Place{}, fmt.Errorf("read token keys: %w", err)
	}
	sum := sha256.Sum256(content)
	return Place{Kind: "file", Where: path, SHA256: sum[:]}, nil
}

// Destroy implements Keeper. The file gets another name first, so that what a
// crash leaves half overwritten is not taken for keys.
func (f *Files) Destroy(election [32]byte) error {
	path := f.Path(election)
	doomed := path + ".destroyed"
	err := os.Rename(path, doomed)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("destroy token keys: %w", err)
	}
	file, err := os.OpenFile(doomed, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, ErrNone)
	}
	if err != nil {
		return fmt.Errorf("destroy token keys: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("destroy token keys: %w", err), file.Close())
	}
	_, err = io.CopyN(file, rand.Reader, info.Size())
	if err := errors.Join(err, file.Sync(), file.Truncate(0), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("destroy token keys: overwrite %s: %w", doomed, err)
	}
	if err := os.Remove(doomed); err != nil {
		return fmt.Errorf("destroy token keys: %w", err)
	}
	if err := wholefile.SyncNames(f.dir); err != nil {
		return fmt.Errorf("destroy token keys: %w", err)
	}
	return nil
}

// Close implements Keeper.
func (f *Files) Close() error { return nil }

func openFile(name string, lock *Lock) (*Ring, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read token keys: %w", err)
	}
	ring, err := Open(content, lock)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return ring, nil
}

// writeNew writes a file that must not exist.
func writeNew(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write token keys: %w", err)
	}
	err := wholefile.Create(path, content, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w", path, ErrExists)
	}
	if err != nil {
		return fmt.Errorf("write token keys: %w", err)
	}
	return nil
}
