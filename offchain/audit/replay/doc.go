// Package replay executes the blocks of a public record with the ledger's own
// application and compares the application hash and the results of each block
// with what the next header names.
//
// Specification: docs/spec, section "The public record".
//
// It needs no node and no network, and shows that this program, on this machine,
// comes to the state that the validators signed. It is no second opinion on the
// rules: it shares all code with the nodes. That is what offchain/audit/verify
// is for, which shares none.
//
// The state is kept in a directory and is the application's own, so a replay that
// was stopped goes on at the height that it had committed. Memory does not grow
// with the record.
//
// The package must never know a key, a peer or a clock.
package replay
