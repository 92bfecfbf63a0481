package database_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
)

// A statement that is kept gives what a new one would: read while it is read,
// after an error, after others changed the rows, and however many there are.
func TestAKeptStatementIsAsGoodAsANewOne(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		const insert = "INSERT INTO person_requests (person, minute, requests) VALUES (?, ?, ?)"
		const read = "SELECT requests FROM person_requests WHERE minute >= ? ORDER BY minute"
		err := db.Update(func(tx *database.Tx) error {
			for i := range 5 {
				if _, err := tx.Exec(insert, []byte{byte(i)}, i, 10*i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Update(func(tx *database.Tx) error { _, err := tx.Exec(insert, []byte{1}, 1, 1); return err }); err == nil {
			t.Fatal("a second row of one key is accepted")
		}
		err = db.View(context.Background(), func(tx *database.Tx) error {
			first := 0
			// Closed before it is read to its end, and run again.
			rows, err := tx.Rows(read, 2)
			if err != nil || !rows.Next() {
				return fmt.Errorf("no row: %w", err)
			}
			if err := rows.Scan(&first); err != nil {
				return err
			}
			if err := rows.Close(); err != nil {
				return err
			}
			for from, want := range []int{0, 10, 20, 30, 40} {
				var got int
				if err := tx.Row(read, from).Scan(&got); err != nil || got != want || first != 20 {
					t.Errorf("from %d: %d, not %d, %v", from, got, want, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 500 {
			err := db.View(context.Background(), func(tx *database.Tx) error {
				var got int
				if err := tx.Row(fmt.Sprintf("SELECT requests + %d FROM person_requests WHERE minute = ?", i), 4).Scan(&got); err != nil || got != 40+i {
					t.Errorf("statement %d: %d %v", i, got, err)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
