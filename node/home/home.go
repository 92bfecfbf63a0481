package home

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/urna-vote/urna/internal/wholefile"
)

// Dir is a node's home directory.
type Dir string

func (d Dir) join(parts ...string) string {
	return filepath.Join(append([]string{string(d)}, parts...)...)
}

// Config is the file of settings.
func (d Dir) Config() string { return d.join("urnad.toml") }

// Genesis is the chain's file.
func (d Dir) Genesis() string { return d.join("genesis.json") }

// ValidatorKey is the file of the consensus key.
func (d Dir) ValidatorKey() string { return d.join("keys", "validator_key.json") }

// NodeKey is the file of the node's identity.
func (d Dir) NodeKey() string { return d.join("keys", "node_key.json") }

// AckKey is the file of the key of acknowledgements.
func (d Dir) AckKey() string { return d.join("keys", "ack_key.json") }

// Data is the directory of everything that grows.
func (d Dir) Data() string { return d.join("data") }

// AppData is the application's directory.
func (d Dir) AppData() string { return d.join("data", "app") }

// ValidatorState is the file of what the consensus key signed last.
func (d Dir) ValidatorState() string { return d.join("data", "validator_state.json") }

func (d Dir) chain() string { return d.join("data", "chain") }

// ErrInUse: another process runs this node.
var ErrInUse = errors.New("another process holds the lock")

// Lock keeps other processes out until the returned function is called, or
// this process ends in whatever way.
func (d Dir) Lock() (unlock func() error, err error) {
	f, err := os.OpenFile(d.join("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", d, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w: stop that node first", d, ErrInUse)
		}
		return nil, fmt.Errorf("lock %s: %w", d, err)
	}
	return f.Close, nil
}

// ErrOtherChain: the data directory belongs to another chain.
var ErrOtherChain = errors.New("data of another chain")

// BindChain notes in the data directory whose data it holds, or refuses if
// they are another chain's.
func (d Dir) BindChain(id string) error {
	if err := os.MkdirAll(d.Data(), 0o700); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	raw, err := os.ReadFile(d.chain())
	if errors.Is(err, fs.ErrNotExist) {
		return wholefile.Replace(d.chain(), []byte(id+"\n"), 0o644)
	}
	if err != nil {
		return fmt.Errorf("read chain of data: %w", err)
	}
	if was := strings.TrimSpace(string(raw)); was != id {
		return fmt.Errorf("%s holds %w: it was made for %q, the genesis is that of %q; give the node another home or the genesis of its data", d.Data(), ErrOtherChain, was, id)
	}
	return nil
}

// ErrDiskFull: the stores could not be opened and closed in good order.
var ErrDiskFull = errors.New("the disk is nearly full")

// CheckRoom refuses a data directory whose disk has fewer free bytes than
// needed: a store that replays its log on a full disk tries again for ever
// instead of failing.
func (d Dir) CheckRoom(needed uint64) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(d.Data(), &disk); err != nil {
		return fmt.Errorf("ask for room in %s: %w", d.Data(), err)
	}
	if free := uint64(disk.Bavail) * uint64(disk.Bsize); free < needed {
		return fmt.Errorf("open %s: %w: %d MB are free, a start needs %d MB", d.Data(), ErrDiskFull, free>>20, needed>>20)
	}
	return nil
}

// Build makes the directory dir whole or not at all: fill fills a directory
// beside it, which is then renamed. If ctx ends meanwhile, nothing remains.
// An existing dir must be empty.
func Build(ctx context.Context, dir string, fill func(partial string) error) (err error) {
	dir = filepath.Clean(dir)
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("make %s: it exists and is not empty; name another directory", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	partial, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".partial-")
	if err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(partial))
		}
	}()
	if err := fill(partial); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("make %s: interrupted, nothing is left: %w", dir, err)
	}
	if err := os.Chmod(partial, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	// An empty directory makes way; a full one is never removed.
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	if err := os.Rename(partial, dir); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	return wholefile.SyncNames(parent)
}
