// Package election is the definition of an election, its zones and their
// phases: what is fixed when it is made, what the ballot of a style looks like,
// and which acts of the commission may change it. See docs/spec/elections.md.
//
// Everything here is a pure function of its arguments and serves verifiers off
// the ledger as well; the state is in the keeper.
//
// It must never know who votes, tokens, keys or ballots.
package election
