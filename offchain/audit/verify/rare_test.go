package verify_test

import (
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/audit/verify"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// An election in which all goes wrong that may: a cancelled sister, a failed
// and a suspended ceremony, a panel that gives up, a moved close, gaps of block
// time over deadlines, and too few ballots.
func TestAnElectionWithEveryMishapVerifies(t *testing.T) {
	w := newWorld(t)
	w.create()
	w.act(commissionv1.Action_ACTION_CANCEL_ELECTION, &electionv1.CancelElection{ElectionId: w.id[:], Reason: "wrong title"})
	w.create()
	w.gapAtCeremony()
	w.failCeremony()
	w.suspendCeremony()
	w.starveCeremony()
	w.makeKey()
	w.restart() // the key is void
	w.makeKey()
	w.enrol(8)
	w.registerIssuers()
	w.untilPhase(electionv1.Phase_PHASE_ISSUING)
	w.changePanel()
	w.fewVote()
	w.gapAtClose()
	w.untilPhase(electionv1.Phase_PHASE_CLOSED)
	w.block(time.Second)
	w.act(commissionv1.Action_ACTION_CONSENT_SMALL_COUNT, &tallyv1.ConsentSmallCount{ElectionId: w.id[:], Reason: "a small village"})
	w.count()
	for range issuance.SilentAfter {
		w.block(time.Second)
	}
	r := w.audit(w.specs)
	if !r.OK() {
		t.Fatalf("%v", r.Findings)
	}
	if len(r.Elections) != 2 {
		t.Fatalf("%d elections", len(r.Elections))
	}
	for _, e := range r.Elections {
		z := e.Zones[0]
		switch {
		case [32]byte(e.ID) != w.id && z.Phase != "cancelled":
			t.Errorf("the cancelled election is %s", z.Phase)
		case [32]byte(e.ID) == w.id && (!z.Final || z.Protocol.GapHeight == 0 || z.Ceremony.Attempt != 5 || z.Counts[0].Ballots != 3):
			t.Errorf("gap %d, attempt %d, %+v", z.Protocol.GapHeight, z.Ceremony.Attempt, z.Counts)
		case [32]byte(e.ID) == w.id:
			// Who left the claim unanswered stands there by name.
			silent := w.def.Issuers[w.def.Panels[0].Issuers[1]].Name
			if len(e.Asked) != 1 || e.Asked[0] != (verify.Asked{Issuer: silent, Claims: 1, Silent: 1}) || e.Classes[0].Silent != 1 {
				t.Errorf("asked %+v, silent %d", e.Asked, e.Classes[0].Silent)
			}
		}
	}
}

// gapAtCeremony stalls the chain over the first deadline.
func (w *world) gapAtCeremony() {
	w.t.Helper()
	w.block(2 * time.Minute)
	w.block(time.Second)
	if w.phase() != electionv1.Phase_PHASE_ANNOUNCED {
		w.t.Fatalf("a deadline in a gap took effect: %s", w.phase())
	}
	w.act(commissionv1.Action_ACTION_RESOLVE_SUSPENSION, &electionv1.ResolveSuspension{ElectionId: w.id[:], Reason: "power failure"})
	w.block(time.Second)
	w.block(time.Second)
}

// failCeremony lets registration end with one trustee.
func (w *world) failCeremony() {
	w.t.Helper()
	where := ceremony.Where{Election: w.id, Attempt: 1}
	seal := w.trustees[0]
	key := w.freshHPKE()
	w.must(w.sign(txv1.Kind_KIND_REGISTER_TRUSTEE, &ceremonyv1.RegisterTrustee{Where: where.Message(), HpkeKey: key}, seal.key))
	for range 5 {
		w.block(10 * time.Second)
	}
	w.wantWindow(ceremonyv1.Window_WINDOW_FAILED)
	w.restart()
}

// starveCeremony lets all register and nobody test.
func (w *world) starveCeremony() {
	w.t.Helper()
	where := ceremony.Where{Election: w.id, Attempt: 3}
	w.each(txv1.Kind_KIND_REGISTER_TRUSTEE, func(*trustee) ledger.Wire {
		return &ceremonyv1.RegisterTrustee{Where: where.Message(), HpkeKey: w.freshHPKE()}
	})
	w.wantWindow(ceremonyv1.Window_WINDOW_TEST)
	for range 5 {
		w.block(10 * time.Second)
	}
	w.wantWindow(ceremonyv1.Window_WINDOW_FAILED)
	w.restart()
}

// suspendCeremony stalls the chain over the end of a window.
func (w *world) suspendCeremony() {
	w.t.Helper()
	for range 3 {
		w.block(time.Second)
	}
	w.block(90 * time.Second)
	if !w.ceremonyState().Suspended {
		w.t.Fatal("a window that ended in a gap is not suspended")
	}
	w.restart()
}

func (w *world) restart() {
	w.t.Helper()
	w.act(commissionv1.Action_ACTION_RESTART_CEREMONY, &ceremonyv1.RestartCeremony{ElectionId: w.id[:], Reason: "once more"})
	w.wantWindow(ceremonyv1.Window_WINDOW_REGISTER)
}

// changePanel issues one token by the first panel, then opens the second; the
// voter's claim on a member that went silent stays unanswered.
func (w *world) changePanel() {
	w.t.Helper()
	v := w.voter(0)
	w.voters = append(w.voters, v)
	w.must(w.issue(v))
	w.must(w.sign(txv1.Kind_KIND_CLAIM_SIGNATURE, &issuancev1.ClaimSignature{ElectionId: w.id[:], Entry: v.entry, Member: 1, BlindedMessage: v.requests[1].Blinded()}, v.claim))
	w.act(commissionv1.Action_ACTION_OPEN_PANEL, &issuancev1.OpenPanel{ElectionId: w.id[:], Panel: 1, Reason: "an issuer is silent"})
	w.panel = 1
}

// fewVote lets three voters vote, by tokens of two panels, after the close was
// extended.
func (w *world) fewVote() {
	w.t.Helper()
	var issues, casts [][]byte
	for i := range 2 {
		v := w.voter(i + 1)
		w.voters = append(w.voters, v)
		issues = append(issues, w.issue(v))
	}
	w.must(issues...)
	w.act(commissionv1.Action_ACTION_EXTEND_CLOSE, &electionv1.ExtendClose{ElectionId: w.id[:], ClosesMs: w.def.Zones[0].ClosesMs + 600_000, Reason: "queues"})
	w.untilPhase(electionv1.Phase_PHASE_VOTING)
	w.openForm()
	for i, v := range w.voters {
		w.collect(v)
		casts = append(casts, w.cast(v, i%2))
	}
	w.must(casts...)
}

// gapAtClose stalls the chain over the close; the commission moves it.
func (w *world) gapAtClose() {
	w.t.Helper()
	closes := w.def.Zones[0].ClosesMs + 600_000
	for closes-w.now() > 50_000 {
		w.block(40 * time.Second)
	}
	w.block(3 * time.Minute)
	if w.phase() != electionv1.Phase_PHASE_VOTING {
		w.t.Fatalf("a close in a gap took effect: %s", w.phase())
	}
	w.act(commissionv1.Action_ACTION_RESOLVE_SUSPENSION, &electionv1.ResolveSuspension{ElectionId: w.id[:], MoveToMs: w.now() + 60_000, Reason: "two nodes down"})
	w.block(20 * time.Second)
	w.must(w.cast(w.voters[0], 1))
}
