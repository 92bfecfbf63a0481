// Package elgamal is the encryption of ballots: ElGamal in the exponent with
// one key per ciphertext slot and one randomness for all slots of a ballot
// (docs/spec, "Election key", "Encryption" and "Counting").
//
//	R = r·B,  C_i = r·K_i + m_i·B
//
// Ciphertexts of many ballots add up to the encryption of the sums of their
// messages, slot by slot; a Sum is such a total. With x_i the secret of slot
// i, C_i - x_i·R = m_i·B, and m_i, a count, is found by baby steps and giant
// steps (Logarithm).
//
// Encryption itself is not offered here: a ciphertext that enters a sum always
// comes with a proof of what it holds, and package bitproof makes both at once.
//
// # Encoding
//
//	ciphertext  R ‖ C_1 ‖ … ‖ C_n   32(n+1) bytes, none the identity
//	sum         R ‖ C_1 ‖ … ‖ C_n   32(n+1) bytes, the identity allowed
//
// Slots are numbered from 1, as in the election's definition.
//
// The package must never know voters, contests or trustees.
package elgamal
