package rounds_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/rounds"
)

func TestFailuresAreToldAndTheEndIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		began := time.Now()
		var at []time.Duration
		var told []error
		broken := errors.New("broken")
		rounds.Every(ctx, time.Minute, func(ctx context.Context) error {
			at = append(at, time.Since(began))
			switch len(at) {
			case 2:
				return broken
			case 4:
				end()
				return ctx.Err()
			}
			return nil
		}, func(err error) { told = append(told, err) })
		if len(at) < 4 || at[0] != time.Minute || at[3] != 4*time.Minute {
			t.Errorf("it worked after %v", at)
		}
		if len(told) != 1 || !errors.Is(told[0], broken) {
			t.Errorf("it told %v", told)
		}
	})
}
