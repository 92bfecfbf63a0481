// Package keystore is a trustee's medium: one directory, mode 0700, that holds
// all a trustee needs and that must be in nobody else's hands.
//
// Specification: docs/spec, sections "Election key" and "Counting".
//
// # Files
//
//	signing-key.json           the long-term Ed25519 key, as offchain/keyfile writes it
//	ceremony-seed.json         {"type","seed","check"}: 32 bytes from which the
//	                           HPKE keys and polynomials of every ceremony follow
//	deal-<e>-<zone>-<attempt>-<list>.bin
//	                           the deal the trustee is committed to, a whole
//	                           message: its boxes cannot be made a second time
//	share-<e>-<zone>.json      the secret share of an election key that stands;
//	                           that of an earlier attempt, whose key is void, is
//	                           kept as share-<e>-<zone>-void-attempt-<n>.json
//	decrypted-<e>-<zone>.json  what was decrypted for a zone, written before it is
//	                           computed
//
// <e> is the first 8 hex digits of the election's id, <list> those of the hash
// of the trustee list. The whole id stands in each file and is compared.
//
// # Crashes
//
// Each file is written under another name, synced, and linked to its own,
// which fails if that exists: a file is there whole or not at all, is not
// written over (but for the share of a void key, which is kept first), and of two programs at work on one medium one wins and the
// other reads what the first wrote. A new directory is made beside its place
// and renamed.
//
// A file that others can read is refused; an error never repeats what a file
// holds.
//
// The package must never know the network.
package keystore
