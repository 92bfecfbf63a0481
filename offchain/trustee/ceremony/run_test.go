package ceremony_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/trustee/ceremony"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
)

func TestTheDrillShareIsSentByItself(t *testing.T) {
	media := homes(t, 3)
	n := newTown(t, sample.Definition(), media...)
	programs := n.programs(media)
	if _, err := programs[0].Drill(t.Context()); err == nil {
		t.Error("drilled before there was a key")
	}
	n.until(ceremonyv1.Window_WINDOW_DRILL, programs)
	n.block()
	n.block()
	for i, h := range media {
		p := n.program(h)
		if sent, err := p.Drill(t.Context()); err != nil || !sent {
			t.Fatalf("trustee %d: sent %v, %v", i, sent, err)
		}
		n.block()
		n.block()
		if sent, err := p.Drill(t.Context()); err != nil || sent {
			t.Errorf("trustee %d again: sent %v, %v", i, sent, err)
		}
	}
	n.once()
	if key := n.city.Key(); key.Attempt != 1 {
		t.Errorf("key of attempt %d", key.Attempt)
	}
	if s, err := n.program(media[0]).Status(t.Context()); err != nil || s.Window != "done" || len(s.KeyHash) != 32 {
		t.Errorf("status %+v, %v", s, err)
	}
}

func TestStatusNamesWhomTheWindowWaitsFor(t *testing.T) {
	media := homes(t, 3)
	n := newTown(t, sample.Definition(), media...)
	if _, err := n.program(media[0]).Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.block()
	s, err := n.program(media[1]).Status(t.Context())
	if err != nil || s.Window != "register" || fmt.Sprint(s.Waiting) != "[trustee-1 trustee-2]" || s.Attempt != 1 {
		t.Errorf("status %+v, %v", s, err)
	}
}

// flaky nodes do not answer every second time.
type flaky struct {
	*town
	calls int
}

func (f *flaky) Proven(ctx context.Context, id [32]byte, names ...string) (*ceremony.Proven, error) {
	if f.calls++; f.calls%2 == 0 {
		return nil, fmt.Errorf("proven: %w", client.ErrUnavailable)
	}
	return f.town.Proven(ctx, id, names...)
}

func TestRunGoesOnOverUnansweringNodesAndFailedAttempts(t *testing.T) {
	media := homes(t, 3)
	n := newTown(t, sample.Definition(), media...)
	others := n.programs(media[1:])
	restarted := false
	pause := func(ctx context.Context) error {
		st := n.city.Ceremonial()
		if st.Window == ceremonyv1.Window_WINDOW_FAILED && !restarted {
			restarted = true
			return n.city.Decide(commissionv1.Action_ACTION_RESTART_CEREMONY, &ceremonyv1.RestartCeremony{ElectionId: n.city.ID[:], Reason: "again"})
		}
		for _, p := range others {
			if st.Attempt == 2 { // in the first the others are silent
				// What is proven may still be the failed attempt.
				if _, err := p.Step(ctx); err != nil && !errors.Is(err, ceremony.ErrFailed) {
					return err
				}
			}
		}
		n.block()
		return nil
	}
	p := ceremony.New(ceremony.Config{Home: media[0], Ledger: &flaky{town: n}, ChainID: sample.ChainID, Election: n.city.ID,
		Random: rand.Reader, Say: func(string) {}, Pause: pause, Stay: true})
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if key := n.city.Key(); !restarted || key.Attempt != 2 {
		t.Errorf("key of attempt %d", key.Attempt)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	never := ceremony.New(ceremony.Config{Home: media[0], Ledger: cancelled{n}, ChainID: sample.ChainID, Election: n.city.ID,
		Random: rand.Reader, Say: func(string) {}, Pause: pause})
	if err := never.Run(stopped); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// cancelled answers as a client does whose context ended.
type cancelled struct{ *town }

func (c cancelled) Proven(ctx context.Context, _ [32]byte, _ ...string) (*ceremony.Proven, error) {
	return nil, context.Cause(ctx)
}
