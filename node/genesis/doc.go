// Package genesis makes and reads the file that defines a chain: its
// validators, its consensus parameters and the application's first state
// (commission, rules, rehearsal or not).
//
// The chain id ends with the hash of the file without it (x/chainid), so two
// chains never share an id and a rehearsal's genesis cannot be passed off as a
// real one. See docs/spec/chain.md.
//
// The package must never know private keys.
package genesis
