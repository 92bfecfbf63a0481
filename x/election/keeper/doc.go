// Package keeper holds elections and moves zones through their phases. See
// docs/spec/elections.md, "Deadlines".
//
// A deadline takes effect in BeginBlock, at the first block whose time has
// reached it, unless that block's time is more than a minute after the block
// before: then it is held until the quorum decides. What a transaction meets
// within a block is therefore one state of every zone: acts that end a phase
// take effect in EndBlock or at the next block, never between transactions.
//
// It must never know rolls, keys or tokens: whether they are ready it asks.
package keeper
