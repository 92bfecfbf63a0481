package home_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/home"
)

func write(t *testing.T, mode string) (home.Dir, *home.Keys) {
	t.Helper()
	keys, err := home.NewKeys(mode, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "node")
	if err := home.Build(context.Background(), dir, func(partial string) error {
		return home.Write(home.Dir(partial), config.Default(mode), keys, []byte("{}"))
	}); err != nil {
		t.Fatal(err)
	}
	return home.Dir(dir), keys
}

func TestWrittenKeysReadBackAndBelongToTheirOwnerAlone(t *testing.T) {
	dir, keys := write(t, config.Validator)
	pv, err := dir.Validator()
	if err != nil {
		t.Fatal(err)
	}
	if want, ok := keys.ValidatorKey(); !ok || string(pv.Key.PubKey.Bytes()) != string(want[:]) {
		t.Errorf("validator key is %x, want %x", pv.Key.PubKey.Bytes(), want)
	}
	node, err := dir.Node()
	if err != nil || string(node.ID()) != keys.PeerID() {
		t.Errorf("node id %v, want %s: %v", node, keys.PeerID(), err)
	}
	if _, err := dir.Ack(); err != nil {
		t.Error(err)
	}
	for _, file := range []string{dir.ValidatorKey(), dir.ValidatorState(), dir.NodeKey(), dir.AckKey()} {
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
	for _, text := range []string{fmt.Sprint(keys), fmt.Sprintf("%+v %#v %x", keys, keys, keys)} {
		if !strings.Contains(text, "redacted") || len(text) > 100 {
			t.Errorf("keys print as %q", text)
		}
	}
}

func TestObserverHasNoConsensusKey(t *testing.T) {
	dir, keys := write(t, config.Observer)
	if _, ok := keys.ValidatorKey(); ok {
		t.Error("an observer drew a consensus key")
	}
	if _, err := os.Stat(dir.ValidatorKey()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("key file: %v", err)
	}
}

func TestKeyFilesThatOthersReadOrThatAreSpoiledAreRefused(t *testing.T) {
	dir, _ := write(t, config.Validator)
	read := map[string]func() error{
		dir.ValidatorKey(): func() error { _, err := dir.Validator(); return err },
		dir.NodeKey():      func() error { _, err := dir.Node(); return err },
		dir.AckKey():       func() error { _, err := dir.Ack(); return err },
	}
	for file, load := range read {
		if err := os.Chmod(file, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := load(); err == nil || !strings.Contains(err.Error(), "0600") {
			t.Errorf("%s readable by all: %v", filepath.Base(file), err)
		}
		for _, spoiled := range []string{"", "{}", `{"priv_key":{"type":"tendermint/PrivKeyEd25519","value":"AAAA"}}`, `{"public":"00","seed":"00"}`} {
			if err := errors.Join(os.WriteFile(file, []byte(spoiled), 0o600), os.Chmod(file, 0o600)); err != nil {
				t.Fatal(err)
			}
			if err := load(); err == nil {
				t.Errorf("%s = %q was read", filepath.Base(file), spoiled)
			}
		}
	}
}

// Without the record of what it signed last a key may sign twice.
func TestMissingSignStateIsRefused(t *testing.T) {
	dir, _ := write(t, config.Validator)
	if err := os.Remove(dir.ValidatorState()); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Validator(); err == nil || !strings.Contains(err.Error(), "sign twice") {
		t.Errorf("validator without state: %v", err)
	}
}

func TestInterruptedBuildLeavesNothing(t *testing.T) {
	parent := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	err := home.Build(ctx, filepath.Join(parent, "net"), func(partial string) error {
		if err := os.WriteFile(filepath.Join(partial, "genesis.json"), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	failed := errors.New("disk full")
	if err := home.Build(context.Background(), filepath.Join(parent, "net"), func(string) error { return failed }); !errors.Is(err, failed) {
		t.Errorf("failed: %v", err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestExistingDirectoryIsNotTouched(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	called := false
	err := home.Build(context.Background(), dir, func(string) error { called = true; return nil })
	if err == nil || called || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("built over a full directory: %v, called %v", err, called)
	}
	if err := home.Build(context.Background(), t.TempDir(), func(string) error { return nil }); err != nil {
		t.Errorf("an empty directory: %v", err)
	}
}

func TestDataOfAnotherChainAreRefusedNamingBoth(t *testing.T) {
	dir := home.Dir(t.TempDir())
	for range 2 {
		if err := dir.BindChain("urna-a-1"); err != nil {
			t.Fatal(err)
		}
	}
	err := dir.BindChain("urna-b-2")
	if !errors.Is(err, home.ErrOtherChain) || !strings.Contains(err.Error(), "urna-a-1") || !strings.Contains(err.Error(), "urna-b-2") {
		t.Errorf("other chain: %v", err)
	}
}

func TestHomeIsLockedAgainstASecondNode(t *testing.T) {
	dir := home.Dir(t.TempDir())
	unlock, err := dir.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Lock(); !errors.Is(err, home.ErrInUse) {
		t.Errorf("second lock: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	again, err := dir.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if err := again(); err != nil {
		t.Error(err)
	}
}

func TestAFullDiskIsNamedBeforeStoresAreOpened(t *testing.T) {
	dir := home.Dir(t.TempDir())
	if err := dir.BindChain("urna-test-1"); err != nil {
		t.Fatal(err)
	}
	if err := dir.CheckRoom(0); err != nil {
		t.Error(err)
	}
	if err := dir.CheckRoom(1 << 63); !errors.Is(err, home.ErrDiskFull) {
		t.Errorf("%v", err)
	}
}
