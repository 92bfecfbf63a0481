// Package sealbox closes a message to one trustee: HPKE (RFC 9180) with the
// hybrid key encapsulation MLKEM768-X25519, from Go's crypto/hpke.
//
// Specification: docs/spec, section "Election key".
//
// # Suite
//
//	KEM   MLKEM768-X25519 (0x647a, draft-ietf-hpke-pq)
//	KDF   HKDF-SHA256     (0x0001)
//	AEAD  ChaCha20Poly1305 (0x0003)
//	mode  base, one message per encapsulation, empty associated data
//
//	public key = ML-KEM-768 encapsulation key (1,184) ‖ X25519 public key (32)
//	box        = ML-KEM-768 ciphertext (1,088) ‖ X25519 public key (32) ‖ ciphertext ‖ tag (16)
//
// The sender is not authenticated by the box: every box travels in a signed
// transaction, and info binds the place for which it was made, so that a box
// copied into another message does not open.
//
// Keys on the ledger must be unlike each other. X25519 ignores the highest bit
// of a key and reduces the rest, so that every key has further spellings: only
// the reduced one is accepted, and none of small order.
//
// Sealing draws from the system's randomness and is different each time; a sender
// that must repeat itself after a crash stores the box before sending it. Keys can
// be derived from a seed.
//
// The hybrid stays closed while one of its halves does. Against a quantum
// computer it protects the shares in transit only: the commitments to them are
// public in a group such a computer would open.
//
// The package must never know what is in the box.
package sealbox
