package database_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
)

// writerVariable makes the test program write to the database it names until it
// is killed.
const writerVariable = "URNA_TEST_WRITER"

func TestMain(m *testing.M) {
	if where := os.Getenv(writerVariable); where != "" {
		if err := writeOnAndOn(where); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeOnAndOn prints the number of each row once Update answered for it. Eight
// write at once, each two rows that belong together.
func writeOnAndOn(where string) error {
	db, err := database.Open(context.Background(), where)
	if err != nil {
		return err
	}
	failed := make(chan error)
	var mu sync.Mutex
	for writer := range 8 {
		go func() {
			for n := writer * 1000; ; n++ {
				err := db.Update(func(tx *database.Tx) error {
					// A commit under way at the last kill may have come after the rows went.
					for panel := range 2 {
						if _, err := tx.Exec(insert+" ON CONFLICT DO NOTHING", id(0), id(n), panel, []byte("r")); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					failed <- err
					return
				}
				mu.Lock()
				fmt.Println("kept", n)
				mu.Unlock()
			}
		}()
	}
	return <-failed
}

// A process killed at any moment has lost nothing it answered for, and left
// nothing half.
func TestWhatWasAnsweredSurvivesAKill(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		for _, after := range []int{1, 20, 75} {
			kept := killAfter(t, where, after)
			db := databasetest.Open(t, where)
			err := db.View(context.Background(), func(tx *database.Tx) error {
				for _, n := range kept {
					var rows int
					if err := tx.Row("SELECT count(*) FROM record WHERE entry = ?", id(n)).Scan(&rows); err != nil {
						return err
					}
					if rows != 2 {
						t.Errorf("row %d was answered for, %d of 2 are there", n, rows)
					}
				}
				var half int
				err := tx.Row("SELECT count(*) FROM (SELECT entry FROM record GROUP BY entry HAVING count(*) <> 2) AS halves").Scan(&half)
				if half != 0 {
					t.Errorf("%d are there by half", half)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			err = db.Update(func(tx *database.Tx) error {
				_, err := tx.Exec("DELETE FROM record")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// killAfter lets another process write and kills it after so many rows. It
// returns what that process said it kept.
func killAfter(t *testing.T, where string, rows int) (kept []int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerVariable+"="+where)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "kept %d", &n); err != nil {
			t.Fatalf("the writer says %q", lines.Text())
		}
		if kept = append(kept, n); len(kept) == rows {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(kept) < rows {
		t.Fatalf("the writer ended by itself after %d rows: %v", len(kept), err)
	}
	return kept
}

// A connection that breaks before the commit is begun again without the caller;
// one that breaks at any moment never leaves a half.
func TestBrokenConnectionsAreReplaced(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		if !database.IsPostgres(where) {
			// A file has no connection: the same act goes on undisturbed.
			db := databasetest.Open(t, where)
			if err := db.Update(func(tx *database.Tx) error { return put(tx, 1, 0, "r") }); err != nil || count(t, db) != 1 {
				t.Fatal(err)
			}
			return
		}
		name := "urna-test-" + strings.ToLower(rand.Text())
		db := databasetest.Open(t, where+"&application_name="+name)
		server := databasetest.Open(t, where)
		breakAll := func() error {
			return server.View(context.Background(), func(tx *database.Tx) error {
				var n int
				err := tx.Row("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = ?", name).Scan(&n)
				if err == nil && n == 0 {
					err = errors.New("no connection was there to break")
				}
				return err
			})
		}
		runs := 0
		err := db.Update(func(tx *database.Tx) error {
			if runs++; runs == 1 {
				if err := breakAll(); err != nil {
					t.Error(err)
				}
			}
			return put(tx, 1, 0, "r")
		})
		if err != nil || runs != 2 {
			t.Fatalf("run %d times, %v", runs, err)
		}
		if err := breakAll(); err != nil {
			t.Fatal(err)
		}
		if err := db.Update(func(tx *database.Tx) error { return put(tx, 2, 0, "r") }); err != nil {
			t.Fatal("an idle connection that broke is not replaced:", err)
		}
		var there int
		err = db.Update(func(tx *database.Tx) error {
			err := tx.Row("SELECT 1 FROM record WHERE entry = ?", id(9)).Scan(&there)
			if !errors.Is(err, sql.ErrNoRows) {
				return fmt.Errorf("a row that is not there: %w", err)
			}
			return nil
		})
		if err != nil || count(t, server) != 2 {
			t.Fatal(err)
		}
	})
}
