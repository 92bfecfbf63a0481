// Package auth decides whether a request comes from the person to whom an entry
// of the roll belongs. Today that is an access code; another way (OpenID
// Connect) is another Authenticator.
//
// Specification: docs/spec, section "Issuance".
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
// The package must never know names, addresses or a network; it draws no
// randomness and reads the clock it is given.
package auth
