package journal_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/journal"
)

func write(t *testing.T, db *database.DB, actions ...string) {
	t.Helper()
	for i, action := range actions {
		if err := journal.Note(db, journal.Entry{TimeMS: int64(1000 + i), Actor: "ann", Action: action, Object: "election 1"}); err != nil {
			t.Fatal(err)
		}
	}
}

func statement(t *testing.T, db *database.DB, query string, args ...any) {
	t.Helper()
	err := db.Update(func(tx *database.Tx) error {
		changed, err := tx.Exec(query, args...)
		if err == nil && changed == 0 {
			return errors.New("nothing was changed")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestJournalReadsBackAsWritten(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		if n, head, err := journal.Holds(context.Background(), db, 0, [32]byte{}); n != 0 || head != [32]byte{} || err != nil {
			t.Fatal(n, head, err)
		}
		write(t, db, "people import", "list closed", "keys destroy")
		var actions []string
		err := journal.Read(context.Background(), db, 2, func(r journal.Row) error {
			actions = append(actions, r.Action)
			if r.Actor != "ann" || r.Object != "election 1" || r.TimeMS != 1000+r.Seq-1 {
				t.Errorf("row %+v", r)
			}
			return nil
		})
		if err != nil || strings.Join(actions, ",") != "list closed,keys destroy" {
			t.Fatal(actions, err)
		}
		if n, head, err := journal.Holds(context.Background(), db, 0, [32]byte{}); n != 3 || head == [32]byte{} || err != nil {
			t.Fatal(n, head, err)
		}
	})
}

func TestEveryTamperingShows(t *testing.T) {
	for name, c := range map[string]struct{ query, want string }{
		"time":    {"UPDATE journal SET time_ms = 7 WHERE seq = 2", "row 2"},
		"actor":   {"UPDATE journal SET actor = 'bob' WHERE seq = 1", "row 1"},
		"action":  {"UPDATE journal SET action = 'people import ' WHERE seq = 3", "row 3"},
		"object":  {"UPDATE journal SET object = '' WHERE seq = 2", "row 2"},
		"removal": {"DELETE FROM journal WHERE seq = 2", "row 3 follows row 1"},
		"first":   {"DELETE FROM journal WHERE seq = 1", "row 2 follows row 0"},
		"moved":   {"UPDATE journal SET actor = 'annp', action = 'eople import' WHERE seq = 1", "row 1"},
		"hash":    {"UPDATE journal SET hash = (SELECT j.hash FROM journal j WHERE j.seq = 1) WHERE seq = 3", "row 3"},
		"added":   {"INSERT INTO journal SELECT 4, time_ms, actor, action, object, hash FROM journal WHERE seq = 3", "row 4"},
		"before":  {"INSERT INTO journal SELECT 0, time_ms, actor, action, object, hash FROM journal WHERE seq = 3", "row 0"},
	} {
		t.Run(name, func(t *testing.T) {
			db := databasetest.Open(t, databasetest.SQLite(t))
			write(t, db, "people import", "list closed", "keys destroy")
			statement(t, db, c.query)
			_, _, err := journal.Holds(context.Background(), db, 0, [32]byte{})
			if !errors.Is(err, journal.ErrBroken) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestACutEndShowsAgainstTheNotedHead(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := context.Background()
		write(t, db, "a", "b", "c")
		noted, head, err := journal.Holds(ctx, db, 0, [32]byte{})
		if err != nil {
			t.Fatal(err)
		}
		write(t, db, "d")
		if n, _, err := journal.Holds(ctx, db, noted, head); err != nil || n != 4 {
			t.Fatal(n, err)
		}
		// Who can write the database makes the end anew.
		statement(t, db, "DELETE FROM journal WHERE seq >= 3")
		write(t, db, "other", "d")
		if n, _, err := journal.Holds(ctx, db, 0, [32]byte{}); err != nil || n != 4 {
			t.Fatal(n, err)
		}
		if _, _, err := journal.Holds(ctx, db, noted, head); !errors.Is(err, journal.ErrBroken) {
			t.Fatalf("got %v, want ErrBroken", err)
		}
		if _, _, err := journal.Holds(ctx, db, 9, head); !errors.Is(err, journal.ErrBroken) {
			t.Fatalf("a row that is not there: %v", err)
		}
		if _, _, err := journal.Holds(ctx, db, 0, [32]byte{}); err != nil {
			t.Fatalf("the empty journal's head holds always: %v", err)
		}
	})
}

func TestReplicasChainToOneAnother(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		replicas := []*database.DB{databasetest.Open(t, where), databasetest.Open(t, where)}
		var wg sync.WaitGroup
		for i := range 24 {
			wg.Go(func() {
				if err := journal.Note(replicas[i%2], journal.Entry{Actor: "ann", Action: "act"}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n, _, err := journal.Holds(context.Background(), replicas[0], 0, [32]byte{}); err != nil || n != 24 {
			t.Fatal(n, err)
		}
	})
}

func TestAnActUndoneLeavesNoEntry(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		fault := errors.New("fault")
		err := db.Update(func(tx *database.Tx) error {
			if err := journal.Append(tx, journal.Entry{Actor: "ann", Action: "act"}); err != nil {
				return err
			}
			return fault
		})
		if !errors.Is(err, fault) {
			t.Fatal(err)
		}
		if n, _, err := journal.Holds(context.Background(), db, 0, [32]byte{}); n != 0 || err != nil {
			t.Fatal(n, err)
		}
	})
}

func TestEntriesAreOneLineEach(t *testing.T) {
	db := databasetest.Open(t, databasetest.SQLite(t))
	for name, e := range map[string]journal.Entry{
		"actor":     {Actor: "", Action: "act"},
		"action":    {Actor: "ann", Action: ""},
		"object":    {Actor: "ann", Action: "act", Object: "two\nlines"},
		"at most":   {Actor: "ann", Action: "act", Object: strings.Repeat("x", 1001)},
		"one line ": {Actor: "ann", Action: "\xff"},
	} {
		if err := journal.Note(db, e); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEntryNamesTheAccountAndWhoCalledSudo(t *testing.T) {
	e := journal.By(time.UnixMilli(5), "alice", "act", "object")
	if e.TimeMS != 5 || !strings.HasSuffix(e.Actor, " (sudo alice)") || e.Action != "act" || e.Object != "object" {
		t.Fatalf("%+v", e)
	}
	if plain := journal.By(time.UnixMilli(5), "", "act", ""); plain.Actor == "" || strings.Contains(plain.Actor, "sudo") {
		t.Fatalf("%+v", plain)
	}
}
