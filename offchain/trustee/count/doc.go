// Package count makes the result of a zone from what the ledger shows: it
// checks the trustees' shares, joins t of them and finds the counts, which are
// discrete logarithms. Anyone may do it; the ledger checks what comes out.
//
// Specification: docs/spec, section "Counting".
//
// The package must never know a secret share, nor a sum other than the units
// that the ledger froze.
package count
