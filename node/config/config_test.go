package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/node/config"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "urnad.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const minimal = "mode = \"observer\"\n"

func TestUnknownKeysAreFatalAndNamed(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		environ []string
		flags   map[string]string
		want    string
	}{
		"top":         {text: minimal + "colour = 1\n", want: "colour"},
		"section":     {text: minimal + "[api]\nlissen = \"x\"\n", want: "api.lissen"},
		"new section": {text: minimal + "[tls]\nkey = \"x\"\n", want: "tls.key"},
		"environment": {text: minimal, environ: []string{"URNA_API_LISSEN=x"}, want: "URNA_API_LISSEN"},
		"flag":        {text: minimal, flags: map[string]string{"api.lissen": "x"}, want: "api.lissen"},
	} {
		_, err := config.Load(file(t, c.text), c.environ, c.flags)
		if !errors.Is(err, config.ErrUnknownKey) || !strings.Contains(err.Error(), `"`+c.want+`"`) {
			t.Errorf("%s: %v, want unknown key %q", name, err, c.want)
		}
	}
}

func TestWrongValuesAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"":                                                   "mode",
		"mode = \"king\"\n":                                  "mode",
		minimal + "name = \"\"\n":                            "name",
		minimal + "[log]\nlevel = \"loud\"\n":                "log.level",
		minimal + "[log]\nformat = \"xml\"\n":                "log.format",
		minimal + "[api]\nlisten = \"nowhere\"\n":            "api.listen",
		minimal + "[api]\nlisten = \"h:99999\"\n":            "api.listen",
		minimal + "[api]\nread_timeout = \"0s\"\n":           "api.read_timeout",
		minimal + "[api]\norigins = [\"*\"]\n":               "api.origins[0]",
		minimal + "[p2p]\npeers = [\"a@b:1\"]\n":             "p2p.peers[0]",
		minimal + "[p2p]\nsend_rate = 5\n":                   "p2p.send_rate",
		minimal + "[mempool]\ncache = 1\n":                   "mempool.cache",
		minimal + "[metrics]\nlisten = \"9\"\n":              "metrics.listen",
		minimal + "[rpc]\nlisten = \"0.0.0.0:1\"\n":          "rpc.listen",
		minimal + "[consensus]\ntimeout_propose = \"1ms\"\n": "consensus.timeout_propose",
	} {
		if _, err := config.Load(file(t, text), nil, nil); err == nil || !strings.Contains(err.Error(), want+" = ") {
			t.Errorf("%q: %v, want %s named", text, err, want)
		}
	}
	if _, err := config.Load(file(t, minimal+"[api]\nread_timeout = \"soon\"\n"), nil, nil); err == nil || !strings.Contains(err.Error(), "read_timeout") {
		t.Errorf("a duration that is none: %v", err)
	}
	if _, err := config.Load(file(t, "mode = observer"), nil, nil); err == nil {
		t.Error("a file that is no TOML was read")
	}
	if _, err := config.Load(filepath.Join(t.TempDir(), "none"), nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestValuesOfAnotherTypeAreNamed(t *testing.T) {
	for key, text := range map[string]string{
		"mode":                "mode = true\n",
		"name":                minimal + "name = 5\n",
		"api.max_connections": minimal + "[api]\nmax_connections = 1.9\n",
		"mempool.size":        minimal + "[mempool]\nsize = true\n",
		"app.workers":         minimal + "[app]\nworkers = \"2\"\n",
		"api.idle_timeout":    minimal + "[api]\nidle_timeout = 60\n",
		"api.origins":         minimal + "[api]\norigins = \"https://a.example\"\n",
		"p2p.peers":           minimal + "[p2p]\npeers = [1]\n",
		"p2p.local":           minimal + "[p2p]\nlocal = 1\n",
	} {
		if _, err := config.Load(file(t, text), nil, nil); err == nil || !strings.Contains(err.Error(), key+" = ") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestFlagsOverrideEnvironmentOverridesFile(t *testing.T) {
	peer := strings.Repeat("ab", 20) + "@127.0.0.1:1"
	path := file(t, minimal+"name = \"file\"\n[api]\nlisten = \"127.0.0.1:1\"\nread_timeout = \"9s\"\n[consensus]\ntimeout_commit = \"1s\"\n")
	environ := []string{"PATH=/bin", "URNA_GATEWAY_LISTEN=x", "URNA_NAME=environment", "URNA_API_LISTEN=127.0.0.1:2", "URNA_P2P_PEERS=" + peer + "," + peer, "URNA_MEMPOOL_SIZE=7"}
	cfg, err := config.Load(path, environ, map[string]string{"api.listen": "127.0.0.1:3", "p2p.local": "true"})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.API.Listen != "127.0.0.1:3" || cfg.Name != "environment" || cfg.API.ReadTimeout != 9*time.Second ||
		!slices.Equal(cfg.P2P.Peers, []string{peer, peer}) || cfg.Mempool.Size != 7 || !cfg.P2P.Local || cfg.Consensus.TimeoutCommit != time.Second {
		t.Errorf("read %+v", cfg)
	}
	if cfg.Mempool.Cache != config.DefaultMempool().Cache {
		t.Error("what was not set lost its default")
	}
}

func TestWrittenFileReadsBackTheSame(t *testing.T) {
	want := config.Default(config.Validator)
	want.Name = `north "1"`
	want.P2P.Peers = []string{strings.Repeat("0f", 20) + "@[::1]:26656"}
	want.API.Origins = []string{"https://vote.example.org"}
	want.Consensus.TimeoutCommit = 350 * time.Millisecond
	path := filepath.Join(t.TempDir(), "urnad.toml")
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(path, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Marshal()) != string(want.Marshal()) {
		t.Errorf("read\n%s\nwrote\n%s", got.Marshal(), want.Marshal())
	}
	if err := want.Write(path); err == nil {
		t.Error("an existing file was overwritten")
	}
}

func TestEveryKeyIsDocumented(t *testing.T) {
	all := config.Keys()
	if len(all) < 30 {
		t.Fatalf("%d keys", len(all))
	}
	for _, key := range all {
		if key[1] == "" || strings.Contains(key[1], "\n") {
			t.Errorf("%s has no comment of one line", key[0])
		}
	}
}

func TestEngineGetsTheMeasuredSettings(t *testing.T) {
	cfg := config.Default(config.Validator)
	cfg.P2P.Peers = []string{strings.Repeat("0f", 20) + "@127.0.0.1:5", strings.Repeat("1f", 20) + "@127.0.0.1:6"}
	e := cfg.Engine("/data")
	if err := e.ValidateBasic(); err != nil {
		t.Fatal(err)
	}
	if e.TxIndex.Indexer != "null" || !e.Storage.DiscardABCIResponses || e.RPC.ListenAddress != "" || e.DBDir() != "/data" ||
		e.P2P.PexReactor || e.P2P.SendRate != 500_000_000 || e.P2P.MaxPacketMsgPayloadSize != 16<<10 ||
		e.P2P.UnconditionalPeerIDs != strings.Repeat("0f", 20)+","+strings.Repeat("1f", 20) ||
		e.Mempool.MaxTxBytes != config.MaxTxBytes || e.Mempool.ReapInterval > 100*time.Millisecond ||
		!e.Consensus.CreateEmptyBlocks || e.Consensus.CreateEmptyBlocksInterval != 0 || e.Consensus.SkipTimeoutCommit ||
		e.Consensus.TimeoutPropose < 3*time.Second || e.Consensus.TimeoutCommit != cfg.Consensus.TimeoutCommit ||
		e.Consensus.PeerGossipSleepDuration != 10*time.Millisecond || e.Consensus.WalFile() != "/data/wal/wal" {
		t.Errorf("engine: %+v %+v %+v", e.P2P, e.Mempool, e.Consensus)
	}
}

func TestConnectionsLeaveFilesToTheStores(t *testing.T) {
	a := config.DefaultAPI()
	for files, want := range map[uint64]int{
		1 << 20: a.MaxConnections, 1<<63 - 1: a.MaxConnections, 20_000: a.MaxConnections, 4096: 1792, 1024: 256, 256: 64,
	} {
		if got := a.Connections(files); got != want {
			t.Errorf("%d files: %d connections, want %d", files, got, want)
		}
	}
}
