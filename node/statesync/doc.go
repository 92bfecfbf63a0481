// Package statesync gives the engine what it needs to begin with a snapshot of
// state instead of block 1: headers that its light client verified, from a
// header whose hash the operator took from somebody they trust. Headers and
// commits come from the public interfaces of other nodes; validators and
// parameters are those of the genesis, which a chain never changes, and are
// compared with each header. See docs/spec/snapshots.md.
//
// The package must never know what is in a snapshot.
package statesync
