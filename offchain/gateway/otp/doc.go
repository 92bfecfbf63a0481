// Package otp makes one-time codes and judges what a person types.
//
// Specification: docs/spec/gateway.md, section "One-time codes".
//
//	digits   6 by default, 5 to 10
//	valid    five minutes, for one session of one person, once
//	tries    three for a code; then another is asked for
//	resend   60 seconds after the last, however many codes were asked for
//
// All of it stands in the gateway's database, so it holds over restarts and
// replicas. A code is stored as
//
//	HMAC-SHA-256(key, salt ‖ owner ‖ bound ‖ digits)
//
// with fields length-prefixed, 16 random bytes of salt, and a key that the
// gateway's vault key gives for this use (the index of "otp/key"): a stolen database
// gives nothing to try a million codes against. The same work is done whatever
// is wrong, and hashes are compared in constant time.
//
// There is no limit of codes a day: it would let whoever can ask for codes lock
// a person out. A guesser gets three tries a minute at one account it has logged
// in to, three of a million; the person sees each code come.
//
// The package must never know a person, an entry or a number: its owner is a hash.
package otp
