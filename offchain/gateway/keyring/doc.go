// Package keyring makes, keeps, publishes and destroys an issuer's token keys:
// one RSA key for each election, token class and panel in which the issuer sits.
//
// Specification: docs/spec, section "Issuance".
//
// Keys are kept by a Keeper: Files, or a hardware module (package hsm). A key
// that is there is never replaced.
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
// Replicas of a gateway share the file. It is written beside and linked into
// place: the whole file is there or none.
//
// # Destruction
//
// A file is overwritten with random bytes of its length, forced to the disk, and
// removed. On media that move blocks (flash, copy-on-write) old blocks may
// outlive that: what they hold is encrypted, so the identity must be destroyed
// as well when its last election is over.
//
// The package must never know who asks for a token, a record or a ballot.
package keyring
