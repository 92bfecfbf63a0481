package keeper_test

import (
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
	"github.com/urna-vote/urna/x/tally"
)

// Transactions that are each right by the state before their block, and of which
// one ends what the other works in: a block of both must execute, or nobody
// could propose one.

func prepared(t *testing.T, c *sample.City, action commissionv1.Action, act ledger.Wire) ledgertest.Tx {
	t.Helper()
	approve, err := c.Prepare(action, act)
	if err != nil {
		t.Fatal(err)
	}
	return approve
}

func cancel(t *testing.T, c *sample.City) ledgertest.Tx {
	t.Helper()
	return prepared(t, c, commissionv1.Action_ACTION_CANCEL_ELECTION, &electionv1.CancelElection{ElectionId: c.ID[:], Reason: "flood"})
}

func together(t *testing.T, c *sample.City, txs ...ledgertest.Tx) {
	t.Helper()
	for i, err := range c.Block(1000, txs...) {
		if err != nil {
			t.Fatalf("transaction %d: %v", i, err)
		}
	}
}

func wantPhase(t *testing.T, c *sample.City, want electionv1.Phase) {
	t.Helper()
	if got := c.Phase(0); got != want {
		t.Fatalf("phase is %s, want %s", got, want)
	}
}

func TestCancellationAndBallotInOneBlock(t *testing.T) {
	c := vote(t, sample.Definition(), 1, 0)
	together(t, c, cancel(t, c), c.NewVoter("late", 0).Cast(1, sample.Marks(0, 0, 0)))
	wantPhase(t, c, electionv1.Phase_PHASE_CANCELLED)
	if n := c.Ballots.Counts(c.State, c.ID, 0).Accepted; n != 2 {
		t.Fatalf("%d ballots accepted", n)
	}
	c.Block(1000)
}

// drilling is a ceremony in which only the drill is left.
func drilling(t *testing.T) (*sample.City, []ledgertest.Tx) {
	t.Helper()
	c := sample.NewCity()
	c.BeginCeremony(sample.Definition())
	c.RegisterAll(c.Trustees)
	c.TestAll(c.Trustees)
	c.CommitAll(c.Trustees)
	c.DealAll(c.Trustees)
	c.CheckAll(c.Trustees)
	c.ConfirmAll(c.Trustees)
	key, ok := c.Ceremony.Candidate(c.State, c.ID, 0)
	if !ok {
		t.Fatal("no candidate key")
	}
	var drills []ledgertest.Tx
	for _, tr := range c.Trustees {
		drills = append(drills, tr.Drill(c.Ceremonial(), key))
	}
	return c, drills
}

func TestCancellationAndTheLastDrillInOneBlock(t *testing.T) {
	c, drills := drilling(t)
	together(t, c, append(drills, cancel(t, c))...)
	wantPhase(t, c, electionv1.Phase_PHASE_CANCELLED)
	if c.Ceremony.KeyReady(c.State, c.ID, 0) {
		t.Fatal("a cancelled election has a key")
	}
	c.Block(1000)
}

func TestRestartAndTheLastDrillInOneBlock(t *testing.T) {
	c, drills := drilling(t)
	restart := prepared(t, c, commissionv1.Action_ACTION_RESTART_CEREMONY, &ceremonyv1.RestartCeremony{ElectionId: c.ID[:], Reason: "a medium was seen elsewhere"})
	together(t, c, append(drills, restart)...)
	wantPhase(t, c, electionv1.Phase_PHASE_CEREMONY)
	if st := c.Ceremonial(); st.Attempt != 2 || c.Ceremony.KeyReady(c.State, c.ID, 0) {
		t.Fatalf("attempt %d, key ready %v", st.Attempt, c.Ceremony.KeyReady(c.State, c.ID, 0))
	}
}

func TestRestartAndCancellationInOneBlock(t *testing.T) {
	c, drills := drilling(t)
	together(t, c, drills...)
	restart := prepared(t, c, commissionv1.Action_ACTION_RESTART_CEREMONY, &ceremonyv1.RestartCeremony{ElectionId: c.ID[:], Reason: "a medium was seen elsewhere"})
	together(t, c, restart, cancel(t, c))
	wantPhase(t, c, electionv1.Phase_PHASE_CANCELLED)
}

func TestCancellationAndApprovalOfTheProtocolInOneBlock(t *testing.T) {
	c := vote(t, sample.Definition(), 13, 12)
	c.Until(sample.Closes)
	if err := c.Deliver(resultTx(count(t, c, shares(t, c)...))); err != nil {
		t.Fatal(err)
	}
	p, ok := c.Tally.ProtocolOf(c.State, c.ID, 0)
	if !ok {
		t.Fatal("no protocol")
	}
	hash := tally.ProtocolHash(p)
	approve := prepared(t, c, commissionv1.Action_ACTION_APPROVE_PROTOCOL, &tallyv1.ApproveProtocol{ElectionId: c.ID[:], ProtocolHash: hash[:]})
	together(t, c, approve, cancel(t, c))
	wantPhase(t, c, electionv1.Phase_PHASE_CANCELLED)
	if c.State.Get(tally.ApprovedKey(c.ID, 0)) != nil {
		t.Fatal("the mark of the approval outlives its block")
	}
}

func TestCancellationAndConsentInOneBlock(t *testing.T) {
	c := vote(t, sample.Definition(), 2, 1)
	c.Until(sample.Closes)
	consent := prepared(t, c, commissionv1.Action_ACTION_CONSENT_SMALL_COUNT, &tallyv1.ConsentSmallCount{ElectionId: c.ID[:], Reason: "a village"})
	together(t, c, consent, cancel(t, c))
	wantPhase(t, c, electionv1.Phase_PHASE_CANCELLED)
}

func TestRollGrowsShrinksAndIssuesInOneBlock(t *testing.T) {
	c := sample.OpenVoting(sample.Definition(), 20)
	if err := c.Deliver(c.StageTx("chair", 0, sample.Entry("0/more"))); err != nil {
		t.Fatal(err)
	}
	grow := prepared(t, c, commissionv1.Action_ACTION_APPROVE_ROLL, c.StagedRoll("chair"))
	remove := prepared(t, c, commissionv1.Action_ACTION_REMOVE_ENTRIES, &rollv1.RemoveEntries{ElectionId: c.ID[:], Entries: [][]byte{sample.Entry("0/1")}, Reason: "died"})
	together(t, c, grow, remove, c.IssueTx(0, 0, sample.Entry("0/0")), c.StageTx("chair", 0, sample.Entry("0/further")))
	got := c.Issuance.StyleIssued(c.State, c.ID, 0)
	if got.RollSize != 21 || got.Removed != 1 || got.Issued != 1 {
		t.Fatalf("%v", got)
	}
}
