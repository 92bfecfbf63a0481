// Package merkle is the Merkle tree of the ledger: the log of issuances and
// ballots, the roll of each ballot style, and the small trees of named leaves
// behind the application hash and the election summaries.
//
// Specification: docs/spec, section "State and application hash".
//
// # Hashing
//
// The tree is that of RFC 6962, section 2.1, over SHA-256:
//
//	leaf  = SHA-256(0x00 ‖ data)
//	node  = SHA-256(0x01 ‖ left ‖ right)
//	empty = SHA-256("")
//
// Proofs have the order of RFC 6962, section 2.1.1 and 2.1.2. They are built
// and checked with transparency-dev/merkle, whose vectors the tests share.
//
// # Named leaves
//
// A small tree whose leaves have names, sorted by the bytes of the name:
//
//	data of a leaf = "urna/v1/named" ‖ u64(len(name)) ‖ name ‖ value
//
// u64 is eight bytes, big-endian. A name occurs once. The name in the leaf, not
// the position, says what a proof is about.
//
// # Encodings
//
//	frontier        = u64(size) ‖ 32 bytes for each set bit of size, highest first
//	inclusion proof = u64(index) ‖ u64(size) ‖ 32 bytes for each step; their number follows from index and size
//	hash list       = 32 bytes for each hash (consistency proofs)
//
// Each value has one encoding; every other string is refused.
//
// # Storage
//
// Frontier appends with memory of at most 64 hashes and tells a visitor which
// nodes became complete. A store keeps those and hands them out as a
// NodeReader; every proof for every earlier size is built from them. Only roots
// of perfect subtrees are ever asked for.
//
// The package must never know what a leaf means.
package merkle
