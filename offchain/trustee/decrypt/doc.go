// Package decrypt is the trustee's part in counting: it decides what may be
// decrypted, and decrypts that, once.
//
// Specification: docs/spec, section "Counting".
//
// A trustee that decrypts whatever it is handed is an oracle: with a single
// ballot, or the difference of two sums, in place of a sum it opens a person's
// vote. So the program takes sums from nowhere but the report of a verifier
// that it ran itself over the whole record, from the genesis it was given on:
//
//  1. the record verifies, all of it, under that genesis;
//  2. the record shows the zone closed and in counting;
//  3. the key in the record is the one whose share is on the medium;
//  4. nothing else was ever decrypted for the zone with this medium. What is
//     decrypted is written there before it is computed.
//
// The verifier runs while voting goes on (Follow), so that after the close only
// the last blocks remain, however many ballots there are. Its checkpoint is the
// trustee's own, on its own disk, and is as good as the program beside it.
//
// The share that was made is kept too: asked again, the same bytes are sent.
//
// The package must never know a ballot, nor decrypt a sum of another source.
package decrypt
