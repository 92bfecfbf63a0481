// Package blindtoken is the token that lets a voter into the ballot box without
// a name: blind RSA signatures of all members of a panel of issuers over one
// ballot key. It implements RSABSSA-SHA384-PSS-Deterministic of RFC 9474 for
// the device, the issuer and the ledger, and the proof with which an issuer
// registers its key.
//
// Specification: docs/spec, section "Issuance".
//
// # What is signed
//
// The message of a token is the concatenation of six fields, each preceded by
// its length in eight bytes, big-endian (the field format of the transcript):
//
//	"urna/v1/token" ‖ chain id ‖ election id (32) ‖ u64(class) ‖ u64(panel) ‖ ballot public key (32)
//
// The ballot key is 256 fresh bits, so that the deterministic variant (no random
// prefix) hides as much as the randomised one. Hash and mask function are
// SHA-384, the salt has 48 bytes.
//
// # What comes from the token secret
//
// One secret of 32 bytes determines the ballot key, every salt and every
// blinding factor, so that a device that crashed asks for the very same blinded
// message again. Streams are SHAKE256 over length-prefixed fields:
//
//	ballot key seed = SHAKE256("urna/v1/token/ballot-key" ‖ secret ‖ chain ‖ election ‖ u64(class)), 32 bytes
//	blinding stream = SHAKE256("urna/v1/token/blinding" ‖ secret ‖ message ‖ modulus)
//
// The blinding stream yields the salt (48 bytes), then candidates of as many
// bytes as the modulus has, read big-endian; the first one below the modulus is
// the blinding factor r, and the blinded message is EM · r^e mod N. Message and
// modulus enter, so that no two requests share a factor. The ballot key does
// not depend on the panel: it stays if the open panel changes before the record
// of the issuance is on the ledger. Nothing else comes from the secret.
//
// # Keys
//
// A modulus has exactly 2,048 or 3,072 bits, is odd, and is encoded big-endian in
// 256 or 384 bytes; the public exponent is 65,537. Signatures and blinded messages
// have the length of the modulus and are smaller than it, and zero is none.
//
// # Key proof
//
// Blindness must hold against an issuer that chose its modulus with intent. EM is
// hidden by r^e exactly if x → x^e permutes Z_N^*: then r^e is uniform and so is
// the blinded message, whatever EM is. A map that is no permutation would let the
// issuer tell ballots apart by which residue class they fall into.
//
// The issuer publishes e-th roots of nine values ρ_1..ρ_9 hashed into Z_N
// (Goldberg, Reyzin, Sagga, Baldimtsi 2018, the proof for permutations of Z_N^*):
//
//	seed = H("urna/v1/token/key-proof", chain, election; u64(class), u64(panel), issuer, modulus), 64 bytes
//	ρ_i  = SHAKE256(seed ‖ u64(i)), len(N)+32 bytes with length-prefixed fields, big-endian, mod N
//
// Checked is that each ρ_i is a unit, that the root is in 1..N−1, and that its
// e-th power is ρ_i. If e, a prime, divides φ(N), the e-th powers are a subgroup
// of Z_N^* of index at least e; ρ_i is uniform among the units (up to 2^-256, from
// reducing 32 bytes more than needed), so a single root exists with probability
// at most 1/e and all nine with at most 65,537^-9 < 2^-144. An adversary that
// tries 2^64 moduli succeeds with probability below 2^-80. Eight values would
// give 2^-128 before that search is paid for.
//
// The paper bounds the share of non-units by trial division; checking each ρ_i
// makes that bound unnecessary for soundness. All primes up to 65,537 are tried
// nevertheless: with none of them a modulus has at most 191 prime factors, so that a
// random value is no unit with probability below 2^-8, and a key that anybody
// could factor at once does not enter the ledger. A prime modulus, whose private
// exponent everybody knows, is refused as well. That the
// modulus is hard to factor is not provable and not needed: an issuer can always
// give its key away, which is why a token needs all members of a panel.
// The roots also show possession of the private key for this chain, election,
// class, panel and issuer.
//
// The device computes EM and r coprime to N or stops (RFC 9474, section 4.2).
//
// # Ledger
//
// At 2,048 bits an exponentiation of our own with what depends on the key
// computed once (internal/power), on machines with 52-bit vector multiplication;
// elsewhere VerifyPSS of crypto/rsa. At 3,072 bits that of circl. Tests hold all
// of them to the same verdicts. Signing at 2,048 bits is two exponentiations of
// 1,024 bits of the same package, which take the same time for all exponents.
//
// The package must never know who asks: no identity, no session, no entry.
package blindtoken
