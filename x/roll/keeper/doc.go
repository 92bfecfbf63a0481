// Package keeper holds staged and approved rolls and which entries were struck.
// See docs/spec/roll.md.
//
// A staged tree only grows. Nothing is copied when a roll is approved: an entry
// is in the roll if the approved author staged it below the approved size.
//
// It must never know tokens: whether an entry has one it asks.
package keeper
