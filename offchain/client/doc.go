// Package client speaks the public API of the network's nodes: every route,
// typed, with several nodes to fall back on, and submission that waits until a
// transaction is in a block.
//
// Specification: docs/spec, section "Public API".
//
// Nothing a node answers is true because it says so. What must be true comes
// through Proven and Receipt, which return only what a commit of the trusted
// validators proves; the other answers are for showing, for finding and for
// feeding into something that checks.
//
// The package must never know whose transaction it carries or what is in it,
// and it writes no log.
package client
