// Package table keeps maps and sorted lists in files, for work whose memory may
// not grow with what it goes through.
//
// Specification: docs/spec, section "The public record", for whose verifier it
// is made.
//
// # Table
//
// A table maps keys of 32 bytes to values. Its records stand in a log, one
// after the other, as they were written:
//
//	key (32 bytes) ‖ length of the value (4 bytes, big-endian) ‖ value
//
// A later record of a key replaces the earlier ones. The index beside it is a
// table of hashed keys with linear probing, in pages of which a fixed number
// is in memory. The hash is keyed by a random seed: whoever chooses keys cannot
// choose where they fall. The log alone is enough to make the index again, so a
// checkpoint of a table is the length and the SHA-256 of its log.
//
// # Sorter
//
// A sorter takes records of one width in any order and gives them ascending:
// so many are sorted in memory and written as a run, and runs are merged.
//
// The package must never know what keys and values mean.
package table
