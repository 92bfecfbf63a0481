package app

import (
	"fmt"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"
	abci "github.com/cometbft/cometbft/abci/types"
)

// keepEvidence writes a block as the engine handed it over (the protobuf
// message tendermint.abci.RequestFinalizeBlock: transactions, hash, time and
// the commit of the block before) to evidence-<height>.bin, whole or not at all.
func (a *App) keepEvidence(req *abci.RequestFinalizeBlock) (string, error) {
	b, err := req.Marshal()
	if err != nil {
		return "", fmt.Errorf("encode block: %w", err)
	}
	name := fmt.Sprintf("evidence-%d.bin", req.Height)
	path := filepath.Join(a.dir, name)
	if err := writeWhole(a.fs, a.dir, name, b); err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return path, nil
}

// writeWhole writes a file under another name, syncs it, renames it and syncs
// the directory: after a crash there is the whole file or none.
func writeWhole(fs vfs.FS, dir, name string, b []byte) error {
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	part := fs.PathJoin(dir, name+".part")
	f, err := fs.Create(part, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if err := fs.Rename(part, fs.PathJoin(dir, name)); err != nil {
		return err
	}
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}
