package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/voter/entry"
	"github.com/urna-vote/urna/testnet/manifest"
)

func TestEntryIsNamedByASlipOrByIdsAndNothingElse(t *testing.T) {
	id := "00000000000000000000000000000000000000000000000000000000000000ff"
	for _, args := range [][]string{
		{}, {"--election", id}, {"--entry", id}, {"--slip", "slip.json", "--entry", id}, {"--election", id, "--entry", "ff"}, {"--election", id, "--entry", "zz" + id[2:]},
	} {
		root := newRoot()
		root.SetOut(new(bytes.Buffer))
		root.SetArgs(append([]string{"voter", "entry", "--node", "http://127.0.0.1:1", "--genesis", "none.json"}, args...))
		if code := terminal.ExitCode(root.ExecuteContext(context.Background())); code != terminal.ExitUsage {
			t.Errorf("%v: exit %d, want %d", args, code, terminal.ExitUsage)
		}
	}
}

func TestAFileThatProvesNoEntryEndsWithTheCodeOfADifference(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "net")
	if _, err := manifest.Write(context.Background(), dir, manifest.Default(time.Now()), rand.Reader); err != nil {
		t.Fatal(err)
	}
	proof := filepath.Join(dir, "entry.json")
	for name, file := range map[string]func() ([]byte, error){
		"no proof":      func() ([]byte, error) { return []byte("{}"), nil },
		"another's":     (&entry.Proof{ChainID: "urna-other"}).Encode,
		"proves naught": (&entry.Proof{ChainID: chainID(t, dir)}).Encode,
	} {
		b, err := file()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(proof, b, 0o600); err != nil {
			t.Fatal(err)
		}
		root := newRoot()
		root.SetOut(new(bytes.Buffer))
		root.SetArgs([]string{"voter", "entry", "verify", "--genesis", filepath.Join(dir, "genesis.json"), proof})
		if code := terminal.ExitCode(root.ExecuteContext(context.Background())); code != terminal.ExitDifference {
			t.Errorf("%s: exit %d, want %d", name, code, terminal.ExitDifference)
		}
	}
}

func chainID(t *testing.T, dir string) string {
	t.Helper()
	trust, err := readTrust(filepath.Join(dir, "genesis.json"))
	if err != nil {
		t.Fatal(err)
	}
	return trust.ChainID()
}
