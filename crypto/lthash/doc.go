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
//	element(key, value) = BLAKE3("urna/v1/lthash" ‖ u64(len(key)) ‖ key ‖ value), first 2,048 bytes of its
//	                      extended output, read as 1,024 little-endian 16-bit lanes
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
// # Why BLAKE3
//
// Every change of a pair costs two elements, and the output of 2,048 bytes is
// nearly all of the cost. One core of a server of 2024 (AMD EPYC, AVX-512), 133
// bytes in: BLAKE3 1.8 µs, SHAKE128 of the standard library 3.8 µs, BLAKE2Xb
// 7.1 µs. BLAKE3 computes sixteen blocks of output at once where a sponge must
// compute one after the other. The same construction, LtHash over BLAKE3, is
// the accounts hash of Solana. docs/adr/0014-batch-verification.md has the rest.
//
// Many pairs are quicker summed by an Adder: where the machine has AVX-512 it
// adds the output in the vectors in which it is made.
//
// The package must never know what the keys mean, nor where they are stored.
package lthash
