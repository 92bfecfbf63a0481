package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urna-vote/urna/internal/wholefile"
	"github.com/urna-vote/urna/proto/api"
)

// Format names this version of the record.
const Format = "urna-record-1"

const (
	manifestName  = "manifest.json"
	fetchingName  = "fetching.json"
	genesisName   = "genesis.json"
	commitName    = "head.commit"
	blocksDir     = "blocks"
	electionsDir  = "elections"
	blocksSuffix  = ".blocks"
	maxManifest   = 64 << 20
	maxChunkBlock = 1000
	maxChunkBytes = 16 << 20
)

// ErrDamaged: a file of the record is not what the manifest says.
var ErrDamaged = errors.New("record is damaged")

// Manifest lists the files of a record.
type Manifest struct {
	Format    string `json:"format"`
	ChainID   string `json:"chain_id"`
	First     int64  `json:"first"`
	Last      int64  `json:"last"`
	Elections int    `json:"elections"`
	Files     []File `json:"files"`
}

// File of a record.
type File struct {
	Name   string  `json:"name"`
	Size   int64   `json:"size"`
	SHA256 api.Hex `json:"sha256"`
}

func fileOf(name string, b []byte) File {
	sum := sha256.Sum256(b)
	return File{Name: name, Size: int64(len(b)), SHA256: sum[:]}
}

func chunkName(first int64) string { return fmt.Sprintf("%s/%010d%s", blocksDir, first, blocksSuffix) }

// chunkFirst is the height in a block file's name.
func chunkFirst(name string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimSuffix(path.Base(name), blocksSuffix), 10, 64)
	return n, err == nil && chunkName(n) == name
}

func electionName(id []byte) string { return electionsDir + "/" + hex.EncodeToString(id) + ".json" }

// put replaces or adds a file.
func (m *Manifest) put(f File) {
	i, found := slices.BinarySearchFunc(m.Files, f.Name, byName)
	if found {
		m.Files[i] = f
		return
	}
	m.Files = slices.Insert(m.Files, i, f)
}

func (m *Manifest) find(name string) (File, bool) {
	i, found := slices.BinarySearchFunc(m.Files, name, byName)
	if !found {
		return File{}, false
	}
	return m.Files[i], true
}

func byName(f File, name string) int { return strings.Compare(f.Name, name) }

// under lists the files of a directory of the record.
func (m *Manifest) under(dir string) []File {
	var out []File
	for _, f := range m.Files {
		if path.Dir(f.Name) == dir {
			out = append(out, f)
		}
	}
	return out
}

// readManifest reads the manifest; fs.ErrNotExist if there is none.
func readManifest(dir string) (*Manifest, error) {
	f, err := os.Open(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open record: %s has no %s, so it holds no finished record; fetch it again: %w", dir, manifestName, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("open record: %w", err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", manifestName, err)
	}
	m := new(Manifest)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("read %s: %w: %w", manifestName, ErrDamaged, err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("read %s: %w: %w", manifestName, ErrDamaged, err)
	}
	return m, nil
}

// readFetching reads what a fetch that was stopped has noted: a list of the
// block files that it had written. fs.ErrNotExist if there is none. Nothing is
// believed of it that the files do not show.
func readFetching(dir string) (*Manifest, error) {
	b, err := os.ReadFile(filepath.Join(dir, fetchingName))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", fetchingName, err)
	}
	m := new(Manifest)
	if err := json.Unmarshal(b, m); err != nil || m.Format != Format {
		return nil, fmt.Errorf("read %s: %w", fetchingName, ErrDamaged)
	}
	return m, nil
}

func (m *Manifest) check() error {
	switch {
	case m.Format != Format:
		return fmt.Errorf("format is %q, want %q", m.Format, Format)
	case m.First < 1 || m.Last < m.First:
		return fmt.Errorf("heights %d to %d hold nothing", m.First, m.Last)
	}
	for i, f := range m.Files {
		if i > 0 && m.Files[i-1].Name >= f.Name {
			return fmt.Errorf("file %q does not ascend", f.Name)
		}
		if path.Clean(f.Name) != f.Name || path.IsAbs(f.Name) || strings.HasPrefix(f.Name, "..") || strings.Contains(f.Name, "\\") {
			return fmt.Errorf("file %q is not within the record", f.Name)
		}
		if len(f.SHA256) != sha256.Size || f.Size < 1 {
			return fmt.Errorf("file %q has no hash or no bytes", f.Name)
		}
	}
	for _, name := range []string{genesisName, commitName} {
		if _, ok := m.find(name); !ok {
			return fmt.Errorf("%s is not listed", name)
		}
	}
	if n := len(m.under(electionsDir)); n != m.Elections {
		return fmt.Errorf("%d elections are listed, %d announced", n, m.Elections)
	}
	if len(m.under(blocksDir)) == 0 {
		return errors.New("no blocks are listed")
	}
	return nil
}

// openChecked opens a listed file and checks it against its line, in little
// memory.
func openChecked(dir string, f File) (*os.File, error) {
	in, err := os.Open(filepath.Join(dir, filepath.FromSlash(f.Name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: the file is missing", f.Name, ErrDamaged)
	}
	if err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	sum := sha256.New()
	n, err := io.Copy(sum, in)
	if err == nil {
		_, err = in.Seek(0, io.SeekStart)
	}
	switch got := sum.Sum(nil); {
	case err != nil:
		err = fmt.Errorf("read record: %w", err)
	case n != f.Size:
		err = fmt.Errorf("%s: %w: %d bytes, the manifest says %d", f.Name, ErrDamaged, n, f.Size)
	case !bytes.Equal(got, f.SHA256):
		err = fmt.Errorf("%s: %w: its hash is %x, the manifest says %s", f.Name, ErrDamaged, got, f.SHA256)
	}
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return in, nil
}

// readFile reads a listed file and checks it against its line.
func readFile(dir string, f File) ([]byte, error) {
	in, err := openChecked(dir, f)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	b := make([]byte, f.Size)
	if _, err := io.ReadFull(in, b); err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	return b, nil
}

// writeFile puts bytes in place whole or not at all.
func writeFile(dir, name string, b []byte) error {
	to := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	if err := wholefile.Replace(to, b, 0o644); err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	return nil
}

// SHA256 of bytes, as the manifest and the summaries have it.
func SHA256(b []byte) [32]byte { return sha256.Sum256(b) }
