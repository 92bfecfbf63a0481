package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/urna-vote/urna/offchain/terminal"
)

func TestAuditEndsWithTheCodeOfWhatItFound(t *testing.T) {
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, "manifest.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
	}{
		"no directory":       {[]string{"audit"}, terminal.ExitUsage},
		"two directories":    {[]string{"audit", "a", "b"}, terminal.ExitUsage},
		"unknown flag":       {[]string{"audit", "--fast", "a"}, terminal.ExitUsage},
		"missing directory":  {[]string{"audit", filepath.Join(t.TempDir(), "none")}, terminal.ExitFailure},
		"damaged record":     {[]string{"audit", damaged}, terminal.ExitDifference},
		"fetch from nowhere": {[]string{"audit", "fetch", t.TempDir()}, terminal.ExitUsage},
		"help":               {[]string{"audit", "--help"}, terminal.ExitOK},
	} {
		if code := run(context.Background(), append([]string{"--json"}, c.args...)); code != c.code {
			t.Errorf("%s: exit %d, want %d", name, code, c.code)
		}
	}
}
