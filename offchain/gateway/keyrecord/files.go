package keyrecord

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/urna-vote/urna/internal/wholefile"
)

// Path of a record's JSON in a directory; the text is beside it.
func Path(dir string, election [32]byte, act string) string {
	return filepath.Join(dir, fmt.Sprintf("%x.%s.json", election, act))
}

// TextPath is the text beside the JSON.
func TextPath(path string) string { return path[:len(path)-len(filepath.Ext(path))] + ".txt" }

// Write puts a record's JSON and text into a directory, overwriting nothing.
func Write(dir string, r *Record) (path string, err error) {
	path = Path(dir, [32]byte(r.Election), r.Act)
	content, err := r.Encode()
	if err != nil {
		return path, err
	}
	text, err := r.Text()
	if err != nil {
		return path, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return path, fmt.Errorf("write record of token keys: %w", err)
	}
	// The text first: where the JSON is, both are.
	err = wholefile.Replace(TextPath(path), []byte(text), 0o600)
	if err == nil {
		err = wholefile.Create(path, content, 0o600)
	}
	if err != nil {
		return path, fmt.Errorf("write record of token keys: %w", err)
	}
	return path, nil
}

// Read reads a record of a directory; fs.ErrNotExist if it is not there.
func Read(dir string, election [32]byte, act string) (*Record, error) {
	return ReadFile(Path(dir, election, act))
}

// ReadFile reads a record's JSON.
func ReadFile(path string) (*Record, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read record of token keys: %w", err)
	}
	r, err := Parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}
