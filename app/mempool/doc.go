// Package mempool holds the transactions that wait for a block. See
// docs/spec/transactions.md, "Waiting".
//
// What comes, from a client of this node or from another node, is queued at
// once, with a turn for each source; one collector takes what has come since the
// last time, has it judged and verified together on all cores, and keeps what is
// right until a block takes it or makes it wrong. Nobody who inserts, asks,
// gossips or proposes waits for a proof to be verified, but the client who wants
// to hear the verdict.
//
// The package decides no block: it only offers candidates, which are judged
// again by the state before their block. So it may use clock and goroutines. It
// must never know what a transaction says, nor the node's role.
package mempool
