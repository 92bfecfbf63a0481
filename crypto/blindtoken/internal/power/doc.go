// Package power computes s^65537 modulo a number of 2,048 bits, which is what
// checking a token's signature consists of, with AVX-512 registers and 52-bit
// multiplication (IFMA), and s^d modulo a prime of 1,024 bits, two of which make
// a signature. What depends on the modulus alone is computed once.
// Specification: docs/spec, "Tokens".
//
// It exists on amd64 only; Available says whether the machine has the
// instructions. What is signed, and what a machine without them does instead, is
// package blindtoken's affair. Signatures and moduli are public; primes and their
// exponents are secret, and what takes most time takes the same for all of them.
package power
