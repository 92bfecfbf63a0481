package rounds

import (
	"context"
	"time"
)

// Every does the work once in each interval until the context ends, first after
// one interval. A failure is told, unless it comes of the end.
func Every(ctx context.Context, interval time.Duration, work func(context.Context) error, failed func(error)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := work(ctx); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
	}
}
