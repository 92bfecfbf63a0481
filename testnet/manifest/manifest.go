package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/urna-vote/urna/app/genesis"
	"github.com/urna-vote/urna/node/config"
)

// Manifest of a network.
type Manifest struct {
	// Prefix of the chain id.
	Prefix     string
	Validators int
	Observers  int
	// Commission of the chain; nil draws Members keys with the given Quorum.
	Commission *genesis.Commission
	Members    int
	Quorum     int
	Rehearsal  bool
	// GenesisTime is the header time of the first block.
	GenesisTime time.Time
	// BasePort is the first of three ports per node; 0 takes free ones.
	BasePort int
	// TimeoutCommit is the pause after each block.
	TimeoutCommit time.Duration
	// Metrics serves /metrics on each node's third port.
	Metrics bool
	// LogLevel of the nodes.
	LogLevel string
}

// Default is a rehearsal of four validators and an observer.
func Default(now time.Time) Manifest {
	return Manifest{
		Prefix: "urna-test", Validators: 4, Observers: 1, Members: 5, Quorum: 3, Rehearsal: true,
		GenesisTime: now, TimeoutCommit: config.DefaultConsensus().TimeoutCommit, LogLevel: "info",
	}
}

// Validate names what is wrong.
func (m Manifest) Validate() error {
	var errs []error
	limit := func(name string, v, low, high int) {
		if v < low || v > high {
			errs = append(errs, fmt.Errorf("%s = %d: want %d to %d", name, v, low, high))
		}
	}
	limit("validators", m.Validators, 1, 100)
	limit("observers", m.Observers, 0, 100)
	if m.Commission == nil {
		limit("members", m.Members, 1, 20)
		limit("quorum", m.Quorum, 1, m.Members)
	}
	if m.BasePort != 0 {
		limit("base port", m.BasePort, 1024, 65535-3*(m.Validators+m.Observers))
	}
	node := config.Default(config.Validator)
	node.Log.Level, node.Consensus.TimeoutCommit = m.LogLevel, m.TimeoutCommit
	errs = append(errs, node.Validate())
	if m.GenesisTime.IsZero() {
		errs = append(errs, errors.New("genesis time is missing"))
	}
	return errors.Join(errs...)
}

// Network is a written network.
type Network struct {
	ChainID string `json:"chain_id"`
	Nodes   []Node `json:"nodes"`
	// Commission lists the files of generated keys, relative to the directory.
	Commission []string `json:"commission,omitempty"`
}

// Node of a network; addresses are host:port.
type Node struct {
	Name    string `json:"name"`
	Mode    string `json:"mode"`
	Home    string `json:"home"`
	P2P     string `json:"p2p"`
	API     string `json:"api"`
	Metrics string `json:"metrics,omitempty"`
}

// APIURL is the base of the node's public API.
func (n Node) APIURL() string { return "http://" + n.API }

// Load reads network.json from a network's directory.
func Load(dir string) (*Network, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "network.json"))
	if err != nil {
		return nil, fmt.Errorf("read network: %w", err)
	}
	n := &Network{}
	if err := json.Unmarshal(raw, n); err != nil {
		return nil, fmt.Errorf("read network %s: %w", dir, err)
	}
	return n, nil
}

// addresses gives n loopback addresses: from base on, or free ones if base is 0.
func addresses(base, n int) (_ []string, err error) {
	out := make([]string, n)
	for i := range out {
		port := "0"
		if base != 0 {
			port = strconv.Itoa(base + i)
		}
		// All are held until the last is found, so that none is found twice.
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			return nil, fmt.Errorf("find a port: %w", err)
		}
		defer l.Close()
		out[i] = l.Addr().String()
	}
	return out, nil
}
