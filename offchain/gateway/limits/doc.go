// Package limits keeps one stranger from taking what is for all: requests of one
// address, requests of one person. Connections are bounded by package connections.
//
//	Addresses  in memory: requests a minute from one address or network
//	Persons    in SQL: requests a minute of one person, over all replicas
//
// Persons counts in memory and adds its counts to the table once a second, so
// that a request waits for no disk: what a person can get beyond the limit is
// one second's requests at each replica. A row holds a keyed hash of the person,
// a minute and a number, and goes after two minutes.
//
// Specification: docs/spec/gateway.md, section "Limits".
//
// The package must never store or log an address, and never know a person.
package limits
