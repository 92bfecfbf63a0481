package keeper_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/commission"
	"github.com/urna-vote/urna/x/commission/keeper"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

const createElection = commissionv1.Action_ACTION_CREATE_ELECTION

func propose(t *testing.T, town *sample.Town) (*commissionv1.Proposal, [32]byte) {
	t.Helper()
	p := town.Proposal(createElection, &electionv1.CreateElection{Definition: sample.Definition()})
	if err := town.Deliver(sample.Propose("chair", p)); err != nil {
		t.Fatal(err)
	}
	return p, commission.ProposalID(sample.ChainID, p)
}

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

func TestActTakesEffectInTheBlockOfTheQuorum(t *testing.T) {
	town := sample.NewTown()
	_, id := propose(t, town)
	if n := len(town.Elections.Elections(town.State)); n != 0 {
		t.Fatalf("%d elections before the quorum", n)
	}
	if err := town.Deliver(sample.Approve("secretary", id)); err != nil {
		t.Fatal(err)
	}
	if n := len(town.Elections.Elections(town.State)); n != 1 {
		t.Fatalf("%d elections after the quorum", n)
	}
	state, _ := town.Commission.Proposal(town.State, id)
	if state.ExecutedHeight != town.Context.Height || len(state.Approvals) != 2 {
		t.Fatalf("executed at %d with %d approvals", state.ExecutedHeight, len(state.Approvals))
	}
	refused(t, town.Check(sample.Approve("member", id)), commission.CodeExecuted, "proposal_id")
}

func TestProposalsAreKeptInOrder(t *testing.T) {
	town := sample.NewTown()
	_, first := propose(t, town)
	_, second := propose(t, town)
	list := town.Commission.Proposals(town.State)
	if len(list) != 2 || list[0].ID != first || list[1].ID != second {
		t.Fatalf("got %d proposals out of order", len(list))
	}
}

func TestOneMemberAloneActsWhereTheQuorumIsOne(t *testing.T) {
	town := sample.NewTown()
	g := sample.Commission()
	g.Quorum = 1
	if err := town.Commission.InitGenesis(town.State, g); err != nil {
		t.Fatal(err)
	}
	_, id := propose(t, town)
	if state, _ := town.Commission.Proposal(town.State, id); state.ExecutedHeight != 1 {
		t.Fatalf("executed at %d, want 1", state.ExecutedHeight)
	}
	// The act itself is judged before it is proposed.
	late := sample.Definition()
	late.Zones[0].CeremonyOpensMs = sample.Start
	p := town.Proposal(createElection, &electionv1.CreateElection{Definition: late})
	refused(t, town.Check(sample.Propose("chair", p)), election.CodeTimetable, "definition.zones[0].ceremony_opens_ms")
}

func TestProposeRefusesStrangerAndBadExpiry(t *testing.T) {
	town := sample.NewTown()
	p := town.Proposal(createElection, &electionv1.CreateElection{Definition: sample.Definition()})
	refused(t, town.Check(sample.Propose("stranger", p)), commission.CodeNotMember, "signer")

	now := town.Context.TimeMS + 1000
	p.ExpiresMs = now
	refused(t, town.Check(sample.Propose("chair", p)), commission.CodeExpired, "proposal.expires_ms")
	p.ExpiresMs = now + commission.MaxExpiryMS + 1
	refused(t, town.Check(sample.Propose("chair", p)), commission.CodeExpiry, "proposal.expires_ms")
	p.ExpiresMs = now + commission.MaxExpiryMS
	if err := town.Check(sample.Propose("chair", p)); err != nil {
		t.Fatal(err)
	}
}

func TestActOfAStrangerIsNotLookedAt(t *testing.T) {
	town := sample.NewTown()
	bad := sample.Definition()
	bad.Threshold = 9
	p := town.Proposal(createElection, &electionv1.CreateElection{Definition: bad})
	refused(t, town.Check(sample.Propose("stranger", p)), commission.CodeNotMember, "signer")
	refused(t, town.Check(sample.Propose("chair", p)), election.CodeDefinition, "threshold")
}

// Whoever may sign is known to everybody: before the signature is verified,
// nothing may be done that costs more than to verify it.
func TestDearKindsAreSignedFirst(t *testing.T) {
	for _, h := range sample.NewTown().Commission.Module().Handlers {
		if !h.SignedFirst {
			t.Errorf("%s is not", h.Name)
		}
	}
}

func TestProposeRefusesWhatIsNoAct(t *testing.T) {
	town := sample.NewTown()
	good := &electionv1.CreateElection{Definition: sample.Definition()}

	p := town.Proposal(99, good)
	refused(t, town.Check(sample.Propose("chair", p)), commission.CodeUnknownAction, "proposal.action")

	p = town.Proposal(createElection, good)
	p.Body = append(p.Body, 0)
	refused(t, town.Check(sample.Propose("chair", p)), commission.CodeBadAct, "proposal.body")

	bad := sample.Definition()
	bad.Threshold = 9
	p = town.Proposal(createElection, &electionv1.CreateElection{Definition: bad})
	refused(t, town.Check(sample.Propose("chair", p)), election.CodeDefinition, "threshold")

	p = town.Proposal(createElection, good)
	p.Nonce = p.Nonce[1:]
	refused(t, town.Check(sample.Propose("chair", p)), commission.CodeMalformed, "proposal.nonce")
	refused(t, town.Check(sample.Propose("chair", nil)), commission.CodeMalformed, "proposal")
}

func TestProposeRefusesTheSameProposalTwice(t *testing.T) {
	town := sample.NewTown()
	p, _ := propose(t, town)
	refused(t, town.Check(sample.Propose("secretary", p)), commission.CodeProposed, "proposal")
}

func TestApproveRefusesStrangerUnknownTwiceAndExpired(t *testing.T) {
	town := sample.NewTown()
	p, id := propose(t, town)
	refused(t, town.Check(sample.Approve("stranger", id)), commission.CodeNotMember, "signer")
	refused(t, town.Check(sample.Approve("secretary", [32]byte{1})), commission.CodeUnknownProposal, "proposal_id")
	refused(t, town.Check(sample.Approve("chair", id)), commission.CodeApproved, "signer")

	town.Until(p.ExpiresMs - 1000)
	// A block at the very time of expiry is the last.
	if err := town.Check(sample.Approve("secretary", id)); strings.Contains(text(err), "expired") {
		t.Fatalf("refused at its expiry: %v", err)
	}
	town.Until(p.ExpiresMs)
	refused(t, town.Check(sample.Approve("secretary", id)), commission.CodeExpired, "proposal_id")
}

func TestTwoApprovalsOfAProposalAreNeverInOneBlock(t *testing.T) {
	town := sample.NewTown()
	_, id := propose(t, town)
	verdicts := town.Block(1000, sample.Approve("secretary", id), sample.Approve("member", id))
	if verdicts[0] != nil || !errors.Is(verdicts[1], ledgertest.ErrClaimed) {
		t.Fatalf("got %v", verdicts)
	}
}

func TestQuorumClaimsWhatTheActClaims(t *testing.T) {
	town := sample.NewTown()
	_, first := propose(t, town)
	_, second := propose(t, town) // the same election, another nonce of the proposal
	verdicts := town.Block(1000, sample.Approve("secretary", first), sample.Approve("secretary", second))
	if verdicts[0] != nil || !errors.Is(verdicts[1], ledgertest.ErrClaimed) {
		t.Fatalf("got %v", verdicts)
	}
	refused(t, town.Check(sample.Approve("secretary", second)), election.CodeExists, "definition")
}

func TestGenesisIsValidated(t *testing.T) {
	cases := []struct {
		name   string
		change func(*commission.Genesis)
		want   string
	}{
		{"no members", func(g *commission.Genesis) { g.Members = nil }, "commission.members"},
		{"quorum zero", func(g *commission.Genesis) { g.Quorum = 0 }, "commission.quorum"},
		{"quorum above n", func(g *commission.Genesis) { g.Quorum = 4 }, "commission.quorum"},
		{"key twice", func(g *commission.Genesis) { g.Members[2].Key = g.Members[0].Key }, "commission.members[2].key"},
		{"name twice", func(g *commission.Genesis) { g.Members[1].Name = "chair" }, "commission.members[1].name"},
		{"no name", func(g *commission.Genesis) { g.Members[1].Name = "" }, "commission.members[1].name"},
		{"short key", func(g *commission.Genesis) { g.Members[1].Key = g.Members[1].Key[1:] }, "commission.members[1].key"},
		{"small-order key", func(g *commission.Genesis) { g.Members[1].Key = make([]byte, 32) }, "commission.members[1].key"},
		{"too many", func(g *commission.Genesis) {
			for len(g.Members) < 21 {
				g.Members = append(g.Members, g.Members[0])
			}
		}, "commission.members"},
	}
	for _, c := range cases {
		g := sample.Commission()
		c.change(&g)
		if err := g.Validate(); err == nil || !strings.HasPrefix(err.Error(), c.want+":") {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
		if err := keeper.New(nil).InitGenesis(ledgertest.New(), g); err == nil {
			t.Errorf("%s: stored", c.name)
		}
	}
	if err := sample.Commission().Validate(); err != nil {
		t.Fatal(err)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
