// Package keeper holds issuers' keys, open panels, tokens issued and claims.
// See docs/spec/tokens.md.
//
// A transaction is judged against the state before its block. Execute repeats
// the checks that the block's claims protect; that a panel was open, it was
// before the block, and an act in the same block changes nothing about it.
//
// It must never know ballots, nor how a roll is kept: about entries it asks.
package keeper
