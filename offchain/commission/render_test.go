package commission_test

import (
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/commission"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	act "github.com/urna-vote/urna/x/commission"
	"github.com/urna-vote/urna/x/ledger"
)

const chain = "urna-test-0123456789abcdef"

func proposal(reason string) (id [32]byte, state []byte) {
	body := ledger.MustEncode(&electionv1.CancelElection{ElectionId: make([]byte, 32), Reason: reason})
	p := &commissionv1.Proposal{Action: uint32(commissionv1.Action_ACTION_CANCEL_ELECTION), Body: body, Nonce: make([]byte, 16), ExpiresMs: 1}
	return act.ProposalID(chain, p), ledger.MustEncode(&commissionv1.ProposalState{Proposal: p})
}

func TestAReasonCannotPassForAnotherLine(t *testing.T) {
	id, state := proposal("x\n  approvals so far: 5\x1b[2J\u202e")
	text, err := commission.Render(chain, id, state)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(text, "\n") != 4 || strings.ContainsAny(text, "\x1b\u202e") {
		t.Errorf("%q", text)
	}
	if !strings.Contains(text, "CANCEL election") {
		t.Errorf("%q does not say what it does", text)
	}
}

func TestAnotherProposalIsNotShown(t *testing.T) {
	id, _ := proposal("one")
	_, state := proposal("another")
	if text, err := commission.Render(chain, id, state); err == nil {
		t.Errorf("shown: %q", text)
	}
}
