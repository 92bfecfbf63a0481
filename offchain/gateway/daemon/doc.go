// Package daemon assembles a gateway of its settings and runs it: keys, register,
// view of the ledger and HTTP interface; and publishes its token keys.
//
// The package must never log a secret, a voter or an address.
package daemon
