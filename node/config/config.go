package config

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// Modes of a node.
const (
	// Validator orders and checks; its key is in the genesis.
	Validator = "validator"
	// Observer replicates and checks, and serves the public API.
	Observer = "observer"
)

// Config of a node.
type Config struct {
	Mode string `koanf:"mode" doc:"validator or observer"`
	Name string `koanf:"name" doc:"what peers and people call this node"`

	Log       Log       `koanf:"log"`
	API       API       `koanf:"api"`
	P2P       P2P       `koanf:"p2p"`
	Consensus Consensus `koanf:"consensus"`
	Mempool   Mempool   `koanf:"mempool"`
	App       App       `koanf:"app"`
	Metrics   Metrics   `koanf:"metrics"`
	RPC       RPC       `koanf:"rpc"`
	StateSync StateSync `koanf:"statesync"`
	Snapshots Snapshots `koanf:"snapshots"`
}

// Default returns the configuration of a node of the given mode.
func Default(mode string) Config {
	return Config{
		Mode: mode, Name: "urna",
		Log: DefaultLog(), API: DefaultAPI(), P2P: DefaultP2P(), Consensus: DefaultConsensus(),
		Mempool: DefaultMempool(), App: DefaultApp(), Metrics: DefaultMetrics(), RPC: DefaultRPC(),
		StateSync: DefaultStateSync(), Snapshots: DefaultSnapshots(mode),
	}
}

// Validate names every wrong key.
func (c Config) Validate() error {
	var errs []error
	if c.Mode != Validator && c.Mode != Observer {
		errs = append(errs, wrong("mode", c.Mode, "validator or observer"))
	}
	if c.Name == "" || len(c.Name) > 64 || strings.ContainsFunc(c.Name, func(r rune) bool { return r < ' ' }) {
		errs = append(errs, wrong("name", c.Name, "1 to 64 printable characters"))
	}
	for _, s := range []interface{ Validate() error }{c.Log, c.API, c.P2P, c.Consensus, c.Mempool, c.App, c.Metrics, c.RPC, c.StateSync, c.Snapshots} {
		errs = append(errs, s.Validate())
	}
	return errors.Join(errs...)
}

// Log of a node.
type Log struct {
	Level  string `koanf:"level" doc:"debug, info, warn or error; info tells about start, stop and trouble only"`
	Format string `koanf:"format" doc:"text or json"`
	Engine string `koanf:"engine" doc:"the least level at which the consensus engine is heard"`
}

// Levels of the log.
var levels = []string{"debug", "info", "warn", "error"}

// DefaultLog is quiet.
func DefaultLog() Log { return Log{Level: "info", Format: "text", Engine: "warn"} }

// Validate names every wrong key.
func (l Log) Validate() error {
	return errors.Join(
		oneOf("log.level", l.Level, levels), oneOf("log.format", l.Format, []string{"text", "json"}), oneOf("log.engine", l.Engine, levels))
}

// API is the public HTTP interface.
type API struct {
	Listen         string        `koanf:"listen" doc:"address and port; loopback by default: put a TLS proxy before it"`
	MaxConnections int           `koanf:"max_connections" doc:"connections at once; more wait"`
	HeaderTimeout  time.Duration `koanf:"header_timeout" doc:"for the whole request header"`
	ReadTimeout    time.Duration `koanf:"read_timeout" doc:"for the whole request"`
	WriteTimeout   time.Duration `koanf:"write_timeout" doc:"for the whole answer"`
	IdleTimeout    time.Duration `koanf:"idle_timeout" doc:"between two requests of a connection"`
	Origins        []string      `koanf:"origins" doc:"web origins whose pages may ask, for example https://vote.example.org"`
	ReadyLag       time.Duration `koanf:"ready_lag" doc:"a node whose last block is older says that it is not ready"`
}

// DefaultAPI listens on loopback.
func DefaultAPI() API {
	return API{
		Listen: "127.0.0.1:26680", MaxConnections: 16_384, HeaderTimeout: 5 * time.Second, ReadTimeout: 20 * time.Second,
		WriteTimeout: 60 * time.Second, IdleTimeout: 60 * time.Second, Origins: []string{}, ReadyLag: 30 * time.Second,
	}
}

// ownFiles is how many files stores, logs and peers of a node may hold open.
const ownFiles = 2304

// Connections is how many the interface may hold at once if the process may
// have so many files open: what the operator allows, but never so many that
// strangers keep the stores from opening a file, which would stop the node.
func (a API) Connections(files uint64) int {
	room := max(files/4, files-min(files, ownFiles))
	return int(min(room, uint64(a.MaxConnections)))
}

// Validate names every wrong key.
func (a API) Validate() error {
	errs := []error{
		address("api.listen", a.Listen), between("api.max_connections", a.MaxConnections, 1, 1_000_000),
		period("api.header_timeout", a.HeaderTimeout, 100*time.Millisecond, time.Minute),
		period("api.read_timeout", a.ReadTimeout, time.Second, 10*time.Minute),
		period("api.write_timeout", a.WriteTimeout, time.Second, 10*time.Minute),
		period("api.idle_timeout", a.IdleTimeout, time.Second, 10*time.Minute),
		period("api.ready_lag", a.ReadyLag, time.Second, time.Hour),
	}
	for i, o := range a.Origins {
		host, found := strings.CutPrefix(o, "https://")
		if !found {
			host, found = strings.CutPrefix(o, "http://")
		}
		if !found || host == "" || strings.ContainsAny(host, "/*?# ") {
			errs = append(errs, wrong(fmt.Sprintf("api.origins[%d]", i), o, "scheme and host such as https://vote.example.org"))
		}
	}
	return errors.Join(errs...)
}

// P2P is the network of nodes.
type P2P struct {
	Listen      string   `koanf:"listen" doc:"address and port for other nodes"`
	External    string   `koanf:"external" doc:"address and port that others dial, if it differs"`
	Peers       []string `koanf:"peers" doc:"nodes to keep connected to: id@host:port"`
	MaxInbound  int      `koanf:"max_inbound" doc:"connections accepted besides those from peers"`
	MaxOutbound int      `koanf:"max_outbound" doc:"connections dialled besides those to peers"`
	SendRate    int64    `koanf:"send_rate" doc:"bytes a second to one peer"`
	RecvRate    int64    `koanf:"recv_rate" doc:"bytes a second from one peer"`
	Discovery   bool     `koanf:"discovery" doc:"exchange addresses with peers"`
	Local       bool     `koanf:"local" doc:"allow private addresses and several nodes on one host; for test networks"`
}

// DefaultP2P has the engine's rates raised: its own hold back full blocks.
func DefaultP2P() P2P {
	return P2P{
		Listen: "0.0.0.0:26656", Peers: []string{}, MaxInbound: 40, MaxOutbound: 10,
		SendRate: 500_000_000, RecvRate: 500_000_000,
	}
}

// Validate names every wrong key.
func (p P2P) Validate() error {
	errs := []error{
		address("p2p.listen", p.Listen),
		between("p2p.max_inbound", p.MaxInbound, 0, 10_000), between("p2p.max_outbound", p.MaxOutbound, 0, 10_000),
		between("p2p.send_rate", p.SendRate, 1<<20, 1<<40), between("p2p.recv_rate", p.RecvRate, 1<<20, 1<<40),
	}
	if p.External != "" {
		errs = append(errs, address("p2p.external", p.External))
	}
	for i, peer := range p.Peers {
		key := fmt.Sprintf("p2p.peers[%d]", i)
		id, host, found := strings.Cut(peer, "@")
		if !found || len(id) != 40 || strings.Trim(id, "0123456789abcdef") != "" {
			errs = append(errs, wrong(key, peer, "40 hex digits, @, host:port"))
			continue
		}
		errs = append(errs, address(key, host))
	}
	return errors.Join(errs...)
}

// Consensus has the pace of blocks.
type Consensus struct {
	TimeoutPropose time.Duration `koanf:"timeout_propose" doc:"how long a proposal is awaited; at least five times the making and checking of a full block"`
	TimeoutCommit  time.Duration `koanf:"timeout_commit" doc:"pause after a block with transactions: it gathers the next ones; none while half a block waits"`
	IdlePause      time.Duration `koanf:"idle_pause" doc:"pause after a block while nothing waits, if longer: an idle chain fills disks; a deadline takes effect so much later"`
	DoubleSign     int64         `koanf:"double_sign_check" doc:"refuse to start if this key signed one of so many last blocks; 0 is off"`
}

// DefaultConsensus makes three to four blocks a second while ballots come, and
// one when none do.
func DefaultConsensus() Consensus {
	return Consensus{TimeoutPropose: 3 * time.Second, TimeoutCommit: 200 * time.Millisecond, IdlePause: time.Second}
}

// Validate names every wrong key.
func (c Consensus) Validate() error {
	return errors.Join(
		period("consensus.timeout_propose", c.TimeoutPropose, time.Second, time.Minute),
		period("consensus.timeout_commit", c.TimeoutCommit, 0, 30*time.Second),
		period("consensus.idle_pause", c.IdlePause, 0, 30*time.Second),
		between("consensus.double_sign_check", c.DoubleSign, 0, 100))
}

// Mempool holds what waits for a block.
type Mempool struct {
	Size  int   `koanf:"size" doc:"transactions that wait at most"`
	Bytes int64 `koanf:"bytes" doc:"and their bytes"`
	Cache int   `koanf:"cache" doc:"hashes remembered, so that a transaction is checked once"`
}

// DefaultMempool holds some seconds of full blocks.
func DefaultMempool() Mempool { return Mempool{Size: 20_000, Bytes: 256 << 20, Cache: 200_000} }

// Validate names every wrong key.
func (m Mempool) Validate() error {
	return errors.Join(
		between("mempool.size", m.Size, 1, 1_000_000), between("mempool.bytes", m.Bytes, MaxTxBytes, 16<<30),
		between("mempool.cache", m.Cache, m.Size, 10_000_000))
}

// App is the ledger's application.
type App struct {
	Workers int `koanf:"workers" doc:"cores that check proofs; 0 is all"`
}

// DefaultApp uses all cores.
func DefaultApp() App { return App{} }

// Validate names every wrong key.
func (a App) Validate() error { return between("app.workers", a.Workers, 0, 1024) }

// Metrics for Prometheus.
type Metrics struct {
	Listen string `koanf:"listen" doc:"address and port of GET /metrics; empty is off"`
}

// DefaultMetrics is off.
func DefaultMetrics() Metrics { return Metrics{} }

// Validate names every wrong key.
func (m Metrics) Validate() error {
	if m.Listen == "" {
		return nil
	}
	return address("metrics.listen", m.Listen)
}

// RPC is the engine's own interface, for people who debug it.
type RPC struct {
	Listen string `koanf:"listen" doc:"loopback address and port of the engine's RPC; empty is off"`
}

// DefaultRPC is off: the public API needs none of it.
func DefaultRPC() RPC { return RPC{} }

// Validate refuses any but a loopback address.
func (r RPC) Validate() error {
	if r.Listen == "" {
		return nil
	}
	if err := address("rpc.listen", r.Listen); err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(r.Listen)
	if err != nil {
		return wrong("rpc.listen", r.Listen, "host:port")
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return wrong("rpc.listen", r.Listen, "a loopback address: whoever reaches it can stop the node")
	}
	return nil
}

func wrong(key, value, want string) error {
	return fmt.Errorf("%s = %q: want %s", key, value, want)
}

func oneOf(key, value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return wrong(key, value, strings.Join(allowed, ", "))
}

func address(key, value string) error {
	if _, port, err := net.SplitHostPort(value); err != nil || port == "" {
		return wrong(key, value, "host:port")
	} else if _, err := net.LookupPort("tcp", port); err != nil {
		return wrong(key, value, "host:port with a port from 0 to 65535")
	}
	return nil
}

func between[T int | int64](key string, value, low, high T) error {
	if value < low || value > high {
		return fmt.Errorf("%s = %d: want %d to %d", key, value, low, high)
	}
	return nil
}

func period(key string, value, low, high time.Duration) error {
	if value < low || value > high {
		return fmt.Errorf("%s = %s: want %s to %s", key, value, low, high)
	}
	return nil
}
