//go:build unix

package processor

import (
	"syscall"
	"time"
)

// Time that the process has taken so far; 0 where the system does not say.
func Time() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
