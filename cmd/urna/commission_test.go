package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/terminal"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	"github.com/urna-vote/urna/x/roll"
)

func TestWrongCommandLinesOfTheCommissionExitWithTwo(t *testing.T) {
	zero := strings.Repeat("0", 64)
	act := []string{"--election", zero, "--reason", "x", "--key", "k", "--node", "n", "--genesis", "g"}
	for name, args := range map[string][]string{
		"class beyond 32 bits": append([]string{"commission", "propose", "open-panel", "--panel", "0", "--classes", "4294967296"}, act...),
		"panel beyond 32 bits": append([]string{"commission", "propose", "open-panel", "--panel", "4294967296"}, act...),
		"no time":              append([]string{"commission", "propose", "extend-close", "--closes", "tomorrow"}, act...),
		"proposal":             {"commission", "show", "zz", "--node", "n", "--genesis", "g"},
	} {
		if code := run(t.Context(), args); code != terminal.ExitUsage {
			t.Errorf("%s: exit %d", name, code)
		}
	}
}

func TestHelpThatCannotBeWrittenIsAFailure(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	stdout := os.Stdout
	os.Stdout = full
	defer func() { os.Stdout = stdout }()
	for _, args := range [][]string{{"--help"}, {"commission"}, {"key", "new", "--help"}} {
		if code := run(t.Context(), args); code != terminal.ExitFailure {
			t.Errorf("%v: exit %d", args, code)
		}
	}
}

func TestAKeyFileWithSomethingBehindItIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key.json")
	if code := run(t.Context(), []string{"key", "new", file}); code != terminal.ExitOK {
		t.Fatalf("exit %d", code)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, "{}"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := run(t.Context(), []string{"key", "show", file}); code != terminal.ExitFailure {
		t.Errorf("exit %d", code)
	}
}

func TestAQuestionEndsWithASignal(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd := newApproveCommand()
	cmd.SetContext(ctx)
	silent, keep := io.Pipe()
	defer keep.Close()
	cmd.SetIn(silent)
	cmd.SetErr(io.Discard)
	answer := make(chan bool)
	go func() { answer <- confirmed(cmd, "?") }()
	cancel()
	select {
	case yes := <-answer:
		if yes {
			t.Error("silence is taken for a yes")
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the question is still asked")
	}
}

func TestEntriesToRemoveAreSortedAndEachOnce(t *testing.T) {
	high, low := strings.Repeat("f", 64), strings.Repeat("0", 64)
	a := act{election: low, reason: "moved away", entries: []string{high, low, high}}
	_, message, err := a.remove()
	if err != nil {
		t.Fatal(err)
	}
	m := message.(*rollv1.RemoveEntries)
	if err := roll.ValidateRemoveEntries(m); err != nil || len(m.Entries) != 2 {
		t.Fatalf("%d entries: %v", len(m.Entries), err)
	}
}

func TestEveryActHasItsCommandByItsName(t *testing.T) {
	commands := map[string]bool{}
	for _, c := range newProposeCommand().Commands() {
		commands[c.Name()] = true
	}
	for n, name := range commissionv1.Action_name {
		name = strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "ACTION_"), "_", "-"))
		// approve-roll is made by stage-roll, which knows the trees.
		if want := n != 0 && n != int32(commissionv1.Action_ACTION_APPROVE_ROLL); commands[name] != want {
			t.Errorf("%s: there is a command: %v", name, commands[name])
		}
	}
}
