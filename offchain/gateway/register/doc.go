// Package register is a gateway's durable memory: who may ask for a token
// (salted, keyed hashes of access codes), how often a wrong code was tried, and
// which record was endorsed for an entry. It is one SQL database, SQLite by
// default; replicas of a gateway open the same one.
//
// Specification: docs/spec, section "Issuance".
//
// # What is durable before what
//
// An answer leaves the gateway only after the commit of the transaction that
// holds what the answer rests on. Commits reach the disk (synchronous = FULL);
// concurrent requests share one (Update).
//
// # Access list file
//
// Text, one entry a line, made by package roster:
//
//	file   = "urna access 1" LF "election " hex64 LF header LF { line LF }
//	header = "entry,style,salt,pass,code"
//	line   = hex64 "," decimal "," hex32 "," hex64 "," hex64
//
// The package must never know a name, an address, a code in clear, an issuer's
// keys or the network.
package register
