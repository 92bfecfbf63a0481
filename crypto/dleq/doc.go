// Package dleq proves that one vector of secrets stands behind two vectors of
// points: X_i = x_i·B and D_i = x_i·R for every slot i, with one proof for all
// slots. It is what makes a trustee's partial decryption believable
// (docs/spec, "Counting").
//
// # Protocol
//
// Statement: purpose (a label of this package), chain, election, context (bytes
// of the caller: group, contest, trustee), the basepoint B, R, X_1..X_n, D_1..D_n.
//
//	h   = Sum of the transcript `purpose` over context, B, R, X, D
//	w_i = Challenge of the transcript dleq/weight over h and i (from 1)
//	X*  = Σ w_i·X_i,  D* = Σ w_i·D_i,  x* = Σ w_i·x_i
//	T1  = k·B, T2 = k·R, k fresh
//	c   = Challenge of the transcript dleq/challenge over h, T1, T2
//	s   = k + c·x*
//
// Accepted when s·B = T1 + c·X* and s·R = T2 + c·D*.
//
// The weights depend on all of X and D, so if any D_i is not x_i·R, D* is not
// x*·R except with probability 1/q for each choice of D that the prover hashes.
// Everything is hashed: a proof stands for no other statement, and none of its
// points can be chosen after the challenge.
//
// # Encoding
//
// T1 ‖ T2 ‖ s, 96 bytes. The shorter form (c, s) would save 32 bytes of a
// record of which there are few; with commitments the verifier checks
// equations between points it was sent, as in the ballot proof, instead of
// recomputing and compressing them, and a second implementation shows at once
// which of the two equations fails.
//
// The package must never know which election, group or trustee it serves.
package dleq
