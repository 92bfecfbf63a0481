// Package keeper holds the commission and its proposals, and carries out an act
// in the block in which the quorum is reached. See docs/spec/commission.md.
//
// It must never know what an act does: it is given the acts.
package keeper
