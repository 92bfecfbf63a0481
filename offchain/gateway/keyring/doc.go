// Package keyring makes, keeps and publishes an issuer's token keys: one RSA key
// for each election, token class and panel in which the issuer sits.
//
// Specification: docs/spec, section "Issuance".
//
// # File
//
// An age file (age-encryption.org/v1), encrypted to a passphrase (scrypt) or
// to the recipient of an age identity file. Its content is one PEM block for
// each key, ascending in election, class, panel:
//
//	type     "URNA TOKEN KEY"
//	headers  Class: decimal, Election: hex64, Panel: decimal
//	content  PKCS #8
//
// Replicas of a gateway share the file. It is never overwritten.
//
// The package must never know who asks for a token, a record or a ballot.
package keyring
