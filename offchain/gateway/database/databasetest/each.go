package databasetest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/urna-vote/urna/offchain/gateway/database"
)

// Variable that names a PostgreSQL server for tests.
const Variable = "URNA_TEST_POSTGRES"

// Each runs a test on an empty database of each kind.
func Each(t *testing.T, run func(t *testing.T, db *database.DB)) {
	t.Helper()
	Places(t, func(t *testing.T, where string) { run(t, Open(t, where)) })
}

// Places runs a test with the place of an empty database of each kind, to be
// opened several times: by replicas, or again after a restart.
func Places(t *testing.T, run func(t *testing.T, where string)) {
	t.Helper()
	for _, kind := range kinds() {
		t.Run(kind.name, func(t *testing.T) { run(t, kind.make(t)) })
	}
}

// Benchmark runs a benchmark on an empty database of each kind.
func Benchmark(b *testing.B, run func(b *testing.B, db *database.DB)) {
	b.Helper()
	for _, kind := range kinds() {
		b.Run(kind.name, func(b *testing.B) { run(b, Open(b, kind.make(b))) })
	}
}

// Open opens a database until the test ends.
func Open(t testing.TB, where string) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// SQLite is the place of an empty SQLite database, for tests to which the kind
// means nothing.
func SQLite(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "gateway.db")
}

type kind struct {
	name string
	make func(testing.TB) string
}

func kinds() []kind {
	all := []kind{{"SQLite", SQLite}}
	if server := os.Getenv(Variable); server != "" {
		all = append(all, kind{"PostgreSQL", func(t testing.TB) string { return schema(t, server) }})
	}
	return all
}

// schema makes an empty schema and gives the address under which it is the
// only one seen.
func schema(t testing.TB, server string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	statement(t, server, "CREATE SCHEMA "+name)
	t.Cleanup(func() { statement(t, server, "DROP SCHEMA "+name+" CASCADE") })
	address, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s: not an address that begins with postgres://", Variable)
	}
	values := address.Query()
	values.Set("search_path", name)
	address.RawQuery = values.Encode()
	return address.String()
}

func statement(t testing.TB, server, text string) {
	t.Helper()
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("connect to the server of %s: %v", Variable, err)
	}
	defer connection.Close(ctx)
	if _, err := connection.Exec(ctx, text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}
