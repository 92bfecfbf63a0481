// Package group is the prime-order group ristretto255 (RFC 9496) in which all
// of Urna's election cryptography lives: keys, ciphertexts, sums, decryption
// shares and their proofs.
//
// It wraps one implementation, github.com/oasisprotocol/curve25519-voi, and is
// the only package that knows which one: encodings, errors and timing rules
// are decided here, once. Specification: docs/spec, "Notation" and "Group".
//
//   - An element or a scalar has exactly one encoding of 32 bytes. Everything
//     else is refused with ErrLength or ErrNotCanonical, never reduced.
//   - The identity decodes (DecodePoint); where it may not stand, callers use
//     DecodeNonIdentity, which refuses it with ErrIdentity.
//   - Functions whose names end in Vartime take time that depends on their
//     input and may only see public values. All others are constant-time.
//   - The zero values of Point and Scalar are the identity and zero, so an
//     element that was never set is refused where the identity is refused.
//
// The package must never know what an element means: no key, ballot or voter.
package group
