package database_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
)

func status(t *testing.T, where string) (applied, all int) {
	t.Helper()
	list, err := database.Status(context.Background(), where)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(list, func(a, b database.Migration) int { return int(a.Number - b.Number) }) {
		t.Fatalf("migrations are not in order: %v", list)
	}
	for _, m := range list {
		if m.Applied {
			applied++
		}
	}
	return applied, len(list)
}

// Every migration goes down and up again, with the same tables at the end.
func TestMigrationsGoDownAndUp(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		ctx := context.Background()
		if applied, all := status(t, where); applied != 0 || all < 2 {
			t.Fatalf("%d of %d applied to an empty database", applied, all)
		}
		if err := database.Up(ctx, where); err != nil {
			t.Fatal(err)
		}
		applied, all := status(t, where)
		if applied != all {
			t.Fatalf("%d of %d applied", applied, all)
		}
		for left := all - 1; left >= 0; left-- {
			number, err := database.Down(ctx, where)
			if err != nil || number == 0 {
				t.Fatalf("down with %d left: %d, %v", left, number, err)
			}
		}
		if applied, _ := status(t, where); applied != 0 {
			t.Fatalf("%d applied after all went down", applied)
		}
		if number, err := database.Down(ctx, where); number != 0 || err != nil {
			t.Fatalf("down of an empty database: %d, %v", number, err)
		}
		db := databasetest.Open(t, where)
		if err := db.Update(func(tx *database.Tx) error { return put(tx, 1, 0, "r") }); err != nil {
			t.Fatal(err)
		}
		if applied, all := status(t, where); applied != all {
			t.Fatalf("%d of %d applied by Open", applied, all)
		}
	})
}

func TestReplicasThatStartTogetherPrepareOnce(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				db, err := database.Open(context.Background(), where)
				if err != nil {
					t.Error(err)
					return
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if applied, all := status(t, where); applied != all {
			t.Fatalf("%d of %d applied", applied, all)
		}
	})
}

func TestTablesOfANewerProgramAreRefused(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		ctx := context.Background()
		db := databasetest.Open(t, where)
		err := db.Update(func(tx *database.Tx) error {
			_, err := tx.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, ?)", 99_000, true)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if db, err := database.Open(ctx, where); !errors.Is(err, database.ErrNewer) || !strings.Contains(err.Error(), "99000") {
			t.Errorf("open: %v %v", db, err)
		}
		if _, err := database.Down(ctx, where); !errors.Is(err, database.ErrNewer) {
			t.Errorf("down: %v", err)
		}
		if _, err := database.Status(ctx, where); !errors.Is(err, database.ErrNewer) {
			t.Errorf("status: %v", err)
		}
	})
}
