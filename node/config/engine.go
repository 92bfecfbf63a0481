package config

import (
	"strings"
	"time"

	cmtconfig "github.com/cometbft/cometbft/config"
)

// Limits that are the same on every node.
const (
	// MaxTxBytes of one transaction.
	MaxTxBytes = 1 << 20
	// MaxBlockBytes stands in the genesis.
	MaxBlockBytes = 4 << 20
)

// Engine derives the consensus engine's configuration for a node whose data
// directory is given.
func (c Config) Engine(data string) *cmtconfig.Config {
	e := cmtconfig.DefaultConfig()
	e.SetRoot(data)
	e.Moniker, e.DBPath, e.DBBackend = c.Name, data, ""
	e.LogLevel = c.Log.Engine

	e.RPC.ListenAddress = ""
	if c.RPC.Listen != "" {
		e.RPC.ListenAddress = "tcp://" + c.RPC.Listen
	}
	e.P2P.ListenAddress, e.P2P.ExternalAddress = "tcp://"+c.P2P.Listen, c.P2P.External
	e.P2P.PersistentPeers = strings.Join(c.P2P.Peers, ",")
	e.P2P.UnconditionalPeerIDs = peerIDs(c.P2P.Peers)
	e.P2P.MaxNumInboundPeers, e.P2P.MaxNumOutboundPeers = c.P2P.MaxInbound, c.P2P.MaxOutbound
	e.P2P.SendRate, e.P2P.RecvRate = c.P2P.SendRate, c.P2P.RecvRate
	e.P2P.PexReactor = c.P2P.Discovery
	e.P2P.AddrBook = "addrbook.json"
	e.P2P.AddrBookStrict, e.P2P.AllowDuplicateIP = !c.P2P.Local, c.P2P.Local
	// A peer that was killed is found again within seconds of its return.
	e.P2P.PersistentPeersMaxDialPeriod = 5 * time.Second
	e.P2P.FlushThrottleTimeout = 10 * time.Millisecond

	// What waits is the application's: package app/mempool. The engine carries.
	e.Mempool.Type, e.Mempool.MaxTxBytes = cmtconfig.MempoolTypeApp, MaxTxBytes
	// What came from a peer once is not asked about again.
	e.Mempool.SeenCacheSize = c.Mempool.Cache
	// A message of gossip: one for what came in between two reapings.
	e.Mempool.ReapMaxBytes, e.Mempool.MaxBatchBytes = MaxTxBytes/2, MaxTxBytes
	e.Mempool.ReapInterval = 50 * time.Millisecond
	// A transaction for which there was no room may be sent again after a tenth of it.
	e.Mempool.CheckTxRetryDelay = 5 * time.Second

	e.Consensus.WalPath = "wal/wal"
	e.Consensus.TimeoutPropose, e.Consensus.TimeoutCommit = c.Consensus.TimeoutPropose, c.Consensus.TimeoutCommit
	e.Consensus.DoubleSignCheckHeight = c.Consensus.DoubleSign
	// Deadlines of elections are header times: blocks go on without transactions.
	e.Consensus.CreateEmptyBlocks = true

	e.StateSync.Enable = false
	e.TxIndex.Indexer = "null"
	e.Instrumentation.Prometheus = false
	e.Instrumentation.Namespace = "urna_engine"
	return e
}

func peerIDs(peers []string) string {
	ids := make([]string, len(peers))
	for i, p := range peers {
		ids[i], _, _ = strings.Cut(p, "@")
	}
	return strings.Join(ids, ",")
}
