// Package chainid binds the name of a chain to its genesis: a chain id ends
// with the hash of the genesis without the id, so that one name never stands
// for two beginnings, and a rehearsal is never taken for an election.
//
// Specification: docs/spec, section "Notation".
//
// # Format
//
//	chain id = prefix "-" digest
//	prefix   = 1 to 33 of "a"–"z", "0"–"9", "-", the first a letter
//	digest   = the first 16 lower-case hex digits of SHA-256(canonical)
//
// canonical is the genesis as JSON after RFC 8785 without its member
// "chain_id": members sorted, no white space. So that this has one reading in
// every language, a genesis is refused whose members repeat, whose names are
// not ASCII or have capital letters, or whose numbers are not integers between
// -(2^53-1) and 2^53-1.
//
// The package must never know what the genesis says otherwise.
package chainid
