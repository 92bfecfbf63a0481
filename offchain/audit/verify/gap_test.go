package verify_test

import (
	"testing"
	"time"

	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
)

// One stall runs over the beginning of voting and the close. The zone is
// suspended at the beginning of voting, not yet at its close: the close may be
// extended, and what is extended lies in no gap any more.
func TestACloseExtendedAfterAGapOverVotingAndCloseVerifies(t *testing.T) {
	w := newWorld(t)
	w.create()
	w.makeKey()
	w.enrol(8)
	w.registerIssuers()
	w.untilPhase(electionv1.Phase_PHASE_ISSUING)
	w.stallBefore(w.def.Zones[0].VotingOpensMs, 6*time.Minute)
	w.wantSuspended(electionv1.Phase_PHASE_ISSUING, election.DeadlineVoting, election.DeadlineClose)
	closes := w.now() + 300_000
	w.act(commissionv1.Action_ACTION_EXTEND_CLOSE, &electionv1.ExtendClose{ElectionId: w.id[:], ClosesMs: closes, Reason: "power failure"})
	w.wantSuspended(electionv1.Phase_PHASE_ISSUING, election.DeadlineVoting)
	w.act(commissionv1.Action_ACTION_RESOLVE_SUSPENSION, &electionv1.ResolveSuspension{ElectionId: w.id[:], Reason: "the power is back"})
	w.untilPhase(electionv1.Phase_PHASE_VOTING)
	w.untilPhase(electionv1.Phase_PHASE_COUNTING)
	w.audited(closes)
}

// The commission first lets the beginning of voting take effect: voting does not
// begin after its close, but waits until that is extended.
func TestACloseExtendedAfterTheSuspensionOfVotingEndedVerifies(t *testing.T) {
	w := newWorld(t)
	w.create()
	w.makeKey()
	w.enrol(8)
	w.registerIssuers()
	w.untilPhase(electionv1.Phase_PHASE_ISSUING)
	w.stallBefore(w.def.Zones[0].VotingOpensMs, 6*time.Minute)
	w.act(commissionv1.Action_ACTION_RESOLVE_SUSPENSION, &electionv1.ResolveSuspension{ElectionId: w.id[:], Reason: "the power is back"})
	w.block(time.Second)
	w.wantSuspended(electionv1.Phase_PHASE_ISSUING)
	closes := w.now() + 60_000
	w.act(commissionv1.Action_ACTION_EXTEND_CLOSE, &electionv1.ExtendClose{ElectionId: w.id[:], ClosesMs: closes, Reason: "power failure"})
	w.block(time.Second)
	w.untilPhase(electionv1.Phase_PHASE_VOTING)
	w.untilPhase(electionv1.Phase_PHASE_COUNTING)
	w.audited(closes)
}

// A ceremony that lasts beyond the beginning of issuing waits for nothing held;
// a stall then runs over the two deadlines after it.
func TestACloseExtendedAfterAGapWhileNothingIsReadyVerifies(t *testing.T) {
	w := newWorld(t)
	w.create()
	w.untilPhase(electionv1.Phase_PHASE_CEREMONY)
	w.stallBefore(w.def.Zones[0].VotingOpensMs, 6*time.Minute)
	closes := w.now() + 60_000
	w.act(commissionv1.Action_ACTION_EXTEND_CLOSE, &electionv1.ExtendClose{ElectionId: w.id[:], ClosesMs: closes, Reason: "power failure"})
	w.block(time.Second)
	w.block(time.Second)
	w.audited(closes)
}

// stallBefore lets blocks come until shortly before a time, then none for long.
func (w *world) stallBefore(ms int64, long time.Duration) {
	w.t.Helper()
	for ms-w.now() > 50_000 {
		w.block(20 * time.Second)
	}
	w.block(long)
}

// wantSuspended checks that a zone is suspended exactly if its next deadline is
// among those held, and which are.
func (w *world) wantSuspended(phase electionv1.Phase, held ...election.Deadline) {
	w.t.Helper()
	v := w.engine.app.View()
	defer v.Close()
	z, _ := v.Keepers().Election.Zone(v.Reader(), w.id, 0)
	if z.Phase != phase || z.Suspended != (len(held) > 0) {
		w.t.Fatalf("%s, suspended: %v", z.Phase, z.Suspended)
	}
	for d := election.DeadlineCeremony; d <= election.DeadlineClose; d++ {
		at := d.Time(z)
		is, want := at > z.HeldFromMs && at <= z.HeldToMs, false
		for _, h := range held {
			want = want || h == d
		}
		if len(held) > 0 && is != want {
			w.t.Fatalf("%s is held: %v", d, is)
		}
	}
}

// audited checks that the record verifies and that the zone closes when the
// commission said.
func (w *world) audited(closes int64) {
	w.t.Helper()
	w.block(time.Second)
	w.block(time.Second)
	r := w.audit(w.specs)
	if !r.OK() {
		w.t.Fatalf("%v", r.Findings)
	}
	if got := r.Elections[0].Zones[0].State.ClosesMs; got != closes {
		w.t.Fatalf("closes at %d, extended to %d", got, closes)
	}
}
