package applications_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/journal"
	"github.com/urna-vote/urna/offchain/gateway/people"
)

func identity(t *testing.T) *age.X25519Identity {
	t.Helper()
	i, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func readRoll(t *testing.T, dir string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, applications.RollFile))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

func TestTheFormedListGivesEachPartyItsPartAndAlwaysTheSame(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		lines := make([]string, 12)
		for i := range lines {
			lines[i] = line(i)
		}
		w.load(lines...)
		for i := range 12 {
			w.file(i) // every third is of a territory without remote voting
		}
		if _, err := w.Withdraw(ctx, account(0).Subject); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Form(ctx, "clerk", election()); !errors.Is(err, applications.ErrStillOpen) {
			t.Fatalf("got %v, want ErrStillOpen", err)
		}
		w.at = closes
		one, two := identity(t), identity(t)
		recipients := map[string]age.Recipient{"Issuer One": one.Recipient(), "issuer-2": two.Recipient()}
		dirs := []string{t.TempDir(), t.TempDir()}
		for _, dir := range dirs {
			list, err := w.Form(ctx, "clerk", election())
			if err != nil {
				t.Fatal(err)
			}
			formed, err := list.WriteFiles(dir, recipients)
			if err != nil {
				t.Fatal(err)
			}
			if formed.Voters != 7 || fmt.Sprint(formed.Styles) != "map[north:3 south:4]" || fmt.Sprint(formed.Territories) != "map[001:3 002:4]" {
				t.Fatal(formed)
			}
		}
		roll := readRoll(t, dirs[0])
		if !slices.Equal(roll, readRoll(t, dirs[1])) || len(roll) != 8 || roll[0] != "entry,style" || !strings.HasSuffix(roll[1], ",south") || !strings.HasSuffix(roll[7], ",north") {
			t.Fatal(roll)
		}
		if !slices.IsSorted(roll[1:5]) || !slices.IsSorted(roll[5:]) {
			t.Error("entries do not ascend within their style: their order could tell who is who")
		}
		sealed, err := os.ReadFile(filepath.Join(dirs[0], "Issuer One", applications.PeopleFile))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := people.ReadList(bytes.NewReader(sealed), two); err == nil {
			t.Error("another issuer reads the list")
		}
		id, persons, err := people.ReadList(bytes.NewReader(sealed), one)
		if err != nil || id != election().ID || len(persons) != 7 {
			t.Fatal(len(persons), err)
		}
		for _, p := range persons {
			s, err := w.Slip(ctx, p.Subject, id)
			if err != nil {
				t.Fatal(err)
			}
			if s.Entry() != p.Entry || s.Style != p.Style || !slices.Contains(roll, fmt.Sprintf("%x,%s", p.Entry, definition.Styles[p.Style].Name)) {
				t.Error("slip, roll and list of persons differ")
			}
			if !strings.HasPrefix(s.Subject, "Иванов Пётр Сергеевич, 19") {
				t.Error("the slip does not name its voter")
			}
		}
		w.checkPaper(filepath.Join(dirs[0], applications.PaperFile))
		for _, i := range []int{0, 2, 99} {
			if _, err := w.Slip(ctx, account(i).Subject, id); !errors.Is(err, applications.ErrNoSlip) {
				t.Errorf("account %d: got %v, want ErrNoSlip", i, err)
			}
		}
		if ids, err := w.Elections(ctx); err != nil || len(ids) != 1 || ids[0] != id {
			t.Error(ids, err)
		}
	})
}

func (w *world) checkPaper(path string) {
	w.t.Helper()
	f, err := os.Open(path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		w.t.Error("the paper list can be read by others")
	}
	r := csv.NewReader(f)
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || len(rows) != 8 || rows[1][0] != "001" || rows[7][0] != "002" || rows[1][1] != "Иванов" {
		w.t.Fatal(len(rows), err)
	}
}

func TestAfterTheListIsFormedNothingChanges(t *testing.T) {
	w := newWorld(t, databasetest.Open(t, databasetest.SQLite(t)))
	w.load(line(0), line(1), line(3))
	a := w.file(0)
	w.file(1)
	if err := w.confirm(3, form(3).Phone); err != nil {
		t.Fatal(err)
	}
	w.at = closes
	if _, err := w.Correct(ctx, account(0), form(0)); !errors.Is(err, applications.ErrFormed) {
		t.Errorf("correction after the time is over: %v", err)
	}
	// Withdrawal is possible until the list is formed, not only while applications are taken.
	if _, err := w.Withdraw(ctx, account(1).Subject); err != nil {
		t.Error(err)
	}
	if _, err := w.Form(ctx, "clerk", election()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Withdraw(ctx, account(0).Subject); !errors.Is(err, applications.ErrFormed) {
		t.Errorf("withdrawal: %v", err)
	}
	if _, err := w.Reject(ctx, "clerk", a.Number, applications.Struck); !errors.Is(err, applications.ErrFormed) {
		t.Errorf("rejection: %v", err)
	}
	if late, err := w.File(ctx, account(3), form(3)); err != nil || story(late) != "submitted rejected(late)" {
		t.Errorf("late: %v", err)
	}
	list, err := w.Form(ctx, "clerk", election())
	if err != nil || list.Size() != 1 {
		t.Fatal(err)
	}
}

func TestTheListIsNotFormedOverUndecidedOrUnmatchedApplications(t *testing.T) {
	w := newWorld(t, databasetest.Open(t, databasetest.SQLite(t)))
	w.file(0)
	w.file(1)
	w.at = closes
	var undecided *applications.UndecidedError
	if _, err := w.Form(ctx, "clerk", election()); !errors.As(err, &undecided) || undecided.Waiting != 2 {
		t.Fatalf("got %v", err)
	}
	w.load(line(0), line(1))
	if done, err := w.Decide(ctx, "clerk"); err != nil || done.Accepted != 2 {
		t.Fatal(done, err)
	}
	w.load(line(0)) // elector 1 was struck since
	if _, err := w.Form(ctx, "clerk", election()); !errors.As(err, &undecided) || len(undecided.Unmatched) != 1 || undecided.Unmatched[0] != 2 {
		t.Fatalf("got %v", err)
	}
	if _, err := w.Reject(ctx, "clerk", 2, applications.Struck); err != nil {
		t.Fatal(err)
	}
	if list, err := w.Form(ctx, "clerk", election()); err != nil || list.Size() != 1 {
		t.Fatal(err)
	}
}

func TestAnElectorWhoMovedWithinTheRegisterGetsTheNewTerritorysBallot(t *testing.T) {
	w := newWorld(t, databasetest.Open(t, databasetest.SQLite(t)))
	w.load(line(0))
	w.file(0)
	w.load(strings.Replace(line(0), ";001", ";002", 1))
	w.at = closes
	if _, err := w.Form(ctx, "clerk", election()); err != nil {
		t.Fatal(err)
	}
	s, err := w.Slip(ctx, account(0).Subject, election().ID)
	if err != nil || definition.Styles[s.Style].Name != "south" {
		t.Fatal(err)
	}
}

func TestErasureLeavesCountsAndNothingOfPersons(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		db := databasetest.Open(t, where)
		w := newWorld(t, db)
		w.load(line(0), line(1), line(2))
		for i := range 3 {
			w.file(i)
		}
		w.at = closes
		if _, err := w.Form(ctx, "clerk", election()); err != nil {
			t.Fatal(err)
		}
		if err := w.Erase(ctx, "clerk"); !errors.Is(err, applications.ErrTerm) {
			t.Fatalf("got %v, want ErrTerm", err)
		}
		w.at = erase
		for range 2 { // it may be repeated
			if err := w.Erase(ctx, "clerk"); err != nil {
				t.Fatal(err)
			}
		}
		err := db.View(ctx, func(tx *database.Tx) error {
			for _, table := range []string{"application", "application_event", "application_phone", "enrolment", "elector", "elector_register"} {
				var n int
				if err := tx.Row("SELECT COUNT(*) FROM " + table).Scan(&n); err != nil {
					return err
				}
				if n != 0 {
					t.Errorf("%d rows of %s remain", n, table)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		counts, err := w.Counts(ctx)
		want := "[{accepted  2} {rejected territory 1}]"
		if got := fmt.Sprint(counts); err != nil || got != want {
			t.Errorf("%s, want %s (%v)", got, want, err)
		}
		if _, err := w.File(ctx, account(0), form(0)); !errors.Is(err, applications.ErrErased) {
			t.Errorf("got %v, want ErrErased", err)
		}
		if _, err := w.Slip(ctx, account(0).Subject, election().ID); !errors.Is(err, applications.ErrNoSlip) {
			t.Errorf("got %v, want ErrNoSlip", err)
		}
		if n, _, err := journal.Holds(ctx, db, 0, [32]byte{}); err != nil || n < 3 {
			t.Error("journal:", n, err)
		}
	})
}

func TestErasureLeavesNothingInTheFile(t *testing.T) {
	where := databasetest.SQLite(t)
	w := newWorld(t, databasetest.Open(t, where))
	w.load(line(0))
	w.file(0)
	var sealed []byte
	err := w.db.View(ctx, func(tx *database.Tx) error { return tx.Row("SELECT sealed FROM application").Scan(&sealed) })
	if err != nil {
		t.Fatal(err)
	}
	w.at = erase.Add(time.Hour)
	if err := w.Erase(ctx, "clerk"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{where, where + "-wal"} {
		content, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil || bytes.Contains(content, sealed) {
			t.Errorf("%s: the deleted application is still there (%v)", filepath.Base(name), err)
		}
	}
}
