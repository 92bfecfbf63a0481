// Package claims answers on the ledger what an issuer is asked there: a device
// that got no signature from it over HTTP sends ClaimSignature, and an issuer
// that leaves it unanswered for 100 blocks counts as silent, by name.
//
// Specification: docs/spec, section "Issuance".
//
// The gateway asks its own node for the open claims on it, signs by the same rule
// as over HTTP (package issue: what is on record and nothing else) and hands
// AnswerClaim in. The node's list is believed for what to look at only: a claim
// that is not there costs one look, and an answer to it is refused by the ledger.
// Replicas answer side by side; the ledger takes the first, and both are the
// same.
//
// The package must never know who stands behind an entry, and logs counts only.
package claims
