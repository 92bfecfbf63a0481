// Package auth decides whether a request comes from the person to whom an entry
// of the roll belongs, by one of two Authenticators: Codes, for what was handed
// out, and Portal, for a log-in and a one-time code. It also tells people what was
// endorsed for them (Teller), and counts those who did not ask for it (Disputes).
//
// Specification: docs/spec, section "Issuance"; docs/spec/gateway.md.
//
// # Session and one-time code
//
// A session (package session) was made for one request, and a code (package otp)
// for one session. Decide uses a right code up in the transaction that binds the
// record, and lets the session repeat that request without a code, so that a
// lost answer costs nothing. A right code shown with another request is refused
// and stays good for the person's own.
//
// # Pass and code
//
// A voter shows two things, both different at each issuer:
//
//	pass = what the voter key gives for this issuer (package slip)
//	code = 80 random bits handed over on another way
//
// The register holds of each only
//
//	HMAC-SHA-256(access key, "urna/v1/access/pass" or "…/code" ‖ salt ‖ entry ‖ pass or code)
//
// with fields length-prefixed, a salt for each entry and a key for each
// gateway: a stolen register gives nothing to try codes against.
//
// A wrong code is counted; the fifth and each further one brings a wait that
// doubles, in the database, so that it holds over restarts and replicas.
// A wrong pass is not counted and answers exactly as a wrong code: entries are
// public, and without this whoever reads the roll could lock a voter out, or
// learn by trying names whose entry it is.
//
// The package must never know a network or a ballot, and an address only on its
// way from the list of persons to the outbox; it draws no randomness and reads
// the clock it is given.
package auth
