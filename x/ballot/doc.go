// Package ballot holds what a ballot on the ledger is: the message CastBallot,
// the statement its proof is bound to, its keys and codes, and the list of
// counted ballots. Devices, the ledger and verifiers share it. See
// docs/spec/ballots.md.
//
// # Statement
//
// The context of a ballot's proof is, as transcript fields,
//
//	u64(zone) ‖ u64(style) ‖ hash of the key vector ‖ ballot key ‖ u64(sequence)
//
// where the hash of the key vector covers all keys of the zone and the mode in
// which they were made. Chain, election and shape are bound by the proof itself.
//
// # Counted list
//
// After the close of a zone the last accepted ballot of each key is a leaf of
// an RFC 6962 tree, sorted by ballot key:
//
//	leaf data = ballot key (32) ‖ sequence (4) ‖ log index (8), big-endian
//
// The package must never know an entry of the roll, a person or a choice.
package ballot
