//go:build !unix

package daemon

import "time"

// processorTime is not known here: the waiting room keeps to what its settings
// say.
func processorTime() time.Duration { return 0 }
