package wholefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Partial begins the name of a file that a crash left unfinished.
const Partial = ".partial-"

// private is the mode that os.CreateTemp gives. It is not set again: file systems
// of removable media refuse that.
const private = 0o600

// Create writes a new file. It fails with fs.ErrExist if the name is taken.
func Create(path string, content []byte, mode fs.FileMode) error {
	// A link fails where a rename would replace.
	return write(path, content, mode, os.Link)
}

// Replace puts a file in the place of another, if there is one, or leaves that.
func Replace(path string, content []byte, mode fs.FileMode) error {
	return write(path, content, mode, os.Rename)
}

func write(path string, content []byte, mode fs.FileMode, place func(from, to string) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), Partial+"*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // a rename has taken it away
	_, err = f.Write(content)
	if err == nil && mode != private {
		err = f.Chmod(mode)
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = place(f.Name(), path)
	if link := (*os.LinkError)(nil); errors.As(err, &link) {
		err = link.Err // the other name says nothing to people
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return SyncNames(filepath.Dir(path))
}

// SyncNames makes it last that names in a directory came or went.
func SyncNames(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync directory %s: %w", dir, err)
	}
	return nil
}
