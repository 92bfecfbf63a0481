// Package threshold is the election key that nobody holds: vector distributed
// key generation after Pedersen with t of n trustees, one key per ciphertext
// slot, and the joining of partial decryptions. Every function is pure; windows,
// complaints and who is out are decided by the ceremony.
//
// Specification: docs/spec, section "Election key".
//
// # Notation
//
// n trustees with indices 1..n, threshold t, slots 1..L, B the generator of
// ristretto255, q its order. H is the transcript hash. Every hash of this package
// begins with the same fields, called place below:
//
//	place = u64(zone), u64(attempt), u64(n), u64(t), u64(L), trustee list hash
//
// # A deal
//
// Dealer d chooses for each slot i a polynomial f_i of degree t-1 over the scalars
// and publishes
//
//	commitments  A_{i,k} = a_{i,k}·B, k = 0..t-1        32·L·t bytes, slot by slot, k ascending
//	proofs       (T_i, s_i), a Schnorr proof for each A_{i,0}   64·L bytes, slot by slot, T then s
//	sealed       for each receiver j = 1..n, the dealer too, one box over
//	             f_1(j) ‖ … ‖ f_L(j)                       1,136 + 32·L bytes
//
// The proof of possession of a_{i,0}, with e the challenge, s = k + e·a_{i,0}:
//
//	T = k·B, e = H("threshold/possession"; place, u64(d), u64(i), commitments hash, A_{i,0}, T)
//	commitments hash = H("threshold/commitments"; place, u64(d), commitments), 32 bytes
//
// Place, dealer and slot are in the challenge, so that a late dealer can use
// neither another's proof nor its own of another slot: without that it would make
// two slot keys equal (A_{2,0} := A_{1,0} + what the others dealt) and read the
// difference of two counts. A_{i,0} may not be the identity and the A_{i,0} of one
// deal differ; the higher commitments may be anything.
//
//	deal hash = H("threshold/deal"; place, u64(d), commitments, proofs, u64(n), box_1, …, box_n), 32 bytes
//
// VerifyDeal checks all of that from public data alone. The L proofs are checked
// as one sum with weights hashed from the whole deal:
//
//	w_i = H("threshold/weight"; deal hash, u64(i)),  Σ w_i·(s_i·B − T_i − e_i·A_{i,0}) = 0
//
// The weights depend on every byte that is checked, responses included, so that a
// deal with a false proof passes with probability 2^-252 for each hash its dealer
// tries, and the verdict is the same on each machine.
//
// # Shares
//
// The box for receiver j is sealed with info, the fields
//
//	"urna/v1/threshold/shares" ‖ chain ‖ election ‖ place ‖ u64(d) ‖ u64(j) ‖ commitments hash
//
// each with its length in front; a box that answers a complaint begins with
// "urna/v1/threshold/reshares" instead. Shares are canonical scalars. They are
// right if f_i(j)·B = Σ_k j^k·A_{i,k} for every slot (Feldman), checked as one
// sum with weights hashed from commitments and shares.
//
// An answer to a first complaint is a box for the fresh key it names; to a second
// one the shares themselves, 32·L bytes, which anybody checks.
//
// # The joint key
//
//	K_i     = Σ_d A_{i,0}                 over the qualified dealers
//	X_{j,i} = Σ_d Σ_k j^k·A_{i,k}         verification key of trustee j
//	x_{j,i} = Σ_d f_{d,i}(j)              its secret share, known to it alone
//
// No K_i and no X_{j,i} is the identity, and the K_i differ. D_{j,i} = x_{j,i}·R is
// a partial decryption; any t of them give x_i·R = Σ_j λ_j·D_{j,i} with the
// Lagrange coefficients at zero.
//
// Fewer than t qualified dealers make no key: all of them could be corrupt.
//
// The drill ciphertext is (r·B, r·K_i) with r = H("threshold/drill"; u64(zone), K_1..K_L)
// as a challenge: everybody can compute it and its decryption, so that opening it
// tells nobody anything but that the trustee can.
//
// # Randomness
//
// All of a trustee comes from one seed of 32 bytes, fresh for the ceremony or kept
// on its medium, so that a crashed trustee resumes:
//
//	a_{i,k} = next 64 bytes mod q of SHAKE256("urna/v1/threshold/polynomial", seed, chain, election, place, u64(d)), slot by slot
//	k_i     = the same with "urna/v1/threshold/nonce" and the commitments hash at the end
//	HPKE keys: material "urna/v1/threshold/hpke", seed, chain, election, u64(zone), u64(attempt), u64(dealer of the complaint, 0 for the first key)
//
// each field with its length in front. Trustee list, t and attempt are in the
// place: with another list the same seed gives other polynomials, otherwise two
// ceremonies with one seed and different t would leak the difference of polynomials.
// Boxes are not reproducible: a trustee stores its deal before it commits to it.
//
// # Dealer mode
//
// For procedures that ask for one key cut into parts, Split makes one deal, without
// boxes, of a dealer with index 0; parts are the shares. Assemble rebuilds the key
// from any t parts. That fewer than t decrypt nothing is not claimed for it: its
// dealer knew everything.
//
// The package must never know files, clocks, networks, or what a slot stands for.
package threshold
