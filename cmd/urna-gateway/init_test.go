package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/terminal"
)

func TestInitRefusesWhatIsNoNodeAndNoGenesis(t *testing.T) {
	for name, c := range map[string]struct{ node, genesis, want string }{
		"no node":    {"bla", write(t, "genesis.json", "{}"), "nodes[0]"},
		"no file":    {"http://127.0.0.1:26680", filepath.Join(t.TempDir(), "nope.json"), "nope.json"},
		"a folder":   {"http://127.0.0.1:26680", t.TempDir(), "--genesis"},
		"no genesis": {"http://127.0.0.1:26680", write(t, "genesis.json", "{}"), "--genesis"},
	} {
		home := filepath.Join(t.TempDir(), "issuer")
		root := newRoot()
		root.SetOut(io.Discard)
		root.SetArgs([]string{"init", "--home", home, "--name", "issuer-1", "--node", c.node, "--genesis", c.genesis})
		err := root.ExecuteContext(t.Context())
		if terminal.ExitCode(err) != terminal.ExitUsage || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a home was made: %v", name, err)
		}
	}
}

// Who copies an example is not to be told that its check digit is wrong.
func TestNumbersInExamplesAreWholeNumbers(t *testing.T) {
	found := 0
	var look func(*cobra.Command)
	look = func(cmd *cobra.Command) {
		for _, text := range regexp.MustCompile(`\b\d{6}-\d\b`).FindAllString(cmd.Example+"\n"+cmd.Long, -1) {
			found++
			if _, err := applications.ParseNumber(text); err != nil {
				t.Errorf("%s: %s: %v", cmd.CommandPath(), text, err)
			}
		}
		for _, sub := range cmd.Commands() {
			look(sub)
		}
	}
	look(newRoot())
	if found < 2 {
		t.Errorf("%d numbers found", found)
	}
}

func TestHelpShowsTheWayOverAPortal(t *testing.T) {
	if long := newRoot().Long; !strings.Contains(long, "portal") || !strings.Contains(long, "people import") {
		t.Error(long)
	}
}
