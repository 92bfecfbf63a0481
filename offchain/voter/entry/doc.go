// Package entry is the voter's view of the own entry in the published roll: that
// it stands there, whether it was struck, and the proof that a token was or was
// not issued to it, as a file that is checked offline with nothing but the
// chain's genesis.
//
// Specification: docs/spec/roll.md, section "Bitmaps".
//
// # File
//
// One JSON object, at most 4 MiB, in the one spelling that Encode writes:
//
//	{"version": "urna entry proof 1", "chain_id", "election", "entry",
//	 "proven": the objects "roll" and "issued/<style>" with their path to a header,
//	 "place": the entry's path in the roll and its chunks of both bitmaps}
//
// "proven" and "place" are as the public API writes them (docs/spec/api.md). Both
// are of one height.
//
// The package must never know whose entry it is, a token or a ballot.
package entry
