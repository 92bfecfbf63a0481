package main

import (
	"os"
	"runtime/debug"
)

// verifierMemory is where the garbage collector begins to work harder while a
// record is verified. What lives is bounded by the queues of the verifier, about
// half of it; without a limit the heap grows to twice what lives where blocks are
// full.
const verifierMemory = 400 << 20

// boundMemory keeps verification within half a gigabyte, unless GOMEMLIMIT
// says otherwise.
func boundMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(verifierMemory)
	}
}
