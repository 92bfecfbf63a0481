// Package ledgertest is state in memory and a small chain without an engine,
// for tests of modules: blocks are decided with the same order of phases as
// docs/spec/transactions.md prescribes, and nothing is stored.
//
// It knows no module. Nothing but tests imports it.
package ledgertest
