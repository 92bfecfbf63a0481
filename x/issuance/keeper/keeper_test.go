package keeper_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

const openPanel = commissionv1.Action_ACTION_OPEN_PANEL

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

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// change makes the transaction of a good record after a change, endorsed anew.
func change(town *sample.Town, f func(*issuancev1.IssueToken)) ledgertest.Tx {
	m := town.Record(0, 0, sample.Entry("0/0"))
	f(m)
	town.Endorse(m)
	return sample.IssueMessage(m)
}

func TestTokenIsRecordedLoggedAndCounted(t *testing.T) {
	town := sample.OpenIssuing(3)
	entry := sample.Entry("1/2")
	tx := town.IssueTx(1, 0, entry)
	town.State.TakeTouched()
	must(t, town.Deliver(tx))
	record, ok := town.Issuance.Issued(town.State, town.ID, entry)
	if !ok || record.Style != 1 || record.Panel != 0 || record.Height != town.Context.Height || record.LogIndex != 0 {
		t.Fatalf("record %v", record)
	}
	if log := town.State.Log(); len(log) != 1 {
		t.Fatalf("%d transactions in the log", len(log))
	}
	if n := town.Issuance.IssuedCount(town.State, town.ID, 0); n != 1 {
		t.Fatalf("%d issued", n)
	}
	if touched := town.State.TakeTouched(); !slices.Contains(touched, town.ID) {
		t.Fatal("the election's summary was not touched")
	}
	if !town.Issuance.HasToken(town.State, town.ID, entry) || town.Issuance.HasToken(town.State, town.ID, sample.Entry("1/1")) {
		t.Fatal("the wrong entry has a token")
	}
}

func TestIssueRefusesEntryThatIsNotInTheRoll(t *testing.T) {
	town := sample.OpenIssuing(2)
	refused(t, town.Check(town.IssueTx(0, 0, sample.Entry("nobody"))), issuance.CodeNotInRoll, "entry")
	// Staged and not approved is not in the roll.
	must(t, town.Deliver(town.StageTx("chair", 0, sample.Entry("0/9"))))
	refused(t, town.Check(town.IssueTx(0, 0, sample.Entry("0/9"))), issuance.CodeNotInRoll, "entry")
}

func TestIssueRefusesASecondTokenForAnEntry(t *testing.T) {
	town := sample.OpenIssuing(2)
	must(t, town.Deliver(town.IssueTx(0, 0, sample.Entry("0/0"))))
	refused(t, town.Check(town.IssueTx(0, 0, sample.Entry("0/0"))), issuance.CodeIssued, "entry")
	other := change(town, func(m *issuancev1.IssueToken) { m.BlindedHashes[0] = make([]byte, 32) })
	refused(t, town.Check(other), issuance.CodeIssued, "entry")
}

func TestTwoRecordsOfAnEntryAreNeverInOneBlock(t *testing.T) {
	town := sample.OpenIssuing(2)
	first := change(town, func(*issuancev1.IssueToken) {})
	second := change(town, func(m *issuancev1.IssueToken) { m.ClaimKeyHash = make([]byte, 32) })
	verdicts := town.Block(1000, first, second)
	if verdicts[0] != nil || !errors.Is(verdicts[1], ledgertest.ErrClaimed) {
		t.Fatalf("got %v", verdicts)
	}
}

func TestIssueRefusesAPanelThatIsNotOpen(t *testing.T) {
	town := sample.OpenIssuing(2, func(town *sample.Town) { town.RegisterPanel(1) })
	refused(t, town.Check(town.IssueTx(0, 1, sample.Entry("0/0"))), issuance.CodePanelClosed, "panel")
	must(t, town.Decide(openPanel, &issuancev1.OpenPanel{ElectionId: town.ID[:], Panel: 1, Reason: "panel 0 is down"}))
	refused(t, town.Check(town.IssueTx(0, 0, sample.Entry("0/0"))), issuance.CodePanelClosed, "panel")
	must(t, town.Check(town.IssueTx(0, 1, sample.Entry("0/0"))))
}

func TestIssueRefusesTheWrongStyle(t *testing.T) {
	town := sample.OpenIssuing(2)
	refused(t, town.Check(town.IssueTx(1, 0, sample.Entry("0/0"))), issuance.CodeWrongStyle, "style")
	refused(t, town.Check(town.IssueTx(2, 0, sample.Entry("0/0"))), issuance.CodeUnknownStyle, "style")
}

func TestIssueRefusesMissingAndWrongEndorsements(t *testing.T) {
	town := sample.OpenIssuing(2)
	record := func() *issuancev1.IssueToken {
		m := town.Record(0, 0, sample.Entry("0/0"))
		town.Endorse(m)
		return m
	}
	m := record()
	m.Endorsements = m.Endorsements[:1]
	refused(t, town.Check(sample.IssueMessage(m)), issuance.CodeMalformed, "endorsements")

	m = record()
	m.Endorsements, m.BlindedHashes = m.Endorsements[:1], m.BlindedHashes[:1]
	refused(t, town.Check(sample.IssueMessage(m)), issuance.CodePanelSize, "blinded_hashes")

	for member := range 2 {
		m = record()
		m.Endorsements[member][5] ^= 1
		refused(t, town.Check(sample.IssueMessage(m)), issuance.CodeEndorsement, fmt.Sprintf("endorsements[%d]", member))
	}
	m = record()
	slices.Reverse(m.Endorsements)
	refused(t, town.Check(sample.IssueMessage(m)), issuance.CodeEndorsement, "endorsements[0]")

	// A corrupt member endorses in the name of the other.
	m = record()
	m.Endorsements[1] = issuance.Endorse(sample.ChainID, m, sample.Key("issuer-0"))
	refused(t, town.Check(sample.IssueMessage(m)), issuance.CodeEndorsement, "endorsements[1]")
}

func TestEveryFieldOfTheRecordIsEndorsed(t *testing.T) {
	town := sample.OpenIssuing(2)
	for name, f := range map[string]func(*issuancev1.IssueToken){
		"entry":          func(m *issuancev1.IssueToken) { m.Entry = sample.Entry("0/1") },
		"style":          func(m *issuancev1.IssueToken) { m.Style, m.Entry = 1, sample.Entry("1/0") },
		"blinded hash":   func(m *issuancev1.IssueToken) { m.BlindedHashes[1][0] ^= 1 },
		"order of them":  func(m *issuancev1.IssueToken) { slices.Reverse(m.BlindedHashes) },
		"claim key hash": func(m *issuancev1.IssueToken) { m.ClaimKeyHash[0] ^= 1 },
	} {
		m := town.Record(0, 0, sample.Entry("0/0"))
		town.Endorse(m)
		f(m)
		var r *ledger.Refusal
		if err := town.Check(sample.IssueMessage(m)); !errors.As(err, &r) || r.Code != issuance.CodeEndorsement {
			t.Errorf("%s changed after the endorsement: %v", name, err)
		}
	}
	m := town.Record(0, 0, sample.Entry("0/0"))
	bytesHere := issuance.EndorseBytes(sample.ChainID, m)
	if bytes.Equal(bytesHere, issuance.EndorseBytes("another", m)) {
		t.Error("the chain is not endorsed")
	}
	m.ElectionId = make([]byte, 32)
	if bytes.Equal(bytesHere, issuance.EndorseBytes(sample.ChainID, m)) {
		t.Error("the election is not endorsed")
	}
}

func TestIssueRefusesTheWrongPhase(t *testing.T) {
	town := sample.NewTown()
	town.Create(sample.Definition())
	town.Enrol(2)
	town.RegisterPanel(0)
	refused(t, town.Check(town.IssueTx(0, 0, sample.Entry("0/0"))), issuance.CodePhase, "style")
	town.Until(sample.CeremonyOpens)
	town.EndCeremony(0)
	refused(t, town.Check(town.IssueTx(0, 0, sample.Entry("0/0"))), issuance.CodePhase, "style")
	town.Until(sample.VotingOpens)
	must(t, town.Deliver(town.IssueTx(0, 0, sample.Entry("0/0"))))
	town.Until(sample.Closes)
	refused(t, town.Check(town.IssueTx(0, 0, sample.Entry("0/1"))), issuance.CodePhase, "style")
}

func TestIssueRefusesAnUnknownElection(t *testing.T) {
	town := sample.OpenIssuing(2)
	tx := change(town, func(m *issuancev1.IssueToken) { m.ElectionId = make([]byte, 32) })
	refused(t, town.Check(tx), issuance.CodeUnknownElection, "election_id")
}

func TestIssueRefusesMalformedRecords(t *testing.T) {
	town := sample.OpenIssuing(2)
	for field, f := range map[string]func(*issuancev1.IssueToken){
		"election_id":       func(m *issuancev1.IssueToken) { m.ElectionId = m.ElectionId[1:] },
		"entry":             func(m *issuancev1.IssueToken) { m.Entry = nil },
		"blinded_hashes":    func(m *issuancev1.IssueToken) { m.BlindedHashes, m.Endorsements = nil, nil },
		"blinded_hashes[1]": func(m *issuancev1.IssueToken) { m.BlindedHashes[1] = nil },
		"claim_key_hash":    func(m *issuancev1.IssueToken) { m.ClaimKeyHash = nil },
		"endorsements[0]":   func(m *issuancev1.IssueToken) { m.Endorsements[0] = m.Endorsements[0][1:] },
	} {
		m := town.Record(0, 0, sample.Entry("0/0"))
		town.Endorse(m)
		f(m)
		refused(t, town.Check(sample.IssueMessage(m)), issuance.CodeMalformed, field)
	}
}

func TestSuspendedCloseStopsIssuing(t *testing.T) {
	town := sample.OpenIssuing(2)
	town.Until(sample.Closes - 1000)
	town.Block(120_000)
	if z := town.Zone(0); z.Phase != electionv1.Phase_PHASE_VOTING || !z.Suspended {
		t.Fatal("not suspended")
	}
	refused(t, town.Check(town.IssueTx(0, 0, sample.Entry("0/0"))), issuance.CodePhase, "style")
}

func TestSameBlocksGiveTheSameState(t *testing.T) {
	run := func() *ledgertest.State {
		town := sample.OpenIssuing(5)
		for i := range 4 {
			town.Block(1000, town.IssueTx(0, 0, sample.Entry(fmt.Sprintf("0/%d", i))), town.IssueTx(1, 0, sample.Entry(fmt.Sprintf("1/%d", i))))
		}
		return town.State
	}
	if !run().Equal(run()) {
		t.Fatal("two runs of the same blocks differ")
	}
}

func BenchmarkIssueToken(b *testing.B) {
	town := sample.OpenIssuing(2)
	tx := town.IssueTx(0, 0, sample.Entry("0/0"))
	for b.Loop() {
		if err := town.Check(tx); err != nil {
			b.Fatal(err)
		}
	}
}
