// Package snapshot is the form in which a node hands its state to one that
// joins: a manifest and chunks, kept as files of a directory that appears whole
// or not at all. See docs/spec/snapshots.md.
//
// Nothing in a snapshot is believed. The manifest must give the application
// hash that a commit of the validators names, before the first chunk is
// fetched: its leaves hash to it, the digests of its state chunks add up to the
// state digest, the roots of its log chunks make the root of the ballot log.
// Then each chunk must have its own digest or root. What is not under the
// application hash is not in a snapshot.
//
// The package must never know what a key of state means, nor where a snapshot
// comes from.
package snapshot
