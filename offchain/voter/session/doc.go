// Package session takes a voter from an access slip to a counted ballot: it
// holds what must not be lost between two steps and repeats any step after a
// crash without asking for anything twice.
//
// Specification: docs/spec, sections "Issuance", "Ballot" and "What a voter can
// check".
//
// # What is kept, and when
//
// The state is saved
//
//	before the first message leaves      token secret, claim seed
//	before the issuance is submitted     endorsements, its bytes
//	as each member answers               signatures
//	before a ballot is submitted         its finished, signed bytes
//	when it is in a block                the height
//
// A member that gives no signature, or a wrong one, is asked on the ledger
// (ClaimSignature) and its answer taken from there; its silence is public. The
// claim's bytes follow from the state, so nothing more is kept.
//
// A choice is never kept: to resume a cast, the same bytes are sent again.
//
// # State file
//
// One JSON object, mode 0600, replaced as a whole: written beside, synced,
// renamed. Its first field is "version": "urna voter 1"; unknown fields are
// refused. Bytes are lower-case hex. The file opens the ballot key: whoever has
// it can cast again.
//
// The package must never know a voter's name or keep a choice.
package session
