// Package tally is the counting of a zone: which encrypted sums are decrypted,
// what a trustee's share and a result must prove, and the protocol of results.
// Trustees, the ledger and verifiers share it. See docs/spec/tally.md.
//
// # Units
//
// A unit is a union of counting groups whose sum for one contest is decrypted.
// Units stand by contest, ascending. For each contest the groups of the zone in
// whose styles it stands, in the order of the election, are joined until the
// union has at least min_joined counted ballots; then the next union begins.
// What remains at the end joins the last union. A contest with fewer counted
// ballots in all is one unit, and the zone waits for the recorded consent of
// the quorum — unless it has none: that unit's counts are zero, nobody decrypts
// anything and nobody need consent.
//
// # Share
//
// A trustee's proof for a unit is a dleq proof of purpose share, with R the
// sum's R, keys X_j and shares D_j of the contest's slots, and as context the
// transcript fields
//
//	u64(zone) ‖ u64(contest) ‖ groups, 4 bytes each ‖ u64(ballots) ‖ u64(trustee)
//
// where trustee is the participant's index, from 1. For a unit without ballots
// points and proof are empty.
//
// # Result
//
// For each unit with ballots and each slot, C - Σ λ_j·D_j = m·B, with the
// Lagrange coefficients λ of t trustees at zero: the t lowest of those whose
// shares were on the ledger at the end of the block in which the t-th arrived.
// The points they open the sums to are computed once. If no unit has a ballot the
// ledger makes the result itself, of no trustees.
//
// The package must never know who cast a ballot, nor the count of a set smaller
// than a unit.
package tally
