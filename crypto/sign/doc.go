// Package sign is Ed25519 as the ledger demands it: one signature has one
// verdict, whether it is checked alone or in a batch, here or in another
// implementation of the specification (docs/spec, "Notation").
//
// Accepted is a signature (R, s) of message M under key A exactly when
//
//   - A and R are canonical encodings of points,
//   - A is not of small order (it would sign every message),
//   - s is less than the group order, and
//   - [8](sB - hA - R) = 0 with h = SHA-512(R ‖ A ‖ M): the cofactored
//     equation, the only one whose batch form gives the same answer.
//
// R may be of small order: refusing it would bind nothing more. Go's
// crypto/ed25519 checks the equation without the cofactor and accepts keys of
// small order; its answer differs from a batch's, so it is not used here.
// Commit signatures of validators follow the consensus engine's rule,
// ZIP-215, and are checked by VerifyZIP215 and nothing else.
//
// The package must never know who signs or what a message means.
package sign
