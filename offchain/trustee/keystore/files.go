package keystore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urna-vote/urna/internal/wholefile"
)

// maxFile bounds what is read from the medium: the largest is a deal.
const maxFile = 4 << 20

// readOwn reads a file that only its owner may read.
func readOwn(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read medium: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read medium: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s is longer than %d bytes: it is no file of this program", path, maxFile)
	}
	return b, nil
}

// decodeStrict reads one JSON object; it never repeats what it read.
func decodeStrict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if d.Decode(v) != nil {
		return errors.New("truncated, damaged, or not a file of this program")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("damaged: it goes on after its end")
	}
	return nil
}

// KeepFirst stores content under a name unless something is stored there
// already, and returns what is stored: the same content, or what came first.
func (h *Home) KeepFirst(name string, content []byte) ([]byte, error) {
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return nil, fmt.Errorf("keep %q: not a plain file name", name)
	}
	path := filepath.Join(h.dir, name)
	err := wholefile.Create(path, content, 0o600)
	if err == nil {
		return bytes.Clone(content), nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return readOwn(path)
}

// Kept returns what KeepFirst stored under a name; fs.ErrNotExist if nothing.
func (h *Home) Kept(name string) ([]byte, error) {
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return nil, fmt.Errorf("read %q: not a plain file name", name)
	}
	return readOwn(filepath.Join(h.dir, name))
}
