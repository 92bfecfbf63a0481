package keyrecord

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	for _, f := range []struct {
		path    string
		content []byte
		replace bool
	}{{TextPath(path), []byte(text), true}, {path, content, false}} {
		if err := writeWhole(f.path, f.content, f.replace); err != nil {
			return path, fmt.Errorf("write record of token keys: %w", err)
		}
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

// writeWhole writes a file so that the whole is there or nothing.
func writeWhole(path string, content []byte, replace bool) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".record-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if replace {
		return os.Rename(f.Name(), path)
	}
	err = os.Link(f.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: %w", path, fs.ErrExist)
	}
	return err
}
