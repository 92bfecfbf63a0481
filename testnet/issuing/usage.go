package main

import (
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/urna-vote/urna/internal/processor"
)

// usage of the gateway's process.
type usage struct {
	// Processor seconds so far, MemoryMB now.
	Processor float64
	MemoryMB  float64
}

// usageNow reads what the system says of this process; it knows Linux.
func usageNow() usage {
	u := usage{Processor: processor.Time().Seconds()}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return u
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "kB")), 64)
			u.MemoryMB = kib * 1024 / 1e6
		}
	}
	return u
}

// since is the usage from an earlier one on.
func (u usage) since(earlier usage) time.Duration {
	return time.Duration((u.Processor - earlier.Processor) * float64(time.Second))
}
