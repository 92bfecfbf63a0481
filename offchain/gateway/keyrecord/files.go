package keyrecord

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urna-vote/urna/internal/wholefile"
)

// Path of a record's JSON in a directory; the text is beside it.
func Path(dir string, election [32]byte, act string) string {
	return filepath.Join(dir, fmt.Sprintf("%x.%s.json", election, act))
}

// TextPath is the text beside the JSON.
func TextPath(path string) string { return path[:len(path)-len(filepath.Ext(path))] + ".txt" }

// Exists says whether a record, or the text of one, is in a directory, readable
// or not.
func Exists(dir string, election [32]byte, act string) (path string, there bool, err error) {
	path = Path(dir, election, act)
	for _, name := range []string{path, TextPath(path)} {
		if _, err := os.Stat(name); err == nil {
			return name, true, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return name, false, fmt.Errorf("look for record of token keys: %w", err)
		}
	}
	return path, false, nil
}

// Write puts a record's JSON and text into a directory, overwriting nothing.
func Write(dir string, r *Record) (path string, err error) {
	path = Path(dir, [32]byte(r.Election), r.Act)
	content, err := r.Encode()
	if err != nil {
		return path, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return path, fmt.Errorf("write record of token keys: %w", err)
	}
	// The JSON first: a text without it would be of no record.
	if err := wholefile.Create(path, content, 0o600); err != nil {
		return path, fmt.Errorf("write record of token keys: %w", err)
	}
	return path, WriteText(path, r)
}

// maxTexts limits how many texts of other records one is put beside.
const maxTexts = 100

// WriteText puts a record's text beside its JSON unless it is there. A text of
// another record may be the paper that people signed: it stays, and this one gets
// a number.
func WriteText(path string, r *Record) error {
	text, err := r.Text()
	if err != nil {
		return err
	}
	name := TextPath(path)
	for n := 2; n <= maxTexts; n++ {
		err = wholefile.Create(name, []byte(text), 0o600)
		if !errors.Is(err, fs.ErrExist) {
			break
		}
		if there, failed := os.ReadFile(name); failed == nil && string(there) == text {
			return nil
		}
		name = fmt.Sprintf("%s.%d.txt", strings.TrimSuffix(TextPath(path), ".txt"), n)
	}
	if err != nil {
		return fmt.Errorf("write text of record of token keys: %w", err)
	}
	return nil
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
