package record

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/urna-vote/urna/internal/wholefile"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/proto/api"
)

// Record is an opened record. It is not changed by reading and safe for
// concurrent use.
type Record struct {
	dir      string
	manifest *Manifest
	genesis  []byte
	commit   []byte
	heads    []Summary
}

// Summary is an election's proven summary as a node gave it.
type Summary struct {
	Election [32]byte
	Proven   *api.Proven
}

// Open reads the manifest and the small files, and looks that every block file
// is there with its size. Blocks are checked against their hashes when they
// are read.
func Open(dir string) (*Record, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	r := &Record{dir: dir, manifest: m}
	if r.genesis, err = r.read(genesisName); err != nil {
		return nil, err
	}
	// A genesis that cannot be read is the verifier's to judge.
	if g, err := chain.ParseGenesis(r.genesis); err == nil && g.ChainID != m.ChainID {
		return nil, fmt.Errorf("%s: %w: it names chain %q, the genesis is of %q", manifestName, ErrDamaged, m.ChainID, g.ChainID)
	}
	if r.commit, err = r.read(commitName); err != nil {
		return nil, err
	}
	if err := r.checkListing(blocksDir, blocksSuffix); err != nil {
		return nil, err
	}
	if err := r.checkListing(electionsDir, ".json"); err != nil {
		return nil, err
	}
	for _, f := range m.under(electionsDir) {
		s, err := r.readSummary(f)
		if err != nil {
			return nil, err
		}
		r.heads = append(r.heads, s)
	}
	return r, nil
}

func (r *Record) read(name string) ([]byte, error) {
	f, ok := r.manifest.find(name)
	if !ok {
		return nil, fmt.Errorf("%s: %w: not listed in the manifest", name, ErrDamaged)
	}
	return readFile(r.dir, f)
}

func (r *Record) readSummary(f File) (Summary, error) {
	b, err := readFile(r.dir, f)
	if err != nil {
		return Summary{}, err
	}
	id, err := hex.DecodeString(strings.TrimSuffix(path.Base(f.Name), ".json"))
	if err != nil || len(id) != 32 {
		return Summary{}, fmt.Errorf("%s: %w: the name is not an election's", f.Name, ErrDamaged)
	}
	s := Summary{Election: [32]byte(id), Proven: new(api.Proven)}
	if err := json.Unmarshal(b, s.Proven); err != nil {
		return Summary{}, fmt.Errorf("%s: %w: %w", f.Name, ErrDamaged, err)
	}
	return s, nil
}

// checkListing refuses files that the manifest does not name, and misses those
// it does.
func (r *Record) checkListing(dir, suffix string) error {
	listed := map[string]int64{}
	for _, f := range r.manifest.under(dir) {
		if !strings.HasSuffix(f.Name, suffix) {
			return fmt.Errorf("%s: %w: not a %s file", f.Name, ErrDamaged, suffix)
		}
		listed[path.Base(f.Name)] = f.Size
	}
	entries, err := os.ReadDir(filepath.Join(r.dir, dir))
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("open record: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), wholefile.Partial) {
			continue // left by a crash while writing
		}
		size, ok := listed[e.Name()]
		if !ok {
			return fmt.Errorf("%s/%s: %w: not in the manifest", dir, e.Name(), ErrDamaged)
		}
		info, err := e.Info()
		if err != nil {
			return fmt.Errorf("open record: %w", err)
		}
		if info.Size() != size {
			return fmt.Errorf("%s/%s: %w: %d bytes, the manifest says %d", dir, e.Name(), ErrDamaged, info.Size(), size)
		}
		delete(listed, e.Name())
	}
	for name := range listed {
		return fmt.Errorf("%s/%s: %w: the file is missing", dir, name, ErrDamaged)
	}
	return nil
}

// Dir of the record.
func (r *Record) Dir() string { return r.dir }

// ChainID of the manifest, which is the genesis'.
func (r *Record) ChainID() string { return r.manifest.ChainID }

// First and Last are the heights of the first and last block.
func (r *Record) First() int64 { return r.manifest.First }

// Last is the height of the last block.
func (r *Record) Last() int64 { return r.manifest.Last }

// Genesis file.
func (r *Record) Genesis() []byte { return r.genesis }

// Commit is tendermint.types.Commit for the last block.
func (r *Record) Commit() []byte { return r.commit }

// Summaries of the elections, by id.
func (r *Record) Summaries() []Summary { return r.heads }

// Bytes of all block files.
func (r *Record) Bytes() int64 {
	var n int64
	for _, f := range r.manifest.under(blocksDir) {
		n += f.Size
	}
	return n
}

// Blocks streams all blocks in order.
func (r *Record) Blocks() iter.Seq2[*chain.Block, error] {
	return r.BlocksFrom(context.Background(), r.manifest.First)
}

// BlocksFrom streams the blocks from a height on, in order. Each file is hashed
// before its first block is given, and little of it is in memory at a time. It
// ends with an error at the first file that is not what the manifest says, and
// if blocks are missing; files wholly below the height are not looked at.
func (r *Record) BlocksFrom(ctx context.Context, height int64) iter.Seq2[*chain.Block, error] {
	return func(yield func(*chain.Block, error) bool) {
		next := r.manifest.First
		files := r.manifest.under(blocksDir)
		for i, f := range files {
			if i+1 < len(files) && files[i+1].Name <= chunkName(height) {
				if first, ok := chunkFirst(files[i+1].Name); ok {
					next = first
					continue
				}
			}
			ok, err := r.chunk(ctx, f, height, &next, yield)
			if err != nil {
				yield(nil, err)
				return
			}
			if !ok {
				return
			}
		}
		if next != r.manifest.Last+1 {
			yield(nil, fmt.Errorf("%s: %w: blocks end at height %d, the manifest says %d", blocksDir, ErrDamaged, next-1, r.manifest.Last))
		}
	}
}

// chunk streams the blocks of one file; false if the reader has enough.
func (r *Record) chunk(ctx context.Context, f File, height int64, next *int64, yield func(*chain.Block, error) bool) (bool, error) {
	if want := chunkName(*next); f.Name != want {
		return false, fmt.Errorf("%s: %w: expected %s", f.Name, ErrDamaged, want)
	}
	in, err := openChecked(r.dir, f)
	if err != nil {
		return false, err
	}
	defer func() { _ = in.Close() }()
	for rest := bufio.NewReaderSize(in, 1<<20); ; {
		if err := ctx.Err(); err != nil {
			return false, context.Cause(ctx)
		}
		raw, err := readMessage(rest, f.Size)
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("%s: block %d: %w: %w", f.Name, *next, ErrDamaged, err)
		}
		*next++
		if *next <= height {
			continue
		}
		block, err := chain.DecodeBlock(raw)
		if err != nil {
			return false, fmt.Errorf("%s: block %d: %w: %w", f.Name, *next-1, ErrDamaged, err)
		}
		if block.Header.Height != *next-1 {
			return false, fmt.Errorf("%s: %w: block of height %d, want %d", f.Name, ErrDamaged, block.Header.Height, *next-1)
		}
		if !yield(block, nil) {
			return false, nil
		}
	}
}

// readMessage reads a message with its length before it; io.EOF at the end.
func readMessage(r *bufio.Reader, most int64) ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil || n == 0 || n > uint64(most) {
		return nil, errors.New("its length is cut off or wrong")
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("it is cut off: %w", io.ErrUnexpectedEOF)
	}
	return b, nil
}

// cut takes the first length-prefixed message off.
func cut(b []byte) (msg, rest []byte, err error) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n == 0 || n > uint64(len(b)-k) {
		return nil, nil, fmt.Errorf("cut off or empty, %d bytes left", len(b))
	}
	return b[k : k+int(n)], b[k+int(n):], nil
}
