package database_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
)

// The tests write to a table that every database has.
const insert = "INSERT INTO record (election, entry, panel, record) VALUES (?, ?, ?, ?)"

func id(n int) []byte {
	b := make([]byte, 32)
	b[0], b[1] = byte(n>>8), byte(n)
	return b
}

func put(tx *database.Tx, n int, panel uint32, record string) error {
	_, err := tx.Exec(insert, id(0), id(n), panel, []byte(record))
	return err
}

func count(t *testing.T, db *database.DB) (n int) {
	t.Helper()
	err := db.View(context.Background(), func(tx *database.Tx) error {
		return tx.Row("SELECT count(*) FROM record").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestValuesComeBackAsTheyWent(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		const large = uint32(1<<32 - 1)
		binary := string([]byte{0, 1, 255, '?', '\''})
		if err := db.Update(func(tx *database.Tx) error { return put(tx, 1, large, binary) }); err != nil {
			t.Fatal(err)
		}
		err := db.View(context.Background(), func(tx *database.Tx) error {
			var panel uint32
			var record []byte
			if err := tx.Row("SELECT panel, record FROM record WHERE entry = ? AND '?' <> ''", id(1)).Scan(&panel, &record); err != nil {
				return err
			}
			if panel != large || string(record) != binary {
				t.Errorf("panel %d, record %x", panel, record)
			}
			err := tx.Row("SELECT panel FROM record WHERE entry = ?", id(2)).Scan(&panel)
			if !errors.Is(err, sql.ErrNoRows) {
				t.Errorf("no row: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestRowsComeInTheirOrder(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		err := db.Update(func(tx *database.Tx) error {
			for n := range 5 {
				if err := put(tx, n, uint32(n), "r"); err != nil {
					return err
				}
			}
			changed, err := tx.Exec("UPDATE record SET panel = panel + 10 WHERE panel >= ?", 3)
			if err == nil && changed != 2 {
				err = fmt.Errorf("%d rows changed, want 2", changed)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var panels []int
		err = db.View(context.Background(), func(tx *database.Tx) error {
			rows, err := tx.Rows("SELECT panel FROM record ORDER BY panel")
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var panel int
				if err := rows.Scan(&panel); err != nil {
					return err
				}
				panels = append(panels, panel)
			}
			return rows.Err()
		})
		if err != nil || fmt.Sprint(panels) != "[0 1 2 13 14]" {
			t.Fatal(panels, err)
		}
	})
}

func TestAnErrorUndoesItsWritesAndNoOthers(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		fault := errors.New("fault")
		var wg sync.WaitGroup
		for n := range 40 {
			wg.Go(func() {
				err := db.Update(func(tx *database.Tx) error {
					if err := put(tx, n, 0, "r"); err != nil {
						return err
					}
					if n%4 == 0 {
						return fault
					}
					return nil
				})
				if want := n%4 == 0; errors.Is(err, fault) != want {
					t.Errorf("update %d: %v", n, err)
				}
			})
		}
		wg.Wait()
		if n := count(t, db); n != 30 {
			t.Fatalf("%d rows, want 30", n)
		}
	})
}

// Errors among updates that share a commit cost nobody a commit of his own: on
// SQLite each function runs once.
func TestErrorsDoNotMakeOthersRunAgain(t *testing.T) {
	db := databasetest.Open(t, databasetest.SQLite(t))
	fault := errors.New("fault")
	var runs atomic.Int32
	var wg sync.WaitGroup
	for n := range 200 {
		wg.Go(func() {
			err := db.Update(func(tx *database.Tx) error {
				runs.Add(1)
				if err := put(tx, n, 0, "r"); err != nil {
					return err
				}
				if n%2 == 0 {
					return fault
				}
				return nil
			})
			if want := n%2 == 0; errors.Is(err, fault) != want {
				t.Errorf("update %d: %v", n, err)
			}
		})
	}
	wg.Wait()
	if n := count(t, db); n != 100 || runs.Load() != 200 {
		t.Fatalf("%d rows of 100, %d runs of 200", n, runs.Load())
	}
}

// A limit that is read and then counted up holds over replicas, whatever they
// do at the same moment. Read and write touch different rows: a database that
// only looks at rows would let all through.
func TestLimitHoldsOverReplicas(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		replicas := []*database.DB{databasetest.Open(t, where), databasetest.Open(t, where)}
		const limit = 3
		var let atomic.Int32
		var wg sync.WaitGroup
		for n := range 32 {
			wg.Go(func() {
				var mine bool
				err := replicas[n%2].Update(func(tx *database.Tx) error {
					mine = false
					var used int
					if err := tx.Row("SELECT count(*) FROM record WHERE election = ?", id(0)).Scan(&used); err != nil {
						return err
					}
					if used >= limit {
						return nil
					}
					mine = true
					return put(tx, n, 0, "r")
				})
				if err != nil {
					t.Error(err)
				}
				if mine {
					let.Add(1)
				}
			})
		}
		wg.Wait()
		if n := count(t, replicas[0]); n != limit || let.Load() != limit {
			t.Fatalf("%d rows, %d let through, want %d", n, let.Load(), limit)
		}
	})
}

func TestInsertThatMeetsARowGoesOn(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		for range 2 {
			err := db.Update(func(tx *database.Tx) error {
				if _, err := tx.Exec(insert+" ON CONFLICT DO NOTHING", id(0), id(1), 0, []byte("r")); err != nil {
					return err
				}
				_, err := tx.Exec(insert+" ON CONFLICT (election, entry, panel) DO UPDATE SET record = excluded.record", id(0), id(2), 0, []byte("s"))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if n := count(t, db); n != 2 {
			t.Fatalf("%d rows, want 2", n)
		}
		if err := db.Update(func(tx *database.Tx) error { return put(tx, 1, 0, "t") }); err == nil {
			t.Fatal("the same row is written twice")
		}
	})
}

// What a function makes of an error in its transaction is its own affair; half
// of it is never kept.
func TestSwallowedErrorKeepsNothingHalf(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		err := db.Update(func(tx *database.Tx) error {
			if err := put(tx, 1, 0, "r"); err != nil {
				return err
			}
			_ = put(tx, 1, 0, "again")
			return nil
		})
		if n := count(t, db); (err == nil) != (n == 1) {
			t.Fatalf("answered %v with %d rows", err, n)
		}
	})
}

func TestViewSeesOneStateAndCannotWrite(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		err := db.View(context.Background(), func(tx *database.Tx) error {
			var before, after int
			if err := tx.Row("SELECT count(*) FROM record").Scan(&before); err != nil {
				return err
			}
			if err := db.Update(func(tx *database.Tx) error { return put(tx, 1, 0, "r") }); err != nil {
				return err
			}
			if err := tx.Row("SELECT count(*) FROM record").Scan(&after); err != nil {
				return err
			}
			if before != 0 || after != 0 {
				t.Errorf("%d rows, then %d", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.View(context.Background(), func(tx *database.Tx) error { return put(tx, 2, 0, "r") })
		if err == nil || count(t, db) != 1 {
			t.Fatal("a view writes", err)
		}
	})
}

func TestClosedDatabaseRefuses(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		db := databasetest.Open(t, where)
		if err := db.Update(func(tx *database.Tx) error { return put(tx, 1, 0, "r") }); err != nil {
			t.Fatal(err)
		}
		if err := db.Healthy(context.Background()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Update(func(*database.Tx) error { return nil }); !errors.Is(err, database.ErrClosed) {
			t.Fatalf("got %v, want ErrClosed", err)
		}
		if err := db.Healthy(context.Background()); err == nil {
			t.Fatal("a closed database is healthy")
		}
		if n := count(t, databasetest.Open(t, where)); n != 1 {
			t.Fatalf("%d rows after the restart", n)
		}
	})
}

func TestDeletedRowsLeaveTheFile(t *testing.T) {
	path := databasetest.SQLite(t)
	db := databasetest.Open(t, path)
	secret := "PERSONAL-DATA-THAT-MUST-LEAVE-THE-DISK"
	if err := db.Update(func(tx *database.Tx) error { return put(tx, 1, 0, secret) }); err != nil {
		t.Fatal(err)
	}
	err := db.Update(func(tx *database.Tx) error {
		_, err := tx.Exec("DELETE FROM record")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal"} {
		if b, err := os.ReadFile(name); err != nil || bytes.Contains(b, []byte(secret)) {
			t.Errorf("%s still holds it (%v)", filepath.Base(name), err)
		}
	}
}

func TestCompactKeepsWhatIsThere(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		if err := db.Update(func(tx *database.Tx) error { return put(tx, 1, 0, "r") }); err != nil {
			t.Fatal(err)
		}
		if err := db.Compact(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, db); n != 1 {
			t.Fatalf("%d rows", n)
		}
	})
}

// An address with a password is not repeated in an error.
func TestErrorsShowNoPassword(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, where := range []string{
		"postgres://urna:hunter2@127.0.0.1:1/gateway?connect_timeout=1&sslmode=disable",
		"postgres://urna:hunter2@127.0.0.1:port/gateway",
		"postgres://urna:hunter2@127.0.0.1/gateway?sslmode=perhaps",
		"postgresql://urna:hunter2@[::1/gateway",
	} {
		db, err := database.Open(ctx, where)
		if err == nil {
			t.Fatal("opened", db.Close())
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error shows the password: %v", err)
		}
	}
}

func TestKindIsTold(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		want := "SQLite"
		if database.IsPostgres(where) {
			want = "PostgreSQL"
		}
		if got := databasetest.Open(t, where).Kind(); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}

// What is known of persons is sealed; who may log in, and when, is not.
func TestNobodyElseReadsTheFiles(t *testing.T) {
	path := databasetest.SQLite(t)
	db, err := database.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(func(tx *database.Tx) error { return put(tx, 1, 0, "x") }); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(name), info.Mode().Perm())
		}
	}
}
