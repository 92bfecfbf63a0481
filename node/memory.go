package node

import (
	"os"
	"runtime/debug"
)

// What the garbage collector is told unless GOGC and GOMEMLIMIT say otherwise.
const (
	gcPercent   = 400
	memoryLimit = 2 << 30
)

// TuneMemory trades memory for time, unless the operator decided otherwise:
// most of a node's garbage is short-lived proofs and blocks, and a heap that
// may grow to five times what lives is collected a fourth as often. Near the
// limit the collector works harder instead of letting the process grow.
func TuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
