// Package journal records what a gateway's staff did, so that a row taken out,
// changed or put in later shows.
//
// Specification: docs/spec, section "Roll and applications".
//
// # Chain
//
// Row n, counted from 1, holds
//
//	hash[n] = SHA-256("urna/v1/journal" ‖ hash[n-1] ‖ be64(n) ‖ be64(time) ‖ field(actor) ‖ field(action) ‖ field(object))
//	field(s) = be64(length of s in bytes) ‖ s
//
// with hash[0] 32 zero bytes. Who can write the database can make a chain anew,
// or cut off its end: the head (count and hash), written down elsewhere, shows
// that too.
//
// The package must never hold a name, a phone, an address or another thing of a
// voter: an object is an election, a list, a number of an application.
package journal
