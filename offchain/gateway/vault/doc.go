// Package vault keeps personal data at rest unreadable to whoever has the
// database without the gateway's vault key.
//
// Specification: docs/spec, section "Roll and applications".
//
// # Sealed value
//
//	sealed = version(1) ‖ nonce(12) ‖ AES-256-GCM ciphertext and tag
//
// under a key for each purpose,
//
//	HKDF-SHA-256(vault key, salt none, info "urna/v1/vault/seal" ‖ purpose), 32 bytes
//
// with purpose and id, each led by its length (8 bytes, big-endian), as
// associated data: a value moved to another row or column does not open. The
// nonce is random; a purpose may be sealed 2³² times under one key.
//
// # Index
//
// A value that must be found again is kept as HMAC-SHA-256 under
//
//	HKDF-SHA-256(vault key, salt none, info "urna/v1/vault/index" ‖ purpose), 32 bytes
//
// of the value as it is: who calls normalises it first.
//
// # Key file
//
// 64 lower-case hex digits and LF, mode 0600. Replicas share it. Whoever loses it
// loses all that was sealed; destroying it erases all that was sealed, in every
// backup too.
//
// The package must never know whose data it seals, a database or a network.
package vault
