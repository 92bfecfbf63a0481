package daemon_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/gateway/daemon"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/journal"
)

func TestImportAndForgettingOfCodesStandInTheJournal(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		c := home(t)
		c.Database = where
		dir := t.TempDir()
		makeCodes(t, dir)
		ctx := context.Background()
		for _, want := range []int{2, 0} {
			added, all, err := daemon.ImportCodes(ctx, c, dir)
			if err != nil || added != want || all != 2 {
				t.Fatal(added, all, err)
			}
		}
		must(t, daemon.ForgetCodes(ctx, c, electionID))
		db := databasetest.Open(t, where)
		var acts []string
		must(t, journal.Read(ctx, db, 1, func(r journal.Row) error {
			acts = append(acts, r.Action+": "+r.Object)
			return nil
		}))
		election := fmt.Sprintf("election %x, ", electionID)
		want := "codes import: " + election + "2 of 2 entries new\n" +
			"codes import: " + election + "0 of 2 entries new\n" +
			"codes forget: " + election + "2 entries"
		if got := strings.Join(acts, "\n"); got != want {
			t.Fatalf("journal:\n%s\nwant:\n%s", got, want)
		}
		if added, _, err := daemon.ImportCodes(ctx, c, dir); err != nil || added != 2 {
			t.Fatal("forgotten entries are still there", added, err)
		}
	})
}
