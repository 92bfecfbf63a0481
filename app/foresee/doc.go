// Package foresee opens and verifies the transactions of blocks that the engine
// has fetched and not yet applied, while it applies those before them. See
// docs/adr/0021-foresight.md.
//
// It decides nothing. What it remembers of a transaction is that pure facts of
// its bytes hold, which no state changes; a block is decided the same whether
// its transactions were foreseen or not. What peers send is not yet known to be
// decided by anybody: memory is bounded, and who sends what does not verify is
// soon not listened to.
//
// The package must never know a message, the state, or the engine.
package foresee
