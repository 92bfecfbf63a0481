// Package connections bounds how many connections a server holds at once, so
// that a stranger who opens many and says nothing keeps nobody out: the one that
// is idle for the longest time gives way to a new one. Nodes and gateways listen
// through it.
//
// The package must never know a request, and never store or log an address.
package connections
