// Package issuer talks to issuers' gateways for a voter: it asks for
// endorsements and blind signatures. One gateway may have several addresses
// (replicas): the next is asked when one does not answer.
//
// Specification: docs/spec, section "Issuance".
//
// A gateway's answer is believed by nobody: endorsements and signatures are
// checked where they are used.
//
// The package must never know a token secret, a ballot or a choice, and writes
// no log.
package issuer
