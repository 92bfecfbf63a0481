package manifest_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/genesis"
	"github.com/urna-vote/urna/node/home"
	"github.com/urna-vote/urna/offchain/keyfile"
	"github.com/urna-vote/urna/testnet/manifest"
)

func TestWrittenNetworkIsComplete(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "net")
	n, err := manifest.Write(context.Background(), dir, manifest.Default(time.Now()), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	g, err := genesis.Load(filepath.Join(dir, "genesis.json"))
	if err != nil || g.Doc.ChainID != n.ChainID || len(g.Doc.Validators) != 4 || !g.App.Rehearsal {
		t.Fatalf("genesis %+v: %v", g, err)
	}
	for i, member := range g.App.Commission.Members {
		key, err := keyfile.Load(filepath.Join(dir, n.Commission[i]))
		if err != nil || key.Public() != member.Key {
			t.Errorf("key of %s: %v", member.Name, err)
		}
	}
	for _, node := range n.Nodes {
		h := home.Dir(filepath.Join(dir, node.Home))
		cfg, err := config.Load(h.Config(), nil, nil)
		if err != nil || cfg.API.Listen != node.API || len(cfg.P2P.Peers) < 3 {
			t.Errorf("%s: settings %+v: %v", node.Name, cfg, err)
		}
		if _, err := genesis.Load(h.Genesis()); err != nil {
			t.Error(err)
		}
		if _, err := h.Node(); err != nil {
			t.Error(err)
		}
		if pv, err := h.Validator(); node.Mode == config.Validator && (err != nil || !g.HasValidator(pv.Key.PubKey.Bytes())) {
			t.Errorf("%s is not in the genesis: %v", node.Name, err)
		}
	}
	again, err := manifest.Load(dir)
	if err != nil || again.ChainID != n.ChainID || len(again.Nodes) != 5 {
		t.Errorf("read back %+v: %v", again, err)
	}
}

func TestWrongManifestsAreRefusedAndLeaveNothing(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for name, spoil := range map[string]func(*manifest.Manifest){
		"validators": func(m *manifest.Manifest) { m.Validators = 0 },
		"quorum":     func(m *manifest.Manifest) { m.Quorum = 6 },
		"members":    func(m *manifest.Manifest) { m.Members = 21 },
		"base port":  func(m *manifest.Manifest) { m.BasePort = 65530 },
		"port":       func(m *manifest.Manifest) { m.BasePort = busy.Addr().(*net.TCPAddr).Port },
		"prefix":     func(m *manifest.Manifest) { m.Prefix = "Moscow" },
		"genesis":    func(m *manifest.Manifest) { m.GenesisTime = time.Time{} },
	} {
		parent := t.TempDir()
		m := manifest.Default(time.Now())
		spoil(&m)
		if _, err := manifest.Write(context.Background(), filepath.Join(parent, "net"), m, rand.Reader); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(parent); len(left) != 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
}

func TestInterruptedWriteLeavesNothing(t *testing.T) {
	parent := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := manifest.Write(ctx, filepath.Join(parent, "net"), manifest.Default(time.Now()), rand.Reader); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if left, _ := os.ReadDir(parent); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestSettingsThatNoNodeTakesAreNamed(t *testing.T) {
	for name, spoil := range map[string]func(*manifest.Manifest){
		"log.level":                func(m *manifest.Manifest) { m.LogLevel = "loud" },
		"consensus.timeout_commit": func(m *manifest.Manifest) { m.TimeoutCommit = -time.Second },
	} {
		m := manifest.Default(time.Now())
		spoil(&m)
		if err := m.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
