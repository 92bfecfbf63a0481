package keeper_test

import (
	"errors"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

const (
	announced = electionv1.Phase_PHASE_ANNOUNCED
	ceremony  = electionv1.Phase_PHASE_CEREMONY
	rollPhase = electionv1.Phase_PHASE_ROLL
	issuing   = electionv1.Phase_PHASE_ISSUING
	voting    = electionv1.Phase_PHASE_VOTING
	closed    = electionv1.Phase_PHASE_CLOSED
	counting  = electionv1.Phase_PHASE_COUNTING
	final     = electionv1.Phase_PHASE_FINAL
	cancelled = electionv1.Phase_PHASE_CANCELLED

	createElection    = commissionv1.Action_ACTION_CREATE_ELECTION
	cancelElection    = commissionv1.Action_ACTION_CANCEL_ELECTION
	extendClose       = commissionv1.Action_ACTION_EXTEND_CLOSE
	resolveSuspension = commissionv1.Action_ACTION_RESOLVE_SUSPENSION
)

func refused(t *testing.T, err error, code ledger.Code, field string) {
	t.Helper()
	var r *ledger.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("got %v, want refusal %s", err, code.Name)
	}
	if r.Code != code || r.Field != field {
		t.Fatalf("got %v, want %s at %s", r, code.Name, field)
	}
}

func inPhase(t *testing.T, town *sample.Town, want electionv1.Phase) {
	t.Helper()
	if got := town.Phase(0); got != want {
		t.Fatalf("phase is %s at %d, want %s", election.PhaseName(got), town.Context.TimeMS, election.PhaseName(want))
	}
}

func TestZonePassesThroughItsPhasesAtTheFirstBlockPastEachDeadline(t *testing.T) {
	town := sample.NewTown()
	town.Create(sample.Definition())
	town.Enrol(2)
	town.RegisterPanel(0)
	steps := []struct {
		at            int64
		before, after electionv1.Phase
	}{
		{sample.CeremonyOpens, announced, ceremony},
		{sample.IssuingOpens, rollPhase, issuing},
		{sample.VotingOpens, issuing, voting},
		{sample.Closes, voting, closed},
	}
	for _, s := range steps {
		town.Until(s.at - 1)
		inPhase(t, town, s.before)
		town.Until(s.at)
		inPhase(t, town, s.after)
		if z := town.Zone(0); z.SinceHeight != town.Context.Height || z.Suspended {
			t.Fatalf("since %d at height %d, suspended %v", z.SinceHeight, town.Context.Height, z.Suspended)
		}
		if s.after == ceremony {
			town.EndCeremony(0)
		}
	}
	if z := town.Zone(0); z.ClosedMs != sample.Closes || z.SuspendedHeight != 0 {
		t.Fatalf("closed at %d, suspended height %d", z.ClosedMs, z.SuspendedHeight)
	}
}

func TestIssuingWaitsForKeyRollAndIssuers(t *testing.T) {
	town := sample.NewTown()
	town.Create(sample.Definition())
	town.Until(sample.CeremonyOpens)
	town.EndCeremony(0)
	town.KeyReady = false
	town.Until(sample.IssuingOpens + 1000)
	inPhase(t, town, rollPhase)
	town.KeyReady = true
	town.Block(1000)
	inPhase(t, town, rollPhase)
	town.Enrol(2)
	town.Block(1000)
	inPhase(t, town, rollPhase)
	town.RegisterPanel(0)
	inPhase(t, town, rollPhase) // the key came in this block, the gate is asked before
	town.Block(1000)
	inPhase(t, town, issuing)
}

func TestNothingOpensAfterTheClose(t *testing.T) {
	town := sample.NewTown()
	town.Create(sample.Definition())
	town.Until(sample.CeremonyOpens)
	town.EndCeremony(0)
	town.Until(sample.Closes + 1000)
	town.Enrol(2)
	town.RegisterPanel(0)
	town.Block(1000)
	inPhase(t, town, rollPhase)
	later := town.Context.TimeMS + 60_000
	if err := town.Decide(extendClose, &electionv1.ExtendClose{ElectionId: town.ID[:], ClosesMs: later, Reason: "late roll"}); err != nil {
		t.Fatal(err)
	}
	town.Block(1000)
	inPhase(t, town, voting)
	town.Until(later)
	inPhase(t, town, closed)
}

func TestCreateRefusesTheSameElectionAndAPastTimetable(t *testing.T) {
	town := sample.NewTown()
	town.Create(sample.Definition())
	err := town.Decide(createElection, &electionv1.CreateElection{Definition: sample.Definition()})
	refused(t, err, election.CodeExists, "definition")

	again := sample.Definition()
	again.Nonce[0] = 1
	again.Zones[0].CeremonyOpensMs = town.Context.TimeMS + 2000
	err = town.Decide(createElection, &electionv1.CreateElection{Definition: again})
	refused(t, err, election.CodeTimetable, "definition.zones[0].ceremony_opens_ms")
}

func TestExtendCloseMovesTheCloseOnceAndNeverAfterIt(t *testing.T) {
	town := sample.OpenIssuing(2)
	extend := func(ms int64) error {
		return town.Decide(extendClose, &electionv1.ExtendClose{ElectionId: town.ID[:], ClosesMs: ms, Reason: "power cut"})
	}
	refused(t, extend(sample.Closes), election.CodeTimetable, "closes_ms")
	refused(t, extend(sample.Closes+election.MaxExtensionMS+1), election.CodeTimetable, "closes_ms")
	if err := extend(sample.Closes + 60_000); err != nil {
		t.Fatal(err)
	}
	town.Until(sample.Closes + 59_999)
	inPhase(t, town, voting)
	// An approval in the very block of the close comes too late.
	approve, err := town.Prepare(extendClose, &electionv1.ExtendClose{ElectionId: town.ID[:], ClosesMs: sample.Closes + 120_000, Reason: "again"})
	if err != nil {
		t.Fatal(err)
	}
	inPhase(t, town, closed)
	refused(t, town.Deliver(approve), election.CodePhase, "zone")
	err = town.Decide(extendClose, &electionv1.ExtendClose{ElectionId: town.ID[:], Zone: 1, ClosesMs: sample.Closes + 120_000, Reason: "which"})
	refused(t, err, election.CodeUnknownZone, "zone")
}

func TestCloseAppliesBeforeTheTransactionsOfItsBlock(t *testing.T) {
	town := sample.OpenIssuing(2)
	town.Until(sample.Closes - 1)
	inPhase(t, town, voting)
	if err := town.Block(0, town.IssueTx(0, 0, sample.Entry("0/0")))[0]; err != nil {
		t.Fatalf("last block before the close: %v", err)
	}
	if err := town.Block(1, town.IssueTx(0, 0, sample.Entry("0/1")))[0]; err == nil {
		t.Fatal("accepted in the first block of the close")
	}
	inPhase(t, town, closed)
}

func TestCancelIsFinalAndEndsAfterTheBlock(t *testing.T) {
	town := sample.OpenIssuing(2)
	approve, err := town.Prepare(cancelElection, &electionv1.CancelElection{ElectionId: town.ID[:], Reason: "flood"})
	if err != nil {
		t.Fatal(err)
	}
	// What the block before allowed is accepted beside the cancellation.
	verdicts := town.Block(1000, approve, town.IssueTx(0, 0, sample.Entry("0/0")))
	if verdicts[0] != nil || verdicts[1] != nil {
		t.Fatalf("got %v", verdicts)
	}
	inPhase(t, town, cancelled)
	if z := town.Zone(0); z.CancelReason != "flood" {
		t.Fatalf("reason %q", z.CancelReason)
	}
	town.Until(sample.Closes + 1000)
	inPhase(t, town, cancelled)
	err = town.Decide(cancelElection, &electionv1.CancelElection{ElectionId: town.ID[:], Reason: "again"})
	refused(t, err, election.CodePhase, "election_id")
	err = town.Decide(extendClose, &electionv1.ExtendClose{ElectionId: town.ID[:], ClosesMs: sample.Closes + 60_000, Reason: "revive"})
	refused(t, err, election.CodePhase, "zone")
}

func TestTwoDecisionsAboutAZoneAreNeverInOneBlock(t *testing.T) {
	town := sample.OpenIssuing(2)
	first, err := town.Prepare(extendClose, &electionv1.ExtendClose{ElectionId: town.ID[:], ClosesMs: sample.Closes + 1000, Reason: "one"})
	if err != nil {
		t.Fatal(err)
	}
	second, err := town.Prepare(cancelElection, &electionv1.CancelElection{ElectionId: town.ID[:], Reason: "two"})
	if err != nil {
		t.Fatal(err)
	}
	verdicts := town.Block(1000, first, second)
	if verdicts[0] != nil || !errors.Is(verdicts[1], ledgertest.ErrClaimed) {
		t.Fatalf("got %v", verdicts)
	}
}

func TestActsRefuseUnknownElections(t *testing.T) {
	town := sample.NewTown()
	unknown := make([]byte, 32)
	refused(t, town.Decide(cancelElection, &electionv1.CancelElection{ElectionId: unknown, Reason: "x"}), election.CodeUnknown, "election_id")
	refused(t, town.Decide(extendClose, &electionv1.ExtendClose{ElectionId: unknown, ClosesMs: sample.Closes, Reason: "x"}), election.CodeUnknown, "election_id")
	refused(t, town.Decide(cancelElection, &electionv1.CancelElection{ElectionId: unknown, Reason: " "}), election.CodeMalformed, "reason")
	refused(t, town.Decide(cancelElection, &electionv1.CancelElection{ElectionId: unknown[1:], Reason: "x"}), election.CodeMalformed, "election_id")
}

func TestOtherModulesMoveZonesOnlyAlongThePhases(t *testing.T) {
	town := sample.OpenIssuing(2)
	town.Until(sample.Closes)
	town.Elections.SetPhase(town.Context, town.State, town.ID, 0, counting)
	var found int
	town.Elections.EachIn(town.State, counting, func(id [32]byte, zone uint32) {
		if id == town.ID && zone == 0 {
			found++
		}
	})
	if found != 1 {
		t.Fatalf("found %d zones in counting", found)
	}
	town.Elections.SetPhase(town.Context, town.State, town.ID, 0, final)
	defer func() {
		if recover() == nil {
			t.Fatal("a final zone went back to the roll")
		}
	}()
	town.Elections.SetPhase(town.Context, town.State, town.ID, 0, rollPhase)
}

func TestSummaryNamesDefinitionAndZones(t *testing.T) {
	town := sample.NewTown()
	town.Create(sample.Definition())
	if election.ID(sample.ChainID, town.Object(town.ID, "definition")) != town.ID {
		t.Fatal("the definition in the summary has another id")
	}
	zone := ledger.MustDecode[electionv1.ZoneState](town.Object(town.ID, "zone/0"))
	if zone.Phase != announced {
		t.Fatalf("phase %v", zone.Phase)
	}
	if town.Object([32]byte{1}, "definition") != nil {
		t.Fatal("an unknown election has a summary")
	}
}

func TestAQuietChainStaysQuiet(t *testing.T) {
	town := sample.OpenIssuing(2)
	town.Block(1000)
	before := town.State.Clone()
	town.State.TakeTouched()
	town.Block(1000)
	if !before.Equal(town.State) || len(town.State.TakeTouched()) != 0 {
		t.Fatal("a block without deadline or transaction changed the state")
	}
}
