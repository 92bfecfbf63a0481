// Package record keeps the public record of a chain as a directory: enough to
// verify every election on it without a node, a network or a key.
//
// Specification: docs/spec, section "The public record".
//
// # Format
//
//	genesis.json           the genesis file, byte for byte
//	blocks/NNNNNNNNNN.blocks
//	                       blocks in order; the name is the height of the first,
//	                       ten digits. A block is its length as uvarint and the
//	                       bytes of tendermint.types.Block
//	head.commit            tendermint.types.Commit for the last block
//	elections/<id>.json    the node's proven summary of an election (id: 64 hex
//	                       digits): objects, their proof, header and commit, of
//	                       a height below the last
//	manifest.json          {"format", "chain_id", "first", "last", "elections",
//	                       "files": [{"name", "size", "sha256"}]}, files in
//	                       order of name
//
// A chunk of blocks ends at 1,000 blocks or 16 MiB, so that making a record
// needs little memory however long the chain is; reading needs less.
//
// # Crashes
//
// Each file is written beside its place, synced and renamed; the manifest last.
// What the manifest does not name, or names with another hash, is fetched
// again. A record can be continued at any time: complete chunks stay, the last
// one grows. While a fetch is under way fetching.json lists its block files as the
// manifest will, so that one that was stopped goes on with the last of them.
//
// Reading fails closed: a file that is missing, truncated, altered, unknown or
// empty is an error that names it.
//
// The package must never know what a transaction means.
package record
