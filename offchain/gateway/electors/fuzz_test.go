package electors_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/electors"
)

func FuzzReadTerritories(f *testing.F) {
	f.Add([]byte("territory;name;style\n001;A;x|y\n002;B;\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		found, err := electors.ReadTerritories(bytes.NewReader(b))
		if err == nil && len(found) == 0 {
			t.Fatal("nothing was read without an error")
		}
		for code, territory := range found {
			if code == "" || territory.Code != code || territory.Name == "" {
				t.Fatalf("read %+v", territory)
			}
		}
	})
}

// Whatever the file: it is refused and nothing remains, or every line is there.
func FuzzImport(f *testing.F) {
	f.Add([]byte(header + alyona))
	f.Add([]byte("surname,name,patronymic,birth_date,document,address,territory\n\"A\nB\",C,,1970-01-01,1234,x,001\n"))
	db := databasetest.Open(f, databasetest.SQLite(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := electors.New(db, key(t), rand.Reader, "2026")
		if err := r.Forget(context.Background()); err != nil {
			t.Fatal(err)
		}
		n, err := r.Import(context.Background(), electors.Source{File: bytes.NewReader(b), Territories: territories(t)}, none)
		size, sizeErr := r.Size(context.Background())
		var bad *electors.BadLines
		if sizeErr != nil || int64(n) != size || (err == nil) != (n > 0) || (errors.As(err, &bad) && len(bad.Lines) == 0) {
			t.Fatal(n, size, err, sizeErr)
		}
	})
}
