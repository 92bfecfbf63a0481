package daemon_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/daemon"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
)

// Two replicas serve from one database, on either kind, and stop cleanly.
func TestReplicasServeFromOneDatabase(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		c := home(t)
		c.Database = where
		makeKeys(t, c)
		dir := t.TempDir()
		makeCodes(t, dir)
		_, _, err := daemon.ImportCodes(context.Background(), c, dir)
		must(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		ended := make(chan error, 2)
		for range 2 {
			listening := make(chan net.Addr, 1)
			go func() {
				ended <- daemon.Serve(ctx, c, slog.New(slog.DiscardHandler), func(a net.Addr) { listening <- a })
			}()
			select {
			case a := <-listening:
				if status, body := get(t, "http://"+a.String()+"/v1/ready"); status != http.StatusOK {
					t.Fatal(status, body)
				}
			case err := <-ended:
				t.Fatal(err)
			}
		}
		cancel()
		for range 2 {
			select {
			case err := <-ended:
				must(t, err)
			case <-time.After(10 * time.Second):
				t.Fatal("does not stop")
			}
		}
	})
}
