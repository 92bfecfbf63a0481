// Package lthash is the state digest: a homomorphic hash of a set of
// (key, value) pairs, LtHash with 1,024 lanes of 16 bits (Lewi, Kim, Maykov,
// Weis 2019). Changing one key costs the same whether the state holds ten
// entries or ten million, and the digest of a whole is the lane-wise sum of
// the digests of its parts in any order, which is what lets a snapshot be
// checked chunk by chunk.
//
// Specification: docs/spec, section "State and application hash".
//
// # Definition
//
//	element(key, value) = SHAKE128("urna/v1/lthash" ‖ u64(len(key)) ‖ key ‖ value), first 2,048 bytes,
//	                      read as 1,024 little-endian 16-bit lanes
//	digest(set)         = lane-wise sum of the elements modulo 2^16; of the empty set: all zero
//	Sum32               = SHA-256 of the 2,048 bytes of the digest
//
// u64 is eight bytes, big-endian. The key's length comes first, so that no
// byte can move between key and value; nothing follows the value, so that its
// length needs no prefix.
//
// # What it needs from the caller
//
// The digest is of a multiset: an element added 65,536 times vanishes, and a
// value removed that was never added leaves a digest of no state at all. The
// store therefore removes exactly the old value before it adds the new one
// and holds each key once. The digest itself cannot notice a breach.
//
// # Why SHAKE128
//
// One element, 100 bytes in and 2,048 out, on one core of a 2024 server
// (AMD EPYC, AVX-512): SHAKE128 of the standard library 3.8 µs, BLAKE3 2.1 to
// 4.0 µs (assembly of a third party), BLAKE2Xb 7.1 µs, SHA-256 with AES-256 in
// counter mode 0.9 µs. SHAKE128 is a standardised random-oracle-like function,
// is in every language in which a second verifier may be written, and adds no
// dependency; the counter-mode construction is no standardised XOF and its
// bound would need an ideal-cipher argument of our own. Half a ballot's dozen
// microseconds were not worth either.
//
// The package must never know what the keys mean, nor where they are stored.
package lthash
