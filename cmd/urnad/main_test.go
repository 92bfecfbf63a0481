package main

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/node/genesis"
	"github.com/urna-vote/urna/node/home"
)

// execute runs a command line and returns its exit code.
func execute(t *testing.T, args ...string) int {
	t.Helper()
	return run(t.Context(), args)
}

// memberKey is a public key in hex.
func memberKey() string {
	key := sign.NewPrivateKey([sign.SeedSize]byte{7}).Public()
	return hex.EncodeToString(key[:])
}

func TestWrongCommandLinesExitWithTwo(t *testing.T) {
	for _, args := range [][]string{
		{"fly"}, {"start", "--no-such-flag"}, {"init"}, {"init", "king", "--home", filepath.Join(t.TempDir(), "x")},
		{"testnet"}, {"testnet", "--out", filepath.Join(t.TempDir(), "x"), "--quorum", "9"}, {"genesis"}, {"version", "extra"},
		{"init", "observer", "--home", filepath.Join(t.TempDir(), "x"), "--peers", "nobody"},
	} {
		if code := execute(t, args...); code != exitUsage {
			t.Errorf("urnad %s exits with %d", strings.Join(args, " "), code)
		}
	}
}

func TestFailuresExitWithOne(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for _, args := range [][]string{
		{"start", "--home", none}, {"status", "--home", none}, {"status", "--node", "http://127.0.0.1:1"},
		{"init", "observer", "--home", none, "--genesis", none},
		{"genesis", "--commission", none, "--out", none},
	} {
		if code := execute(t, args...); code != exitFailure {
			t.Errorf("urnad %s exits with %d", strings.Join(args, " "), code)
		}
	}
}

func TestChainIsMadeFromTheValidatorsPublicFiles(t *testing.T) {
	dir := t.TempDir()
	at := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
	for _, name := range []string{"north", "south"} {
		if code := execute(t, "init", "validator", "--home", at(name), "--name", name); code != exitOK {
			t.Fatalf("init exits with %d", code)
		}
	}
	commission := `{"quorum": 1, "members": [{"name": "A", "role": "chair", "key": "` + memberKey() + `"}]}`
	if err := os.WriteFile(at("commission.json"), []byte(commission), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"genesis", "--prefix", "town-2026", "--commission", at("commission.json"), "--time", "2026-09-01T08:00:00Z",
		"--validator", at("north", "public.json"), "--validator", at("south", "public.json"), "--out", at("genesis.json")}
	if code := execute(t, args...); code != exitOK {
		t.Fatalf("genesis exits with %d", code)
	}
	g, err := genesis.Load(at("genesis.json"))
	if err != nil || len(g.Doc.Validators) != 2 || g.App.Rehearsal || !strings.HasPrefix(g.Doc.ChainID, "town-2026-") {
		t.Fatalf("genesis %+v: %v", g, err)
	}
	if code := execute(t, args...); code != exitFailure {
		t.Errorf("overwriting the genesis exits with %d", code)
	}
	if code := execute(t, "init", "observer", "--home", at("watch"), "--genesis", at("genesis.json")); code != exitOK {
		t.Fatal("init observer failed")
	}
	if _, err := genesis.Load(home.Dir(at("watch")).Genesis()); err != nil {
		t.Error(err)
	}
	if code := execute(t, append(args, "--validator", at("watch", "public.json"))...); code != exitFailure {
		t.Error("an observer became a validator")
	}
	if code := execute(t, "init", "validator", "--home", at("north")); code != exitFailure {
		t.Error("an existing home was written over")
	}
}

func TestInterruptedCommandsLeaveNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{{"init", "validator", "--home"}, {"testnet", "--out"}} {
		parent := t.TempDir()
		if code := run(ctx, append(args, filepath.Join(parent, "new"))); code != exitFailure {
			t.Errorf("%v exits with %d", args, code)
		}
		if left, err := os.ReadDir(parent); err != nil || len(left) != 0 {
			t.Errorf("%v leaves %v, %v", args, left, err)
		}
	}
}

func TestTestnetTakesTheCommissionGiven(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "commission.json")
	commission := `{"quorum": 1, "members": [{"name": "A", "role": "chair", "key": "` + memberKey() + `"}]}`
	if err := os.WriteFile(file, []byte(commission), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := execute(t, "testnet", "--out", filepath.Join(dir, "net"), "--commission", file, "--validators", "2"); code != exitOK {
		t.Fatalf("exits with %d", code)
	}
	g, err := genesis.Load(filepath.Join(dir, "net", "genesis.json"))
	if err != nil {
		t.Fatal(err)
	}
	if c := g.App.Commission; c.Quorum != 1 || len(c.Members) != 1 || hex.EncodeToString(c.Members[0].Key[:]) != memberKey() {
		t.Errorf("commission %+v", c)
	}
	if err := os.WriteFile(file, []byte(commission+"{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := execute(t, "testnet", "--out", filepath.Join(dir, "other"), "--commission", file); code != exitFailure {
		t.Error("a commission file with something after it was taken")
	}
}

func TestEveryCommandShowsAnExample(t *testing.T) {
	var check func(c *cobra.Command)
	check = func(c *cobra.Command) {
		if c.Runnable() && c.HasParent() && c.Name() != "help" && c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			check(sub)
		}
	}
	check(newRoot())
}
