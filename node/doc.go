// Package node is a running node: the consensus engine with the ledger's
// application in one process, the public API before it, metrics beside it.
//
// A validator orders and checks; an observer replicates, checks and answers,
// and signs nothing. A node refuses to start on another chain's data, on a
// genesis whose chain id is not its own hash, with a key that others can read,
// or beside another process on the same home. It stops, and says why, when the
// application refuses a block that the others accepted or its disk fails.
// Its interface is in docs/spec/api.md.
//
// The package must never know the meaning of a message, nor a trustee's or an
// issuer's key. It never logs an address together with a transaction.
package node
