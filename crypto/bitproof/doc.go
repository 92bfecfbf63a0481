// Package bitproof seals a ballot and proves, without opening it, that it
// keeps the rules of its contests (docs/spec, "Ballot").
//
// A ballot is a vector of bits. Each ciphertext encrypts a public linear form
// of the bits, each rule is a linear equation over the same bits; a Shape says
// which. The proof shows that the bits are bits, that the ciphertexts encrypt
// their forms and that the equations hold.
//
// # Encryption
//
//	R = r·B,  C_o = r·K_o + m_o·B,  m_o = Σ w·b_i over the terms of form o
//
// with one fresh r for the ballot; o = 1..n counts forms, i = 1..N bits (in
// Shape, bits count from 0). Keys stand in ascending order of slot.
//
// # Generators
//
// G_i and H_i are HashToGroup (ristretto255_XMD:SHA-512_R255MAP_RO_) with the
// domain separation tags "urna/v1/bitproof/G" and "urna/v1/bitproof/H" and as
// message i, from 1, as 4 bytes, big-endian. Nobody knows a relation among
// them and B. The first eight of each are in testdata/generators.json.
//
// # Proof
//
//  1. a is uniform among the solutions of Σ w·a_i = 0 for every constraint;
//     d1_i = a_i(1 - 2b_i), d0_i = -a_i²; ρ, α, s are uniform.
//     V = Σ b_i·G_i + Σ d1_i·H_i + ρ·B, A = Σ a_i·G_i + Σ d0_i·H_i + α·B.
//  2. y is the challenge of the transcript bitproof/y over: context; the
//     encoding of the shape; R; C (as a list); V; A.
//     F1 = s·B, F2 = (Σ_o y^o·Σ w·a_i)·B + s·Σ_o y^o·K_o.
//  3. x is the challenge of the transcript bitproof/x over: y (as a scalar); F1; F2.
//  4. f_i = a_i + x·b_i, z = α + x·ρ, u = s + x·r.
//
// The proof is accepted when
//
//	(1) x·V + A = Σ f_i·G_i + Σ f_i(x - f_i)·H_i + z·B
//	(2) x·R + F1 = u·B
//	(3) x·Σ y^o·C_o + F2 = (Σ_o y^o·Σ w·f_i)·B + u·Σ y^o·K_o
//	(4) Σ w·f_i = x·t for each constraint with target t
//
// The context comes from the caller and must encode, without ambiguity, zone,
// style, the hash of the whole key vector with its mode, the ballot key and
// the sequence number; chain and election are in every transcript. A proof
// then stands for one ballot of one key only, and copying it is useless.
//
// # Why it holds
//
// f_i(x - f_i) = x²·b_i(1 - b_i) + x·d1_i + d0_i, if f_i = a_i + x·b_i. Given
// accepting answers to three challenges x for the same y, the commitments V
// and A open to fixed b and a (or a relation among G, H and B is found), and
// comparing coefficients of x² in (1) gives b_i(1 - b_i) = 0: bits, fixed
// before y was drawn. (2) gives r. (3) gives Σ y^o·(C_o - r·K_o - m_o·B) = 0,
// and as this polynomial in y vanishes for n challenges y and has no constant
// term, every C_o encrypts the form of these bits under the r of R. (4) gives
// the constraints for the same bits: there is no separate encrypted total that
// could be detached. Nothing rests on the K_o being independent or honestly
// made.
//
// It shows nothing else: for any y and x, the f_i are uniform among the
// solutions of (4), u and z are uniform, V is uniform because of ρ, and A, F1,
// F2 follow from (1)–(3). This holds also where the rules leave little or no
// freedom, because a hides exactly in the directions that the rules leave.
//
// # Encodings
//
//	proof  V ‖ A ‖ F1 ‖ F2 ‖ f_1 ‖ … ‖ f_N ‖ z ‖ u       32(N+6) bytes
//	shape  bits(4) ‖ forms(4) ‖ {terms(4) ‖ {bit(4) ‖ weight(4)}}
//	       ‖ constraints(4) ‖ {terms(4) ‖ {bit(4) ‖ weight(4)} ‖ target(4)}
//
// with numbers big-endian and counts before lists. R and C_o may not be the
// identity; V, A, F1, F2 may.
//
// # Batches
//
// VerifyBatch checks (1)–(3) of many ballots as one multi-scalar
// multiplication, in which each equation of each ballot has its own weight of
// 128 bits. The weights come from a stream keyed by 32 bytes of system
// randomness together with a hash of the whole batch, responses included: a
// weight that depended on less could be met by errors that cancel. This is the
// one place where a verdict meets randomness; it is wrong with probability
// 2^-128, and always in the direction of accepting. A batch that fails is
// split until the culprits are named, and each culprit is confirmed without
// weights.
//
// The package must never know who votes, and nothing of tokens or the ledger.
package bitproof
