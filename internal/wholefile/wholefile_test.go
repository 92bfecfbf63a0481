package wholefile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/urna-vote/urna/internal/wholefile"
)

func holds(t *testing.T, path, want string, mode fs.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("it holds %q, %v", got, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != mode {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 {
		t.Errorf("beside it are %v, %v", names, err)
	}
}

func TestCreateTakesNoTakenName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := wholefile.Create(path, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := wholefile.Create(path, []byte("second"), 0o644); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a taken name: %v", err)
	}
	holds(t, path, "first", 0o600)
}

func TestReplaceLeavesOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, content := range []string{"first", "second"} {
		if err := wholefile.Replace(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		holds(t, path, content, 0o644)
	}
}

func TestFailureLeavesWhatWas(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "folder")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := wholefile.Replace(path, nil, 0o600); err == nil {
		t.Error("a directory is replaced")
	}
	if err := wholefile.Create(filepath.Join(dir, "missing", "file"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 || !names[0].IsDir() {
		t.Errorf("there are %v, %v", names, err)
	}
}
