package daemon_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/chain/chaintest"
	"github.com/urna-vote/urna/offchain/gateway/daemon"
)

// Who asks whether a gateway is ready learns that it is not, and no host.
func TestReadinessNamesNoHost(t *testing.T) {
	node := httptest.NewServer(http.NotFoundHandler())
	c := homeOf(t, chaintest.New(t, 1), node.URL)
	makeKeys(t, c)
	dir := t.TempDir()
	makeCodes(t, dir)
	_, _, err := daemon.ImportCodes(context.Background(), c, dir)
	must(t, err)
	node.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	listening, ended := make(chan net.Addr, 1), make(chan error, 1)
	var log bytes.Buffer
	go func() {
		ended <- daemon.Serve(ctx, c, slog.New(slog.NewTextHandler(&log, nil)), func(a net.Addr) { listening <- a })
	}()
	host := strings.TrimPrefix(node.URL, "http://")
	select {
	case a := <-listening:
		for range 2 {
			if status, body := get(t, "http://"+a.String()+"/v1/ready"); status != http.StatusServiceUnavailable || strings.Contains(body, host) || !strings.Contains(body, "no node") {
				t.Error(status, body)
			}
		}
	case err := <-ended:
		t.Fatal(err)
	}
	cancel()
	must(t, <-ended)
	if n := strings.Count(log.String(), "not ready"); n != 1 || !strings.Contains(log.String(), host) {
		t.Errorf("the log tells it %d times: %s", n, log.String())
	}
}
