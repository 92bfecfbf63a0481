package record_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/urna-vote/urna/offchain/audit/record"
)

// Whatever stands in a record's files, opening and reading it ends with an
// error or with blocks, never with a crash.
func FuzzOpenSurvivesAnyFiles(f *testing.F) {
	f.Add([]byte(`{"format":"urna-record-1","chain_id":"c","first":1,"last":1,"elections":0,"files":[]}`), []byte("\x01a"))
	f.Fuzz(func(t *testing.T, manifest, blocks []byte) {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "blocks"), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, b := range map[string][]byte{"manifest.json": manifest, "blocks/0000000001.blocks": blocks, "genesis.json": blocks, "head.commit": blocks} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		r, err := record.Open(dir)
		if err != nil {
			return
		}
		if heights, err := read(r); err == nil && len(heights) == 0 {
			t.Fatal("a record without blocks was read without an error")
		}
	})
}
