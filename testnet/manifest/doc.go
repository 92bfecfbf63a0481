// Package manifest says what a test network consists of and writes its files.
//
//	network.json            what was written: chain id, nodes, addresses
//	genesis.json            the chain
//	commission/NAME.json    signing keys, if they were generated (offchain/keyfile)
//	NAME/                   the home of each node (node/home)
//
// All of it appears at once or not at all. Nodes are on loopback; their keys
// are drawn here, so such a network is for tests and demonstrations only.
package manifest
