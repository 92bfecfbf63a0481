package node_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/node"
	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/home"
	"github.com/urna-vote/urna/testnet/manifest"
	"github.com/urna-vote/urna/x/chainid"
)

// written makes the files of a network of one validator and one observer.
func written(t *testing.T) (dir string, network *manifest.Network) {
	t.Helper()
	m := manifest.Default(time.Now())
	m.Validators, m.Observers, m.Members, m.Quorum = 1, 1, 2, 1
	m.TimeoutCommit = 20 * time.Millisecond
	dir = filepath.Join(t.TempDir(), "net")
	network, err := manifest.Write(t.Context(), dir, m, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return dir, network
}

func settings(t *testing.T, dir home.Dir) config.Config {
	t.Helper()
	cfg, err := config.Load(dir.Config(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func open(t *testing.T, dir home.Dir, cfg config.Config) (*node.Node, error) {
	t.Helper()
	return node.New(t.Context(), dir, cfg, "test", slog.New(slog.DiscardHandler))
}

// refuses opens a node that must not open, and checks that another try still
// finds the lock and the ports free.
func refuses(t *testing.T, dir home.Dir, cfg config.Config) error {
	t.Helper()
	n, err := open(t, dir, cfg)
	if err == nil {
		t.Fatal("the node opened", n.Close())
	}
	unlock, lockErr := dir.Lock()
	if lockErr != nil {
		t.Fatalf("a refused start keeps the lock: %v", lockErr)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	return err
}

func TestGenesisThatDoesNotHashToItsChainIDIsRefused(t *testing.T) {
	dir, _ := written(t)
	h := home.Dir(filepath.Join(dir, "validator0"))
	raw, err := os.ReadFile(h.Genesis())
	if err != nil {
		t.Fatal(err)
	}
	altered := bytes.Replace(raw, []byte(`"rehearsal": true`), []byte(`"rehearsal": false`), 1)
	if err := os.WriteFile(h.Genesis(), altered, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := refuses(t, h, settings(t, h)); !errors.Is(err, chainid.ErrMismatch) {
		t.Errorf("a rehearsal turned into an election: %v", err)
	}
}

func TestDataOfAnotherChainAreRefusedNamingBoth(t *testing.T) {
	dir, network := written(t)
	h := home.Dir(filepath.Join(dir, "validator0"))
	n, err := open(t, h, settings(t, h))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	otherDir, other := written(t)
	raw, err := os.ReadFile(filepath.Join(otherDir, "genesis.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.Genesis(), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	err = refuses(t, h, settings(t, h))
	if !errors.Is(err, home.ErrOtherChain) || !strings.Contains(err.Error(), network.ChainID) || !strings.Contains(err.Error(), other.ChainID) {
		t.Errorf("other chain's genesis: %v", err)
	}
	// Without the mark the stores themselves know whose they are.
	if err := os.Remove(filepath.Join(h.Data(), "chain")); err != nil {
		t.Fatal(err)
	}
	cfg := settings(t, h)
	cfg.Mode = config.Observer
	err = refuses(t, h, cfg)
	if !strings.Contains(err.Error(), network.ChainID) || !strings.Contains(err.Error(), other.ChainID) {
		t.Errorf("without the mark: %v", err)
	}
}

func TestSecondNodeOnOneHomeIsRefused(t *testing.T) {
	dir, _ := written(t)
	h := home.Dir(filepath.Join(dir, "validator0"))
	n, err := open(t, h, settings(t, h))
	if err != nil {
		t.Fatal(err)
	}
	if second, err := open(t, h, settings(t, h)); !errors.Is(err, home.ErrInUse) {
		t.Errorf("a second node: %v, %v", second, err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

func TestValidatorThatIsNotInTheGenesisIsRefused(t *testing.T) {
	dir, _ := written(t)
	otherDir, _ := written(t)
	h := home.Dir(filepath.Join(dir, "validator0"))
	raw, err := os.ReadFile(filepath.Join(otherDir, "genesis.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.Genesis(), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := refuses(t, h, settings(t, h)); !strings.Contains(err.Error(), "not a validator's in the genesis") {
		t.Errorf("a stranger's key: %v", err)
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	dir, _ := written(t)
	h := home.Dir(filepath.Join(dir, "validator0"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := settings(t, h)
	cfg.API.Listen = l.Addr().String()
	if err := refuses(t, h, cfg); !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("taken port: %v", err)
	}
}

func TestNodeGoesOnWhereItStopped(t *testing.T) {
	dir, network := written(t)
	h := home.Dir(filepath.Join(dir, "validator0"))
	var last int64
	for range 3 {
		n, err := open(t, h, settings(t, h))
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Start(); err != nil {
			t.Fatal(err)
		}
		last = waitHeight(t, network.Nodes[0].APIURL(), last+3)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := n.Wait(ctx); err != nil {
			t.Errorf("asked to stop: %v", err)
		}
		if err := n.Close(); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
}
