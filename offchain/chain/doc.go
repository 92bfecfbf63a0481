// Package chain checks what a chain says about itself from its genesis alone:
// headers, commits and validator sets, the application hash, the objects of an
// election's summary under it, receipts of the ballot log and places in the
// roll. A trustee, a voter or an observer who uses it trusts no node.
//
// Specification: docs/spec, sections "State and application hash" and "What a
// voter can check".
//
// # How trust runs
//
//	genesis → chain id (hash of the genesis) and validator set
//	validator set → commit: more than two thirds of the power, each validator once
//	commit → header → application hash of the height before
//	application hash → "elections" → election → objects by SHA-256
//	application hash → "log" → ballot log → transaction hash
//	object "issued/<style>" → bitmap of issued entries
//
// A validator set other than that of the genesis is trusted only when a header
// signed by the trusted one names its hash as that of the next (Follow).
//
// Commit signatures follow the engine's rule for Ed25519, ZIP-215; everything
// else the ledger's own.
//
// The package must never know the network, the clock or a key that signs. It
// contains no engine: of it only the generated messages are used.
package chain
