package applications_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/journal"
)

func TestARefusedCloseChangesNothingAndAMendedRegisterIsMatchedAgain(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		w.load(line(0), line(1))
		w.file(0)
		w.file(1)
		w.at = closes
		for name, bad := range map[string]string{
			"styles that the election has not": strings.NewReplacer("north", "nort", "south", "sout").Replace(territories),
			"two styles of one election":       strings.ReplaceAll(territories, "north|city", "north|south"),
		} {
			// Elector 1 has another territory in the register that is refused.
			if err := w.imports(bad, line(0), strings.Replace(line(1), ";002", ";001", 1)); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Form(ctx, "clerk", election()); err == nil {
				t.Fatalf("%s: formed", name)
			}
			if formed, err := w.Formed(ctx); err != nil || formed {
				t.Fatalf("%s: the list is closed (%v)", name, err)
			}
			if mine, err := w.Mine(ctx, account(1).Subject); err != nil || len(mine) != 1 || story(&mine[0]) != "submitted accepted" {
				t.Errorf("%s: the application changed: %v %v", name, mine, err)
			}
		}
		if n, _, err := journal.Holds(ctx, db, 0, [32]byte{}); err != nil || n != 0 {
			t.Error("a refused act is in the journal:", n, err)
		}
		w.load(line(0)) // the mended register does not have elector 1
		var undecided *applications.UndecidedError
		if _, err := w.Form(ctx, "clerk", election()); !errors.As(err, &undecided) || len(undecided.Unmatched) != 1 {
			t.Fatalf("the mended register is not matched: %v", err)
		}
		if _, err := w.Withdraw(ctx, account(1).Subject); err != nil {
			t.Fatalf("a refused close keeps a voter in: %v", err)
		}
		if list, err := w.Form(ctx, "clerk", election()); err != nil || list.Size() != 1 {
			t.Fatal(err)
		}
	})
}

func TestNoRegisterIsImportedAfterTheListIsFormedOrErased(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		w.load(line(0))
		w.file(0)
		w.at = closes
		if _, err := w.Form(ctx, "clerk", election()); err != nil {
			t.Fatal(err)
		}
		if err := w.imports(territories, line(0), line(1)); !errors.Is(err, applications.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
		if list, err := w.Form(ctx, "clerk", election()); err != nil || list.Size() != 1 {
			t.Error("the register before is gone:", err)
		}
		w.at = erase
		if err := w.Erase(ctx, "clerk"); err != nil {
			t.Fatal(err)
		}
		if err := w.imports(territories, line(0)); !errors.Is(err, applications.ErrErased) {
			t.Errorf("got %v, want ErrErased", err)
		}
		err := db.View(ctx, func(tx *database.Tx) error {
			var n int
			if err := tx.Row("SELECT COUNT(*) FROM elector").Scan(&n); err != nil || n != 0 {
				t.Error("electors after the erasure:", n, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestDirectoriesOfAListAreMadeOrRefusedBeforeItIsClosed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "list")
	for _, bad := range []string{"", "..", "a/b", ".x"} {
		if err := applications.MakeDirs(dir, []string{"one", bad}); err == nil {
			t.Errorf("issuer %q is a directory", bad)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Error("something was made:", err)
	}
	if err := applications.MakeDirs(dir, []string{"one"}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "one")); err != nil || info.Mode().Perm() != 0o700 {
		t.Error(info, err)
	}
}
