package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/journal"
	"github.com/urna-vote/urna/offchain/terminal"
)

// gatewayAt writes settings of a gateway whose database is at a place.
func gatewayAt(t *testing.T, where string) string {
	t.Helper()
	c := config.Default()
	c.Name, c.Nodes, c.Genesis, c.Database = "issuer-1", []string{"http://127.0.0.1:26680"}, "genesis.json", where
	file := filepath.Join(t.TempDir(), config.FileName)
	if err := os.WriteFile(file, c.Marshal(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// call runs the program and returns what it prints and its exit code.
func call(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	var b bytes.Buffer
	root := newRoot()
	root.SetOut(&b)
	root.SetArgs(args)
	err := root.ExecuteContext(context.Background())
	if err != nil {
		b.WriteString(err.Error())
	}
	return b.String(), terminal.ExitCode(err)
}

func TestTablesGoUpAndDownByCommand(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		file := gatewayAt(t, where)
		states := func(args ...string) (applied, pending int) {
			out, code := call(t, append([]string{"--json", "database"}, append(args, "--config", file)...)...)
			var list []database.Migration
			if err := json.Unmarshal([]byte(out), &list); err != nil || code != 0 {
				t.Fatalf("exit %d, %v: %s", code, err, out)
			}
			for _, m := range list {
				if m.Applied {
					applied++
				} else {
					pending++
				}
			}
			return applied, pending
		}
		if applied, pending := states("status"); applied != 0 || pending == 0 {
			t.Fatalf("at first %d applied, %d pending", applied, pending)
		}
		applied, pending := states("up")
		if applied == 0 || pending != 0 {
			t.Fatalf("up: %d applied, %d pending", applied, pending)
		}
		if out, code := call(t, "database", "down", "--config", file); code != terminal.ExitUsage || !strings.Contains(out, "--yes") {
			t.Fatalf("down without --yes: exit %d, %s", code, out)
		}
		if out, code := call(t, "database", "down", "--config", file, "--yes"); code != 0 || !strings.Contains(out, "undone") {
			t.Fatalf("down: exit %d, %s", code, out)
		}
		if again, pending := states("status"); again != applied-1 || pending != 1 {
			t.Fatalf("after down %d applied, %d pending", again, pending)
		}
		if out, code := call(t, "database", "status", "--config", file); code != 0 || !strings.Contains(out, "pending") {
			t.Fatalf("status: exit %d, %s", code, out)
		}
	})
}

func TestJournalIsShownAndVerifiedByCommand(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		file := gatewayAt(t, where)
		db := databasetest.Open(t, where)
		note := func(action string) {
			if err := journal.Note(db, journal.By(time.UnixMilli(1_600_000_000_000), "", action, "list 1\u202e")); err != nil {
				t.Fatal(err)
			}
		}
		verify := func(args ...string) (head, out string, code int) {
			out, code = call(t, append([]string{"--json", "journal", "verify", "--config", file}, args...)...)
			var result struct{ Head string }
			if code == 0 {
				if err := json.Unmarshal([]byte(out), &result); err != nil {
					t.Fatal(err)
				}
			}
			return result.Head, out, code
		}
		note("people import")
		note("list closed")
		out, code := call(t, "journal", "show", "--config", file, "--from", "2")
		if code != 0 || !strings.HasPrefix(out, "2  2020-09-13T12:26:40Z") || !strings.Contains(out, "list closed") || strings.Contains(out, "\u202e") {
			t.Fatalf("exit %d, %q", code, out)
		}
		noted, out, code := verify()
		if code != 0 || !strings.HasPrefix(noted, "2:") {
			t.Fatalf("exit %d, %s", code, out)
		}
		note("keys destroy")
		if head, out, code := verify("--noted", noted); code != 0 || !strings.HasPrefix(head, "3:") {
			t.Fatalf("exit %d, %s", code, out)
		}
		if _, out, code := verify("--noted", "2:"+strings.Repeat("00", 32)); code != terminal.ExitFailure || !strings.Contains(out, "changed") {
			t.Fatalf("another head: exit %d, %s", code, out)
		}
		for _, bad := range []string{"2", "x:00", "-1:" + strings.Repeat("00", 32), "2:00"} {
			if _, out, code := verify("--noted", bad); code != terminal.ExitUsage {
				t.Errorf("--noted %s: exit %d, %s", bad, code, out)
			}
		}
		err := db.Update(func(tx *database.Tx) error {
			_, err := tx.Exec("UPDATE journal SET actor = ? WHERE seq = 1", "somebody else")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, out, code := verify(); code != terminal.ExitFailure || !strings.Contains(out, "row 1") {
			t.Fatalf("a changed row: exit %d, %s", code, out)
		}
	})
}

func TestHeadReadsBackAsPrinted(t *testing.T) {
	rows, hash, err := parseHead(fmt.Sprintf("7:%x", [32]byte{1}))
	if err != nil || rows != 7 || hash != [32]byte{1} {
		t.Fatal(rows, hash, err)
	}
	if rows, hash, err := parseHead(""); rows != 0 || hash != [32]byte{} || err != nil {
		t.Fatal(rows, hash, err)
	}
}
