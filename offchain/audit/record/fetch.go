package record

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/proto/api"
)

// Source gives what a record is made of; offchain/client is one.
type Source interface {
	Status(ctx context.Context) (*api.Status, error)
	// Blocks of heights from..to, or the first of them. It is asked for several
	// ranges at once.
	Blocks(ctx context.Context, from, to int64) ([][]byte, error)
	CommitAt(ctx context.Context, height int64) ([]byte, error)
	Elections(ctx context.Context) ([]api.Election, error)
	// ProvenRaw is an election's summary, checked and as it came.
	ProvenRaw(ctx context.Context, election [32]byte, objects ...string) (*chain.Proven, *api.Proven, error)
}

// Request says what to fetch.
type Request struct {
	Source  Source
	Genesis []byte
	Dir     string
	// Until is a height that the record must reach at least; 0 is what the
	// node has. It always reaches past the summaries that the node can prove.
	Until int64
	// Progress is told the height reached and the last one; may be nil.
	Progress func(height, last int64)
}

// Fetch makes a record, or continues the one in the directory. Blocks are
// linked to each other, and each to a commit of the genesis' validators, while
// they come, so that a node of another chain, or a liar, is found at once, and
// nobody can fill the disk with blocks of his own making; whether they keep the
// rules is for the verifier.
func Fetch(ctx context.Context, q Request) (*Record, error) {
	trust, err := chain.ParseTrust(q.Genesis)
	if err != nil {
		return nil, fmt.Errorf("fetch record: %w", err)
	}
	f := &fetcher{Request: q, trust: trust}
	if err := f.resume(); err != nil {
		return nil, fmt.Errorf("fetch record: %w", err)
	}
	last, err := f.summaries(ctx)
	if err != nil {
		return nil, fmt.Errorf("fetch record: %w", err)
	}
	if err := f.blocks(ctx, last); err != nil {
		return nil, fmt.Errorf("fetch record: %w", err)
	}
	if err := f.finish(ctx); err != nil {
		return nil, fmt.Errorf("fetch record: %w", err)
	}
	return Open(q.Dir)
}

type fetcher struct {
	Request
	trust    *chain.Trust
	manifest *Manifest
	// chunk is the last, growing file of blocks.
	chunk      []byte
	chunkFirst int64
	next       int64
	// last is the header before next, nil at the beginning.
	last  *chain.Header
	heads []Summary
}

// resume takes over what is complete in the directory.
func (f *fetcher) resume() error {
	g := f.trust.Genesis()
	f.next, f.chunkFirst = g.InitialHeight, g.InitialHeight
	f.manifest = &Manifest{Format: Format, ChainID: g.ChainID, First: g.InitialHeight}
	old, err := readFetching(f.Dir)
	complete := errors.Is(err, fs.ErrNotExist)
	if complete {
		old, err = readManifest(f.Dir)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: use another directory, or delete this one", err)
	}
	if old.ChainID != g.ChainID {
		return fmt.Errorf("directory holds the record of chain %q, the genesis is of %q: use another directory", old.ChainID, g.ChainID)
	}
	// Files were linked when they came; the last good one is read, to go on.
	var good []File
	for _, file := range old.under(blocksDir) {
		first, ok := chunkFirst(file.Name)
		if !ok || (len(good) == 0 && first != g.InitialHeight) {
			break
		}
		in, err := openChecked(f.Dir, file)
		if err != nil {
			break // fetched again from here
		}
		_ = in.Close() // only read
		good = append(good, file)
	}
	for i, file := range good {
		if i+1 < len(good) {
			f.manifest.put(file)
			continue
		}
		f.next, _ = chunkFirst(file.Name)
		b, err := readFile(f.Dir, file)
		if err != nil {
			return err
		}
		return f.takeOver(file, b, complete)
	}
	return nil
}

// takeOver continues after an existing chunk. Of an incomplete record the last
// block is fetched again: no commit of it was seen, and whoever gave it may have
// made it up.
func (f *fetcher) takeOver(file File, b []byte, complete bool) error {
	f.chunk, f.chunkFirst = b, f.next
	for rest := b; len(rest) > 0; {
		raw, more, err := cut(rest)
		if err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
		if len(more) == 0 && !complete {
			f.chunk = b[:len(b)-len(rest)]
			break
		}
		rest = more
		block, err := chain.DecodeBlock(raw)
		if err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
		if err := f.link(block); err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
	}
	f.manifest.put(file)
	if f.full() {
		f.chunk, f.chunkFirst = nil, f.next
	}
	return nil
}

func (f *fetcher) full() bool {
	return f.next-f.chunkFirst >= maxChunkBlock || len(f.chunk) >= maxChunkBytes
}

// link checks that a block follows the one before.
func (f *fetcher) link(b *chain.Block) error {
	h := &b.Header
	if h.ChainID != f.manifest.ChainID || h.Height != f.next {
		return fmt.Errorf("block %d of chain %q came for block %d of %q", h.Height, h.ChainID, f.next, f.manifest.ChainID)
	}
	if f.last != nil {
		want, err := chain.HeaderHash(f.last)
		if err != nil {
			return err
		}
		if !bytes.Equal(h.LastBlockId.Hash, want[:]) {
			return fmt.Errorf("block %d follows %x, the block before it is %x", h.Height, h.LastBlockId.Hash, want)
		}
		if b.LastCommit == nil {
			return fmt.Errorf("block %d has no commit of the block before it", h.Height)
		}
		if _, err := f.trust.VerifyHeader(f.last, b.LastCommit); err != nil {
			return err
		}
	}
	if want := chain.DataHash(b.Data.Txs); !bytes.Equal(h.DataHash, want[:]) {
		return fmt.Errorf("block %d: its transactions hash to %x, its header says %x", h.Height, want, h.DataHash)
	}
	f.last = h
	f.next++
	return nil
}

// summaries fetches the elections' summaries and says how far blocks must go.
func (f *fetcher) summaries(ctx context.Context) (last int64, err error) {
	f.heads, last, err = summaries(ctx, f.Source, f.manifest.ChainID, f.Until)
	return max(last, f.next-1), err
}

// blocks fetches the missing blocks up to last.
func (f *fetcher) blocks(ctx context.Context, last int64) error {
	for raw, err := range ahead(ctx, f.Source, f.next, last) {
		if err != nil {
			return err
		}
		block, err := chain.DecodeBlock(raw)
		if err != nil {
			return fmt.Errorf("block %d: %w", f.next, err)
		}
		if err := f.link(block); err != nil {
			return err
		}
		f.chunk = binary.AppendUvarint(f.chunk, uint64(len(raw)))
		f.chunk = append(f.chunk, raw...)
		if f.full() {
			if err := f.flush(); err != nil {
				return err
			}
			f.chunk, f.chunkFirst = f.chunk[:0], f.next
		}
		if f.Progress != nil {
			f.Progress(f.next-1, last)
		}
	}
	return f.flush()
}

// flush writes the growing chunk.
func (f *fetcher) flush() error {
	if len(f.chunk) == 0 {
		return nil
	}
	name := chunkName(f.chunkFirst)
	if now, ok := f.manifest.find(name); ok && now.Size == int64(len(f.chunk)) {
		return nil // taken over and not grown
	}
	f.manifest.put(fileOf(name, f.chunk))
	if err := writeFile(f.Dir, name, f.chunk); err != nil {
		return err
	}
	return f.write(fetchingName)
}

// write writes the list of files.
func (f *fetcher) write(name string) error {
	b, err := json.MarshalIndent(f.manifest, "", " ")
	if err != nil {
		return fmt.Errorf("encode manifest: %w", err)
	}
	return writeFile(f.Dir, name, append(b, '\n'))
}

// finish checks the last block's commit and writes the small files and the
// manifest.
func (f *fetcher) finish(ctx context.Context) error {
	if f.last == nil {
		return errors.New("the chain has no blocks yet")
	}
	commit, err := f.Source.CommitAt(ctx, f.next-1)
	if err != nil {
		return err
	}
	c, err := chain.DecodeCommit(commit)
	if err != nil {
		return err
	}
	if _, err := f.trust.VerifyHeader(f.last, c); err != nil {
		return err
	}
	f.manifest.Last = f.next - 1
	f.manifest.Elections = len(f.heads)
	files := map[string][]byte{genesisName: f.Genesis, commitName: commit}
	for _, s := range f.heads {
		b, err := json.MarshalIndent(s.Proven, "", " ")
		if err != nil {
			return fmt.Errorf("encode summary of %x: %w", s.Election, err)
		}
		files[electionName(s.Election[:])] = append(b, '\n')
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f.manifest.put(fileOf(name, files[name]))
		if err := writeFile(f.Dir, name, files[name]); err != nil {
			return err
		}
	}
	if err := f.write(manifestName); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(f.Dir, fetchingName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write record: %w", err)
	}
	return nil
}
