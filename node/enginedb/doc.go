// Package enginedb keeps the consensus engine's own stores (blocks, state,
// evidence) on Pebble v2, behind the engine's database interface.
//
// Each store is a directory <name>.db below the node's data directory. Blocks
// hold ciphertext, so nothing is compressed. Reads return copies; iterators
// read a snapshot, so writes beside them are harmless.
//
// The package must never know what the stores mean: keys and values are bytes.
// The application's state is not kept here but in app/store.
package enginedb
