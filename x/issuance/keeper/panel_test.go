package keeper_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/urna-vote/urna/internal/sample"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

func TestPanelNeedsAllItsKeys(t *testing.T) {
	town := sample.NewTown()
	town.Create(sample.Definition())
	if town.Issuance.IssuersReady(town.State, town.ID, 0) {
		t.Fatal("ready without keys")
	}
	must(t, town.Deliver(town.RegisterTx(0, 0, 1)))
	if _, ok := town.Issuance.PanelKeys(town.State, town.ID, 0, 0); ok || town.Issuance.IssuersReady(town.State, town.ID, 0) {
		t.Fatal("ready with one key of two")
	}
	must(t, town.Deliver(town.RegisterTx(0, 0, 0)))
	keys, ok := town.Issuance.PanelKeys(town.State, town.ID, 0, 0)
	if !ok || !keys[0].Equal(town.MemberKey(0, 0, 0).Public()) || !keys[1].Equal(town.MemberKey(0, 0, 1).Public()) {
		t.Fatal("the keys are not in panel order")
	}
	if _, ok := town.Issuance.PanelKeys(town.State, town.ID, 0, 2); ok {
		t.Fatal("keys of a panel that does not exist")
	}
	class := ledger.MustDecode[issuancev1.ClassKeys](town.Object(town.ID, "issuers/0"))
	if len(class.Panels) != 2 || !bytes.Equal(class.Panels[0].Moduli[1], keys[1].Encode()) || len(class.Panels[1].Moduli[0]) != 0 {
		t.Fatal("the summary lists other keys")
	}
}

func TestRegisterRefusesWrongIssuerModulusAndProof(t *testing.T) {
	town := sample.NewTown()
	town.Create(sample.Definition())
	good := town.RegisterTx(0, 0, 0)
	try := func(f func(*issuancev1.RegisterIssuerKey)) error {
		m, err := issuance.DecodeRegisterIssuerKey(good.Body)
		must(t, err)
		f(m)
		return town.Check(ledgertest.Message(good.Kind, good.Signer, m))
	}
	refused(t, try(func(m *issuancev1.RegisterIssuerKey) { m.TokenClass = 1 }), issuance.CodeUnknownClass, "token_class")
	refused(t, try(func(m *issuancev1.RegisterIssuerKey) { m.Panel = 2 }), issuance.CodeUnknownPanel, "panel")
	refused(t, try(func(m *issuancev1.RegisterIssuerKey) { m.Issuer = 2 }), issuance.CodeNotInPanel, "issuer")
	refused(t, try(func(m *issuancev1.RegisterIssuerKey) { m.Issuer = 1 }), issuance.CodeNotOperator, "signer")
	refused(t, try(func(m *issuancev1.RegisterIssuerKey) { m.Panel = 1 }), issuance.CodeKeyProof, "roots") // issuer 0 sits in panel 1 too
	refused(t, try(func(m *issuancev1.RegisterIssuerKey) { m.Roots[8][255] ^= 1 }), issuance.CodeKeyProof, "roots")
	refused(t, try(func(m *issuancev1.RegisterIssuerKey) { m.Roots = m.Roots[:8] }), issuance.CodeMalformed, "roots")
	refused(t, try(func(m *issuancev1.RegisterIssuerKey) { m.Modulus[255] ^= 1 }), issuance.CodeModulus, "modulus")
	refused(t, try(func(m *issuancev1.RegisterIssuerKey) { m.Modulus = m.Modulus[1:] }), issuance.CodeModulus, "modulus")
	refused(t, try(func(m *issuancev1.RegisterIssuerKey) { m.ElectionId = make([]byte, 32) }), issuance.CodeUnknownElection, "election_id")

	must(t, town.Deliver(good))
	refused(t, town.Check(good), issuance.CodeRegistered, "issuer")
	// The same modulus for another seat: issuer 0 sits second in panel 1.
	m, err := issuance.NewRegisterIssuerKey(town.MemberKey(0, 0, 0), issuance.KeyContext(sample.ChainID, town.ID, 0, 1, [32]byte(good.Signer)), 0)
	must(t, err)
	refused(t, town.Check(ledgertest.Message(good.Kind, good.Signer, m)), issuance.CodeModulusUsed, "modulus")
}

func TestRegisterRefusesAModulusOfAnotherLength(t *testing.T) {
	town := sample.NewTown()
	def := sample.Definition()
	def.TokenBits = 3072
	town.Create(def)
	refused(t, town.Check(town.RegisterTx(0, 0, 0)), issuance.CodeModulus, "modulus")
}

func TestOneModulusIsRegisteredOnceInABlock(t *testing.T) {
	town := sample.NewTown()
	town.Create(sample.Definition())
	first := town.RegisterTx(0, 0, 0)
	m, err := issuance.NewRegisterIssuerKey(town.MemberKey(0, 0, 0), issuance.KeyContext(sample.ChainID, town.ID, 0, 0, [32]byte(sample.Public("issuer-1"))), 1)
	must(t, err)
	second := ledgertest.Message(first.Kind, sample.Public("issuer-1"), m)
	verdicts := town.Block(1000, first, second)
	if verdicts[0] != nil || !errors.Is(verdicts[1], ledgertest.ErrClaimed) {
		t.Fatalf("got %v", verdicts)
	}
}

func TestPanelOpensForwardOnlyAndWithAllKeys(t *testing.T) {
	town := sample.OpenIssuing(2)
	open := func(panel uint32, classes ...uint32) error {
		return town.Decide(openPanel, &issuancev1.OpenPanel{ElectionId: town.ID[:], TokenClasses: classes, Panel: panel, Reason: "down"})
	}
	refused(t, open(1), issuance.CodePanelKeys, "panel")
	refused(t, open(0), issuance.CodePanelOrder, "panel")
	refused(t, open(2), issuance.CodeUnknownPanel, "panel")
	refused(t, open(1, 1), issuance.CodeUnknownClass, "token_class")
	refused(t, open(1, 0, 0), issuance.CodeMalformed, "token_classes[1]")
	town.RegisterPanel(1)
	must(t, open(1, 0))
	if got := town.Issuance.OpenPanel(town.State, town.ID, 0); got != 1 {
		t.Fatalf("panel %d is open", got)
	}
	refused(t, open(0), issuance.CodePanelOrder, "panel")
	refused(t, open(1), issuance.CodePanelOrder, "panel")
	if class := ledger.MustDecode[issuancev1.ClassKeys](town.Object(town.ID, "issuers/0")); class.OpenPanel != 1 {
		t.Fatal("the summary names another panel")
	}
}

func TestTokenAndOpenPanelInOneBlockMeetTheStateBeforeIt(t *testing.T) {
	town := sample.OpenIssuing(2, func(town *sample.Town) { town.RegisterPanel(1) })
	approve, err := town.Prepare(openPanel, &issuancev1.OpenPanel{ElectionId: town.ID[:], Panel: 1, Reason: "down"})
	must(t, err)
	for i, verdict := range town.Block(1000, approve, town.IssueTx(0, 0, sample.Entry("0/0"))) {
		if verdict != nil {
			t.Fatalf("transaction %d: %v", i, verdict)
		}
	}
	record, _ := town.Issuance.Issued(town.State, town.ID, sample.Entry("0/0"))
	if record.Panel != 0 || town.Issuance.OpenPanel(town.State, town.ID, 0) != 1 {
		t.Fatal("the order within the block mattered")
	}
}
