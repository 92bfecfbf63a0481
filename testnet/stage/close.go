package stage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/proto/api"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
)

// keeper moves the close on while the election is to stay open.
type keeper struct {
	mu     sync.Mutex
	closes time.Time
	by     time.Duration
	stop   context.CancelFunc
	done   chan error
}

func (e *Election) keepOpen(ctx context.Context, closes time.Time, by time.Duration) *keeper {
	ctx, stop := context.WithCancel(ctx)
	k := &keeper{closes: closes, by: by, stop: stop, done: make(chan error, 1)}
	go func() { k.done <- e.move(ctx, k) }()
	return k
}

func (e *Election) move(ctx context.Context, k *keeper) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
		if time.Until(k.closes) > k.by/2 {
			continue
		}
		later := time.Now().Add(k.by).Truncate(time.Second)
		err := e.network.Decide(ctx, commissionv1.Action_ACTION_EXTEND_CLOSE, &electionv1.ExtendClose{
			ElectionId: e.ID[:], ClosesMs: later.UnixMilli(), Reason: "voters are still casting",
		})
		switch {
		case err == nil:
			k.mu.Lock()
			k.closes = later
			k.mu.Unlock()
		case ctx.Err() == nil && time.Now().After(k.closes):
			return fmt.Errorf("keep the election open: %w", err)
		}
	}
}

// Closes is when the election closes as things stand.
func (e *Election) Closes() time.Time {
	e.keep.mu.Lock()
	defer e.keep.mu.Unlock()
	return e.keep.closes
}

// LetClose stops moving the close on.
func (e *Election) LetClose() error {
	e.keep.stop()
	err := <-e.keep.done
	e.keep.done <- err // for whoever asks again
	return err
}

// await polls until done says so.
func (e *Election) await(ctx context.Context, done func(*client.Client) (bool, error)) error {
	c, err := e.network.Client(0)
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		ok, err := done(c)
		if err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// AwaitPhase waits until the election is provably in a phase.
func (e *Election) AwaitPhase(ctx context.Context, phase electionv1.Phase) error {
	err := e.await(ctx, func(c *client.Client) (bool, error) {
		proven, err := c.Proven(ctx, e.ID, "zone/0")
		if err != nil {
			return false, err
		}
		b, _ := proven.Object("zone/0")
		zone := &electionv1.ZoneState{}
		if err := zone.Unmarshal(b); err != nil {
			return false, err
		}
		if zone.Suspended {
			return false, errors.New("the zone is suspended: block time jumped over a deadline")
		}
		return zone.Phase == phase, nil
	})
	if err != nil {
		return fmt.Errorf("await phase %s: %w", phase, err)
	}
	return nil
}

// join computes the result of the shares and waits until it stands.
func (e *Election) join(ctx context.Context) error {
	args := append([]string{"tally", "result", "--election", e.name(), "--zone", "0"}, e.network.where(0)...)
	if _, err := e.network.Run(ctx, "urna", args...); err != nil {
		return err
	}
	return e.await(ctx, func(c *client.Client) (bool, error) {
		r, err := c.Results(ctx, e.ID)
		if err != nil {
			return false, err
		}
		return len(r.Zones) == 1 && len(r.Zones[0].Units) > 0, nil
	})
}

// Finish has the commission approve the protocol of results.
func (e *Election) Finish(ctx context.Context) error {
	var hash api.Hex
	err := e.await(ctx, func(c *client.Client) (bool, error) {
		t, err := c.Tally(ctx, e.ID, 0)
		if err != nil {
			return false, err
		}
		hash = t.ProtocolHash
		return len(hash) > 0, nil
	})
	if err != nil {
		return err
	}
	act := &tallyv1.ApproveProtocol{ElectionId: e.ID[:], ProtocolHash: hash}
	if err := e.network.Decide(ctx, commissionv1.Action_ACTION_APPROVE_PROTOCOL, act); err != nil {
		return err
	}
	return e.AwaitPhase(ctx, electionv1.Phase_PHASE_FINAL)
}

// Results are the counted votes by contest and option, over all groups.
func (e *Election) Results(ctx context.Context) (map[uint32][]uint64, error) {
	c, err := e.network.Client(0)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	r, err := c.Results(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	out := map[uint32][]uint64{}
	for _, z := range r.Zones {
		for _, u := range z.Units {
			if out[u.Contest] == nil {
				out[u.Contest] = make([]uint64, len(u.Counts))
			}
			for o, n := range u.Counts {
				out[u.Contest][o] += n
			}
		}
	}
	return out, nil
}
