package main

import (
	"os"
	"runtime/debug"
)

// While a record is verified little lives, but it comes and goes by the megabyte
// a block. Collected when half as much again has gathered, and harder from the
// limit on, the heap stays small for a twentieth more time.
const (
	verifierPercent = 50
	verifierMemory  = 320 << 20
)

// boundMemory keeps verification within half a gigabyte, unless GOGC or
// GOMEMLIMIT say otherwise.
func boundMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(verifierPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(verifierMemory)
	}
}
