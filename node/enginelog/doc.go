// Package enginelog lets the consensus engine and its stores speak through the
// node's log.
//
// The package must never let a line join a transaction with an address.
package enginelog
