package runner_test

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/home"
	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/testnet/manifest"
)

// configure changes the settings of a node that does not run.
func configure(t *testing.T, dir home.Dir, change func(*config.Config)) {
	t.Helper()
	cfg, err := config.Load(dir.Config(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	change(&cfg)
	if err := os.WriteFile(dir.Config(), cfg.Marshal(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// lone is a network of two validators that write snapshots, and an observer
// that has lost everything but its keys and does not run. The status is that of
// a validator a while ago.
func lone(t *testing.T) (c *cluster, observer int, dir home.Dir, trusted api.Status) {
	t.Helper()
	m := manifest.Default(time.Now())
	m.Validators, m.Observers, m.Members, m.Quorum, m.TimeoutCommit = 2, 1, 3, 2, 100*time.Millisecond
	net := filepath.Join(t.TempDir(), "net")
	written, err := manifest.Write(t.Context(), net, m, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range written.Nodes {
		configure(t, home.Dir(filepath.Join(net, node.Home)), func(cfg *config.Config) {
			cfg.Snapshots.Interval, cfg.Snapshots.Keep = 4, 10
			cfg.Consensus.IdlePause = m.TimeoutCommit
		})
	}
	c = startIn(t, net, m)
	if err := c.WaitHeight(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if trusted, err = c.Status(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if err := c.Terminate(2); err != nil {
		t.Fatal(err)
	}
	dir = home.Dir(filepath.Join(net, c.Node(2).Home))
	if err := os.RemoveAll(dir.Data()); err != nil {
		t.Fatal(err)
	}
	return c, 2, dir, trusted
}

func (c *cluster) ask(t *testing.T, node int, path string) (int, string) {
	t.Helper()
	resp, err := http.Get(c.Node(node).APIURL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// An observer that lost everything joins a running network with a snapshot of
// the state, checked from a block hash that its operator trusts, and goes on
// like the others.
func TestObserverJoinsWithASnapshotOfTheState(t *testing.T) {
	c, observer, dir, trusted := lone(t)
	ctx, cancel := context.WithTimeout(t.Context(), 120*time.Second)
	defer cancel()
	first := c.elect(ctx, t, 1)
	if err := c.WaitHeight(ctx, trusted.Height+5); err != nil {
		t.Fatal(err)
	}
	configure(t, dir, func(cfg *config.Config) {
		cfg.StateSync.Servers = c.URLs()[:observer]
		cfg.StateSync.TrustHeight, cfg.StateSync.TrustHash = trusted.Height, trusted.BlockHash.String()
	})
	if err := c.Restart(ctx, observer); err != nil {
		t.Fatal(err)
	}
	status, err := c.Status(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.WaitHeight(ctx, status.Height+2); err != nil {
		t.Fatal(err)
	}
	c.provenBy(ctx, t, observer, first)
	c.agree(ctx, t)
	if code, body := c.ask(t, observer, "/v1/blocks?from=1&to=2"); code != http.StatusNotFound || !strings.Contains(body, "this node's blocks begin at height") {
		t.Fatalf("blocks before the snapshot: %d %s", code, body)
	}
	c.noRecordFrom(ctx, t, observer)
	second := c.elect(ctx, t, 2)
	if err := c.Kill9(observer); err != nil {
		t.Fatal(err)
	}
	if err := c.Restart(ctx, observer); err != nil {
		t.Fatal(err)
	}
	c.provenBy(ctx, t, observer, second)
	c.agree(ctx, t)
}

// noRecordFrom fetches a record from a node that has no early blocks, and is told so.
func (c *cluster) noRecordFrom(ctx context.Context, t *testing.T, node int) {
	t.Helper()
	genesis, err := os.ReadFile(c.Genesis())
	if err != nil {
		t.Fatal(err)
	}
	one, err := client.New(client.Config{Nodes: []string{c.Node(node).APIURL}, Trust: c.client.Trust()})
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	_, err = record.Fetch(ctx, record.Request{Source: one, Genesis: genesis, Dir: filepath.Join(t.TempDir(), "record")})
	if err == nil || !strings.Contains(err.Error(), "this node's blocks begin at height") {
		t.Fatalf("a record without its beginning: %v", err)
	}
}

func TestNodeWithAWrongTrustedHashDoesNotStart(t *testing.T) {
	c, observer, dir, trusted := lone(t)
	configure(t, dir, func(cfg *config.Config) {
		cfg.StateSync.Servers = c.URLs()[:observer]
		cfg.StateSync.TrustHeight, cfg.StateSync.TrustHash = trusted.Height, strings.Repeat("ab", 32)
	})
	if err := c.Restart(t.Context(), observer); err == nil || !strings.Contains(err.Error(), "begin with a snapshot: header") {
		t.Fatalf("a node with a wrong trusted hash: %v", err)
	}
	if err := c.Terminate(observer); err == nil {
		t.Fatal("it runs all the same")
	}
}
