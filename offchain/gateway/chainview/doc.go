// Package chainview is the ledger as a gateway sees it through its own node,
// believing nothing that a commit of the chain's validators does not prove: an
// election's objects, an entry's place in the roll, an issuance in the ballot
// log.
//
// Whether an entry has its token already is taken from the node's word: it only
// spares a refusal, the ledger itself accepts one issuance an entry.
//
// Specification: docs/spec, sections "Issuance" and "What a voter can check".
//
// The package must never know a voter's name, code or ballot.
package chainview
