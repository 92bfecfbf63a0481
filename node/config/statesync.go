package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	cmtconfig "github.com/cometbft/cometbft/config"
)

// StateSync lets a new node begin with a snapshot of the state instead of block 1.
type StateSync struct {
	Servers     []string      `koanf:"servers" doc:"public interfaces of two or more other nodes, for example https://node.example.org; a node without blocks then begins with a snapshot; empty begins with block 1"`
	TrustHeight int64         `koanf:"trust_height" doc:"height of a block whose hash you know from somebody you trust"`
	TrustHash   string        `koanf:"trust_hash" doc:"that block's hash, 64 hex digits"`
	TrustPeriod time.Duration `koanf:"trust_period" doc:"how old that block may be"`
}

// DefaultStateSync begins with block 1.
func DefaultStateSync() StateSync {
	return StateSync{Servers: []string{}, TrustPeriod: 14 * 24 * time.Hour}
}

// Enabled reports whether a node without blocks begins with a snapshot.
func (s StateSync) Enabled() bool { return len(s.Servers) > 0 }

// Hash is the trusted block's.
func (s StateSync) Hash() []byte {
	b, err := hex.DecodeString(s.TrustHash)
	if err != nil {
		return nil // refused by Validate
	}
	return b
}

// Validate names every wrong key.
func (s StateSync) Validate() error {
	errs := []error{period("statesync.trust_period", s.TrustPeriod, time.Hour, 365*24*time.Hour)}
	if !s.Enabled() {
		return errors.Join(errs...)
	}
	if len(s.Servers) == 1 {
		errs = append(errs, wrong("statesync.servers", s.Servers[0], "two or more: what one says is compared with the other"))
	}
	for i, server := range s.Servers {
		host, found := strings.CutPrefix(server, "https://")
		if !found {
			host, found = strings.CutPrefix(server, "http://")
		}
		if !found || host == "" || strings.ContainsAny(host, "?# ") {
			errs = append(errs, wrong(fmt.Sprintf("statesync.servers[%d]", i), server, "scheme and host such as https://node.example.org"))
		}
	}
	errs = append(errs, between("statesync.trust_height", s.TrustHeight, 1, 1<<62))
	if len(s.Hash()) != 32 {
		errs = append(errs, wrong("statesync.trust_hash", s.TrustHash, "64 hex digits"))
	}
	return errors.Join(errs...)
}

func (c Config) statesync(e *cmtconfig.StateSyncConfig, data string) {
	e.Enable = c.StateSync.Enabled()
	// The engine waits so long for offers of snapshots; less it takes for more.
	e.DiscoveryTime = 5 * time.Second
	// Four chunks of 8 MiB at once over a line of 10 Mbit/s.
	e.ChunkRequestTimeout = 30 * time.Second
	e.MaxSnapshotChunks = 10_000
	e.TempDir = filepath.Join(data, "statesync")
}

// Snapshots of the state, for nodes that join.
type Snapshots struct {
	Interval int64 `koanf:"interval" doc:"write a snapshot of the state every so many blocks; 0 writes none"`
	Keep     int   `koanf:"keep" doc:"snapshots kept; each is as large as the state"`
}

// DefaultSnapshots: an observer writes one every 5,000 blocks, between twenty
// minutes and an hour and a half apart; a validator none, because its disk and cores are for blocks.
func DefaultSnapshots(mode string) Snapshots {
	s := Snapshots{Keep: 2}
	if mode == Observer {
		s.Interval = 5_000
	}
	return s
}

// Validate names every wrong key.
func (s Snapshots) Validate() error {
	return errors.Join(between("snapshots.interval", s.Interval, 0, 10_000_000), between("snapshots.keep", s.Keep, 1, 10))
}
