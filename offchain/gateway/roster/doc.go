// Package roster turns a list of voters into what each party needs, and nobody
// more: the roll for the commission, a slip for each voter, and for each issuer
// a list to print and a list to import.
//
// Specification: docs/spec, section "Roll and applications".
//
// # Files
//
//	voters     CSV "voter,style": the register's id of a person, the name of a style
//	roll.csv   CSV "entry,style": what the commission stages; ascending in style, then entry
//	slips/     one file for each voter (package slip), named by the voter's id
//	passes.csv CSV "voter,entry,style,pass": what an issuer needs to make its own codes
//	print.csv  CSV "voter,code": what the issuer hands its voters
//	access.csv what the issuer's gateway imports (package register): hashes only
//	access.key the key of those hashes, 64 hex digits; the gateway's configuration names it
//
// The entries of roll.csv stand in the order of random ids: the order of the
// voters is lost.
//
// Enrol makes the voter keys; Codes makes one issuer's codes from its passes.
// An issuer that runs Codes itself has codes that nobody else ever saw. Who runs
// both knows everything a gateway asks a voter for.
//
// The package must never know a token, a ballot or the network.
package roster
