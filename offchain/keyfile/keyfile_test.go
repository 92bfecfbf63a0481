package keyfile_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/keyfile"
)

func TestCreatedKeyLoadsAgainAndIsNeverOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "member.json")
	key, err := keyfile.Create(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	again, err := keyfile.Load(path)
	if err != nil || again.Public() != key.Public() {
		t.Fatalf("loaded another key: %v", err)
	}
	if _, err := keyfile.Create(path, rand.Reader); err == nil || !strings.Contains(err.Error(), "never overwritten") {
		t.Fatalf("overwrote a key: %v", err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("left behind %v", entries)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestBadKeyFilesAreRefusedWithoutShowingThem(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.json")
	if _, err := keyfile.Create(good, rand.Reader); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(good)
	cases := map[string]struct{ text, want string }{
		"empty":     {"", "not a key file"},
		"truncated": {string(text[:len(text)/2]), "not a key file"},
		"unknown":   {strings.Replace(string(text), "{", `{"more":1,`, 1), "not a key file"},
		"type":      {strings.Replace(string(text), "ed25519", "other", 1), "type is not"},
		"short":     {`{"type":"urna/ed25519","public":"00","seed":"5ec7e7"}`, "seed is not 32 bytes"},
		"damaged":   {strings.Replace(string(text), `"public":"`, `"public":"0`, 1), "does not belong"},
	}
	for name, c := range cases {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := keyfile.Load(path)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "5ec7e7") {
			t.Errorf("%s: the error shows the seed", name)
		}
	}
	if err := os.Chmod(good, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := keyfile.Load(good); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read: %v", err)
	}
}
