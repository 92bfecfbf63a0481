// Package keyrecord is the record of a ceremony in which an issuer's token keys
// were made or destroyed: who was there, when, which moduli, where they were
// kept, signed by the issuer's operator key.
//
// Specification: docs/spec, section "Gateways".
//
// # Files
//
// A record is two files: JSON, which programs check, and text in Russian and
// English with room for signatures by hand. The JSON is exactly what Encode
// gives, indented by one space and ended by a line feed. Its signature is
// Ed25519 by the operator key over the 64-byte sum of
//
//	transcript "urna/v1/key-record", chain, election, field(JSON without signature)
//
// A record of destruction names the SHA-256 of the record of making, and the
// same keys.
//
// The package must never know a private key other than the operator's, and
// nothing of a voter.
package keyrecord
