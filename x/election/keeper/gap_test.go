package keeper_test

import (
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
)

func TestGapOverTheCloseSuspendsTheZone(t *testing.T) {
	town := sample.OpenIssuing(2)
	town.Until(sample.Closes - 30_000)
	last := town.Context.Height
	town.Block(60_001)
	z := town.Zone(0)
	if z.Phase != voting || !z.Suspended || z.SuspendedHeight != last {
		t.Fatalf("phase %s, suspended %v after block %d, want %d", election.PhaseName(z.Phase), z.Suspended, z.SuspendedHeight, last)
	}
	if election.AcceptsBallots(z) || election.IssuesTokens(z) {
		t.Fatal("ballots or tokens while the close is suspended")
	}
	for range 3 {
		town.Block(1000)
	}
	if z = town.Zone(0); z.Phase != voting || !z.Suspended {
		t.Fatal("the suspension ended without a decision")
	}
	err := town.Decide(extendClose, &electionv1.ExtendClose{ElectionId: town.ID[:], ClosesMs: sample.Closes + 600_000, Reason: "stall"})
	refused(t, err, election.CodeSuspended, "zone")
}

func TestGapOfExactlyAMinuteSuspendsNothing(t *testing.T) {
	town := sample.OpenIssuing(2)
	town.Until(sample.Closes - 30_000)
	town.Block(60_000)
	inPhase(t, town, closed)
}

func TestGapThatMeetsNoDeadlineSuspendsNothing(t *testing.T) {
	town := sample.OpenIssuing(2)
	town.Until(sample.VotingOpens)
	town.Block(61_000)
	if z := town.Zone(0); z.Suspended || z.SuspendedHeight != 0 {
		t.Fatal("suspended without a deadline")
	}
	town.Until(sample.Closes)
	inPhase(t, town, closed)
}

func TestSuspendedCloseTakesEffectByDecision(t *testing.T) {
	town := suspendedClose(t)
	if err := town.Decide(resolveSuspension, &electionv1.ResolveSuspension{ElectionId: town.ID[:], Reason: "close now"}); err != nil {
		t.Fatal(err)
	}
	if err := town.Block(1000, town.IssueTx(0, 0, sample.Entry("0/0")))[0]; err == nil {
		t.Fatal("token issued in the block of the close")
	}
	inPhase(t, town, closed)
	if z := town.Zone(0); z.ClosedMs != town.Context.TimeMS || z.SuspendedHeight == 0 {
		t.Fatalf("closed at %d, the gap is no longer named: %d", z.ClosedMs, z.SuspendedHeight)
	}
	err := town.Decide(resolveSuspension, &electionv1.ResolveSuspension{ElectionId: town.ID[:], Reason: "again"})
	refused(t, err, election.CodeNotSuspended, "zone")
}

func TestSuspendedCloseIsMovedByDecision(t *testing.T) {
	town := suspendedClose(t)
	moveTo := func(ms int64) error {
		return town.Decide(resolveSuspension, &electionv1.ResolveSuspension{ElectionId: town.ID[:], MoveToMs: ms, Reason: "an hour was lost"})
	}
	refused(t, moveTo(town.Context.TimeMS), election.CodeTimetable, "move_to_ms")
	refused(t, moveTo(sample.Closes+election.MaxExtensionMS+1), election.CodeTimetable, "move_to_ms")
	later := town.Context.TimeMS + 100_000
	if err := moveTo(later); err != nil {
		t.Fatal(err)
	}
	if !election.AcceptsBallots(town.Zone(0)) {
		t.Fatal("no ballots after the close was moved")
	}
	town.Until(later - 1)
	inPhase(t, town, voting)
	town.Until(later)
	inPhase(t, town, closed)
}

func TestGapOverTwoDeadlinesNeedsTwoDecisions(t *testing.T) {
	town := sample.NewTown()
	town.Create(sample.Definition())
	town.Enrol(2)
	town.RegisterPanel(0)
	town.Until(sample.CeremonyOpens)
	town.EndCeremony(0)
	town.Block(sample.VotingOpens + 1000 - town.Context.TimeMS)
	gap := town.Context.Height - 1
	resolve := &electionv1.ResolveSuspension{ElectionId: town.ID[:], Reason: "go on"}
	for _, phase := range []electionv1.Phase{rollPhase, issuing} {
		if z := town.Zone(0); z.Phase != phase || !z.Suspended || z.SuspendedHeight != gap {
			t.Fatalf("phase %s, suspended %v after block %d", election.PhaseName(z.Phase), z.Suspended, z.SuspendedHeight)
		}
		if err := town.Decide(resolveSuspension, resolve); err != nil {
			t.Fatal(err)
		}
		town.Block(1000)
	}
	inPhase(t, town, voting)
	town.Until(sample.Closes)
	inPhase(t, town, closed)
}

func TestGapOverOpeningAndCloseIsResolvedByExtending(t *testing.T) {
	town := sample.OpenIssuing(2)
	town.Until(sample.VotingOpens - 1000)
	town.Block(sample.Closes + 1000 - town.Context.TimeMS)
	if z := town.Zone(0); z.Phase != issuing || !z.Suspended || !election.IssuesTokens(z) {
		t.Fatalf("phase %s, suspended %v", election.PhaseName(z.Phase), z.Suspended)
	}
	if err := town.Decide(resolveSuspension, &electionv1.ResolveSuspension{ElectionId: town.ID[:], Reason: "open"}); err != nil {
		t.Fatal(err)
	}
	town.Block(1000)
	inPhase(t, town, issuing) // its close has passed: opening would be closing
	later := town.Context.TimeMS + 100_000
	if err := town.Decide(extendClose, &electionv1.ExtendClose{ElectionId: town.ID[:], ClosesMs: later, Reason: "stall"}); err != nil {
		t.Fatal(err)
	}
	town.Block(1000)
	inPhase(t, town, voting)
	town.Until(later)
	inPhase(t, town, closed)
}

func TestSecondGapSuspendsTheMovedDeadlineAgain(t *testing.T) {
	town := suspendedClose(t)
	later := town.Context.TimeMS + 100_000
	if err := town.Decide(resolveSuspension, &electionv1.ResolveSuspension{ElectionId: town.ID[:], MoveToMs: later, Reason: "move"}); err != nil {
		t.Fatal(err)
	}
	town.Until(later - 1000)
	town.Block(70_000)
	if z := town.Zone(0); !z.Suspended || z.SuspendedHeight != town.Context.Height-1 {
		t.Fatalf("suspended %v after block %d", z.Suspended, z.SuspendedHeight)
	}
}

func TestGapOverTheCeremonysOpeningSuspendsIt(t *testing.T) {
	town := sample.NewTown()
	town.Create(sample.Definition())
	town.Block(sample.CeremonyOpens + 1 - town.Context.TimeMS)
	if z := town.Zone(0); z.Phase != announced || !z.Suspended {
		t.Fatalf("phase %s, suspended %v", election.PhaseName(z.Phase), z.Suspended)
	}
	move := &electionv1.ResolveSuspension{ElectionId: town.ID[:], MoveToMs: sample.IssuingOpens, Reason: "later"}
	refused(t, town.Decide(resolveSuspension, move), election.CodeTimetable, "move_to_ms")
	move.MoveToMs = sample.IssuingOpens - 50_000
	if err := town.Decide(resolveSuspension, move); err != nil {
		t.Fatal(err)
	}
	town.Until(move.MoveToMs)
	inPhase(t, town, ceremony)
}

func suspendedClose(t *testing.T) *sample.Town {
	t.Helper()
	town := sample.OpenIssuing(2)
	town.Until(sample.Closes - 1000)
	town.Block(3_600_000)
	if z := town.Zone(0); !z.Suspended {
		t.Fatal("not suspended")
	}
	return town
}
