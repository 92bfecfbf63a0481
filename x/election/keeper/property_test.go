package keeper_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/urna-vote/urna/internal/sample"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
)

// Whatever the steps of block time and the decisions: a zone never goes back,
// no deadline takes effect in the block of a gap it fell into, and a suspended
// zone stands still until it is decided.
func TestNoDeadlineTakesEffectInAGap(t *testing.T) {
	ready := sample.OpenIssuing(1)
	start, id, def := ready.State, ready.ID, ready.Def
	context := ready.Context
	rapid.Check(t, func(t *rapid.T) {
		town := sample.NewTown()
		town.State, town.Context, town.ID, town.Def = start.Clone(), context, id, def
		steps := rapid.SliceOfN(rapid.Int64Range(1, 80_000), 1, 30).Draw(t, "steps")
		decisions := rapid.SliceOfN(rapid.IntRange(0, 5), len(steps), len(steps)).Draw(t, "decisions")
		for i, step := range steps {
			before, now := town.Zone(0), town.Context.TimeMS
			town.Block(step)
			after := town.Zone(0)
			check(t, before, after, now, step)
			if decisions[i] == 0 && after.Suspended {
				act := &electionv1.ResolveSuspension{ElectionId: id[:], Reason: "drawn"}
				if err := town.Decide(resolveSuspension, act); err != nil {
					t.Fatalf("resolve: %v", err)
				}
			}
			if decisions[i] == 1 && election.BeforeClose(after) {
				act := &electionv1.ExtendClose{ElectionId: id[:], ClosesMs: after.ClosesMs + 50_000, Reason: "drawn"}
				// Refused where the close is what is suspended, or has passed meanwhile.
				_ = town.Decide(extendClose, act)
			}
		}
	})
}

func check(t *rapid.T, before, after electionv1.ZoneState, previous, step int64) {
	if after.Phase < before.Phase {
		t.Fatalf("zone went back from %v to %v", before.Phase, after.Phase)
	}
	if before.Suspended && after.Phase != before.Phase {
		t.Fatalf("suspended zone moved from %v to %v", before.Phase, after.Phase)
	}
	d := election.Next(before.Phase)
	if d == election.DeadlineNone {
		return
	}
	due := d.Time(before)
	if gap := step > 60_000; gap && due > previous && due <= previous+step && (after.Phase != before.Phase || !after.Suspended) {
		t.Fatalf("%s took effect in a gap of %d ms", d, step)
	}
	if step <= 60_000 && !before.Suspended && before.Phase == electionv1.Phase_PHASE_VOTING && due <= previous+step &&
		after.Phase != electionv1.Phase_PHASE_CLOSED {
		t.Fatalf("close at %d did not take effect at %d", due, previous+step)
	}
}
