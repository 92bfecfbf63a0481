// Package terminal is how the programs speak to the person or script that runs
// them: exit codes, progress, tables and JSON. Progress is a bar on a terminal
// and plain lines elsewhere; results go to the output, everything else to the
// error output, so that a pipe carries nothing but results.
//
// Specification: docs/spec, section "Programs".
//
// The package must never know what the programs do.
package terminal
