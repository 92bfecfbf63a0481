// Package ceremony is the making of a zone's election key by its trustees: the
// messages, the windows in which they count, and what trustees, the ledger and
// verifiers compute alike from them. See docs/spec/ceremony.md.
//
// # Windows
//
//	register → test → commit → deal → complain → answer → complain again →
//	answer again → confirm → drill → done
//
// A window ends when nobody is left to act in it, or when it lasted both its
// time and its number of blocks; who had to act and did not is then out, by
// name. A window in which nobody has anything to do ends at once. With one
// trustee there is nothing to test. When fewer trustees remain than the key
// needs, the ceremony has failed, and the commission may begin another attempt.
//
// A window whose end falls into a gap of block time is suspended: nothing counts
// in it any more, and only another attempt ends that.
//
// # Indices
//
// Participants are the registered trustees, numbered from 1 in the order of the
// bytes of their keys when registration closes. Who is out keeps its number.
// Dealers who are not out when the window confirm opens are qualified: their
// deals make the key, whatever becomes of them later.
//
// # Transcript
//
// ConfirmKey names the hash of the transcript ceremony/transcript over
//
//	u64(zone), u64(attempt), trustee list hash,
//	u64(number of transactions), the hash of each,
//	u64(number of qualified dealers), u64 of each,
//	K_1 ‖ … ‖ K_L, u64(number of participants), X_{j,1} ‖ … ‖ X_{j,L} of each
//
// where the transactions are those of the kinds RegisterTrustee to PublishShares
// of the attempt in ledger order, and X_j is empty for who is out.
//
// The package must never know a polynomial, a share that was not published, or
// a key that opens one.
package ceremony
