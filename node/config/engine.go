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
	// MaxBlockBytes stands in the genesis. Blocks of 8 MiB carried as much in twice
	// the time each, and a receipt waits for two.
	MaxBlockBytes = 4 << 20
	// FullBlock is what must wait for a block without pause: half of what fits,
	// since the rest comes while the block is made.
	FullBlock = MaxBlockBytes / 2
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
	// Ballots are found by the application's own index; a validator whose indexer
	// fails is halted by the engine.
	e.TxIndex.Indexer = "null"
	// What a transaction came to is in the application's state; here it would be
	// kept twice. The last block's is kept all the same, for a restart.
	e.Storage.DiscardABCIResponses = true
	c.statesync(e.StateSync, data)
	e.Instrumentation.Prometheus = false
	e.Instrumentation.Namespace = "urna_engine"
	c.network(e.P2P)
	c.mempool(e.Mempool)
	c.consensus(e.Consensus)
	return e
}

func (c Config) network(e *cmtconfig.P2PConfig) {
	e.ListenAddress, e.ExternalAddress = "tcp://"+c.P2P.Listen, c.P2P.External
	e.PersistentPeers = strings.Join(c.P2P.Peers, ",")
	e.UnconditionalPeerIDs = peerIDs(c.P2P.Peers)
	e.MaxNumInboundPeers, e.MaxNumOutboundPeers = c.P2P.MaxInbound, c.P2P.MaxOutbound
	// The engine's 5 MB/s hold a full block of 4 MiB back for a second per peer.
	e.SendRate, e.RecvRate = c.P2P.SendRate, c.P2P.RecvRate
	// A part of a block is 64 KiB: in packets of 16 KiB it costs a tenth less work
	// than in the engine's of 1 KiB, and a vote still waits for no more than one
	// packet. All nodes of a chain must agree: a larger packet is refused.
	e.MaxPacketMsgPayloadSize = 16 << 10
	// 2 ms cost a tenth more work and won nothing, 50 ms won nothing.
	e.FlushThrottleTimeout = 10 * time.Millisecond
	// A peer that was killed is found again within seconds of its return.
	e.PersistentPeersMaxDialPeriod = 5 * time.Second
	e.PexReactor = c.P2P.Discovery
	e.AddrBook = "addrbook.json"
	e.AddrBookStrict, e.AllowDuplicateIP = !c.P2P.Local, c.P2P.Local
}

func (c Config) mempool(e *cmtconfig.MempoolConfig) {
	// What waits is the application's: package app/mempool. The engine carries.
	e.Type = cmtconfig.MempoolTypeApp
	e.MaxTxBytes = MaxTxBytes
	// What came from a peer once is not asked about again.
	e.SeenCacheSize = c.Mempool.Cache
	// A message of gossip: one for what came in between two reapings.
	e.ReapMaxBytes, e.MaxBatchBytes = MaxTxBytes/2, MaxTxBytes
	// A transaction for which there was no room may be sent again after a tenth of it.
	e.CheckTxRetryDelay = 5 * time.Second
	// What came in is sent to peers after 25 ms on average, in one message. The
	// engine's half second would be a quarter of the time to a receipt.
	e.ReapInterval = 50 * time.Millisecond
}

func (c Config) consensus(e *cmtconfig.ConsensusConfig) {
	e.WalPath = "wal/wal"
	// The first round may take timeout_propose for its proposal, each further one
	// a second more: a chain whose blocks take longer than that must slow down
	// soon and not fail round after round.
	e.TimeoutPropose, e.TimeoutProposeDelta = c.Consensus.TimeoutPropose, time.Second
	// Votes are small. These only run when votes for different things are in.
	e.TimeoutPrevote, e.TimeoutPrevoteDelta = time.Second, 500*time.Millisecond
	e.TimeoutPrecommit, e.TimeoutPrecommitDelta = time.Second, 500*time.Millisecond
	// Where blocks begin; package node/pace then sets it block by block.
	e.TimeoutCommit = c.Consensus.TimeoutCommit
	// Set, it would make empty blocks as fast as the network allows.
	e.SkipTimeoutCommit = false
	// Deadlines of elections are header times: blocks go on without transactions.
	// An interval would be waited for before every block: the engine cannot see
	// the application's pool.
	e.CreateEmptyBlocks, e.CreateEmptyBlocksInterval = true, 0
	// How long a routine sleeps that finds nothing to send. There are three hops
	// in a block (parts, prevotes, precommits): the engine's 100 ms made 228 ms a
	// block, 10 ms make 64 ms.
	e.PeerGossipSleepDuration = 10 * time.Millisecond
	e.DoubleSignCheckHeight = c.Consensus.DoubleSign
	// A block whose time is further ahead of this node's clock is refused: keep
	// clocks by NTP.
	e.BlockTimeTolerance = time.Minute
}

func peerIDs(peers []string) string {
	ids := make([]string, len(peers))
	for i, p := range peers {
		ids[i], _, _ = strings.Cut(p, "@")
	}
	return strings.Join(ids, ",")
}
