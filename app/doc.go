// Package app is the application under the consensus engine (ABCI 2.0), one
// file per step: info, mempool, proposal, finalize, commit, query,
// snapshot. One function, decide, says whether a block is right and what it
// makes of the state; it sees the block, the state before and the rule version
// and nothing else. See docs/spec/transactions.md, "Blocks".
//
// A block that contains a transaction breaking a rule is refused: being in a
// block means being accepted. A node that finds the engine has decided a block
// which decide refuses stops and keeps the block as evidence.
//
// The package must never know its node's role, nor the wall clock.
package app
