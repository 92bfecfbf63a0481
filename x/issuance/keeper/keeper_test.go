package keeper_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/merkle"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
	"github.com/urna-vote/urna/x/roll"
	"github.com/urna-vote/urna/x/sample"
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

func TestBitmapProvesWhoHasAToken(t *testing.T) {
	town := sample.OpenIssuing(roll.ChunkPositions + 10)
	issued := []int{0, 7, 8, roll.ChunkPositions - 1, roll.ChunkPositions + 3}
	var txs []ledgertest.Tx
	for _, i := range issued {
		txs = append(txs, town.IssueTx(0, 0, sample.Entry(fmt.Sprintf("0/%d", i))))
	}
	for _, verdict := range town.Block(1000, txs...) {
		must(t, verdict)
	}
	record := ledger.MustDecode[issuancev1.StyleIssued](town.Object(town.ID, "issued/0"))
	if record.Issued != 5 || record.RollSize != roll.ChunkPositions+10 || record.Removed != 0 {
		t.Fatalf("summary %v", record)
	}
	for _, i := range []int{0, 1, 7, 8, 9, roll.ChunkPositions - 1, roll.ChunkPositions, roll.ChunkPositions + 3} {
		proof, ok := town.Issuance.IssuedChunk(town.State, town.ID, 0, uint64(i))
		if !ok || proof.Proof.Size != 2 {
			t.Fatalf("no proof for position %d", i)
		}
		must(t, proof.Proof.Verify(merkle.LeafHash(proof.Chunk), merkle.Hash(record.IssuedRoot)))
		if got, want := roll.Bit(proof.Chunk, uint64(i)), slices.Contains(issued, i); got != want {
			t.Fatalf("position %d: issued %v, want %v", i, got, want)
		}
	}
	if _, ok := town.Issuance.IssuedChunk(town.State, town.ID, 0, roll.ChunkPositions+10); ok {
		t.Fatal("a position outside the roll is proven")
	}
	other := ledger.MustDecode[issuancev1.StyleIssued](town.Object(town.ID, "issued/1"))
	if other.Issued != 0 || !bytes.Equal(other.IssuedRoot, other.RemovedRoot) {
		t.Fatal("a style without tokens has marks")
	}
	if n := town.Issuance.IssuedCount(town.State, town.ID, 0); n != 5 {
		t.Fatalf("%d issued in the class", n)
	}
}

func TestBitmapFollowsTheGrowthOfTheRoll(t *testing.T) {
	town := sample.OpenIssuing(3)
	must(t, town.Deliver(town.IssueTx(0, 0, sample.Entry("0/1"))))
	var more [][]byte
	for i := range roll.ChunkPositions {
		more = append(more, sample.Entry(fmt.Sprintf("more/%d", i)))
	}
	for len(more) > 0 {
		must(t, town.Deliver(town.StageTx("chair", 0, more[:roll.MaxStagedEntries]...)))
		more = more[roll.MaxStagedEntries:]
	}
	must(t, town.Decide(commissionv1.Action_ACTION_APPROVE_ROLL, town.StagedRoll("chair")))
	record := ledger.MustDecode[issuancev1.StyleIssued](town.Object(town.ID, "issued/0"))
	proof, _ := town.Issuance.IssuedChunk(town.State, town.ID, 0, roll.ChunkPositions+1)
	must(t, proof.Proof.Verify(merkle.LeafHash(proof.Chunk), merkle.Hash(record.IssuedRoot)))
	if proof.Proof.Size != 2 || record.RollSize != roll.ChunkPositions+3 {
		t.Fatalf("%d chunks for %d positions", proof.Proof.Size, record.RollSize)
	}
}

// claimed is a town with a token whose first member was sent a real blinded
// message.
func claimed(t *testing.T) (*sample.Town, *blindtoken.Request, []byte) {
	t.Helper()
	town := sample.OpenIssuing(2)
	secret, err := blindtoken.SecretFromBytes(make([]byte, 32))
	must(t, err)
	request, err := blindtoken.Blind(secret, issuance.Scope(sample.ChainID, town.ID, 0, 0), town.MemberKey(0, 0, 0).Public())
	must(t, err)
	entry := sample.Entry("0/0")
	m := town.Record(0, 0, entry)
	m.BlindedHashes[0] = sample.Hash(request.Blinded())
	town.Endorse(m)
	must(t, town.Deliver(sample.IssueMessage(m)))
	return town, request, entry
}

func claimTx(town *sample.Town, holder string, entry []byte, member uint32, blinded []byte) ledgertest.Tx {
	return ledgertest.Message(uint32(txv1.Kind_KIND_CLAIM_SIGNATURE), sample.Public(holder),
		&issuancev1.ClaimSignature{ElectionId: town.ID[:], Entry: entry, Member: member, BlindedMessage: blinded})
}

func answerTx(town *sample.Town, entry []byte, member uint32, signature []byte) ledgertest.Tx {
	return ledgertest.Message(uint32(txv1.Kind_KIND_ANSWER_CLAIM), nil,
		&issuancev1.AnswerClaim{ElectionId: town.ID[:], Entry: entry, Member: member, BlindSignature: signature})
}

func TestSilentMemberIsAskedAndAnswersOnTheLedger(t *testing.T) {
	town, request, entry := claimed(t)
	must(t, town.Deliver(claimTx(town, "claim", entry, 0, request.Blinded())))
	signature, err := town.MemberKey(0, 0, 0).Sign(request.Blinded())
	must(t, err)
	must(t, town.Deliver(answerTx(town, entry, 0, signature)))
	claim, ok := town.Issuance.Claim(town.State, town.ID, entry, 0)
	if !ok || !bytes.Equal(claim.Answer, signature) {
		t.Fatal("the answer is not on record")
	}
	_, err = request.Finalize(claim.Answer)
	must(t, err)
	refused(t, town.Check(answerTx(town, entry, 0, signature)), issuance.CodeAnswered, "member")
	for range issuance.SilentAfter {
		town.Block(10)
	}
	if n := town.Issuance.Silent(town.State, town.ID, 0, town.Context.Height); n != 0 {
		t.Fatalf("%d silent claims after an answer", n)
	}
}

func TestMemberThatDoesNotAnswerIsCountedAsSilent(t *testing.T) {
	town, request, entry := claimed(t)
	must(t, town.Deliver(claimTx(town, "claim", entry, 0, request.Blinded())))
	asked := town.Context.Height
	silent := func(issuer uint32, height int64) uint64 {
		return town.Issuance.Silent(town.State, town.ID, issuer, height)
	}
	if n := silent(0, asked+issuance.SilentAfter-1); n != 0 {
		t.Fatalf("%d silent before %d blocks", n, issuance.SilentAfter)
	}
	if n := silent(0, asked+issuance.SilentAfter); n != 1 {
		t.Fatalf("%d silent after %d blocks", n, issuance.SilentAfter)
	}
	if n := silent(1, asked+issuance.SilentAfter); n != 0 {
		t.Fatalf("%d silent of a member that was not asked", n)
	}
}

func TestClaimRefusesWrongKeyMessageMemberAndRepetition(t *testing.T) {
	town, request, entry := claimed(t)
	good := request.Blinded()
	refused(t, town.Check(claimTx(town, "stranger", entry, 0, good)), issuance.CodeClaimKey, "signer")
	refused(t, town.Check(claimTx(town, "claim", entry, 1, good)), issuance.CodeBlinded, "blinded_message")
	refused(t, town.Check(claimTx(town, "claim", entry, 2, good)), issuance.CodeNotInPanel, "member")
	refused(t, town.Check(claimTx(town, "claim", sample.Entry("0/1"), 0, good)), issuance.CodeNoToken, "entry")
	refused(t, town.Check(claimTx(town, "claim", entry, 0, good[1:])), issuance.CodeMalformed, "blinded_message")
	must(t, town.Deliver(claimTx(town, "claim", entry, 0, good)))
	refused(t, town.Check(claimTx(town, "claim", entry, 0, good)), issuance.CodeClaimed, "member")
	town.Until(sample.Closes)
	refused(t, town.Check(claimTx(town, "claim", entry, 1, town.Blinded(entry, 1))), issuance.CodePhase, "style")
}

func TestAnswerRefusesWrongSignatureAndUnaskedClaim(t *testing.T) {
	town, request, entry := claimed(t)
	signature, err := town.MemberKey(0, 0, 0).Sign(request.Blinded())
	must(t, err)
	refused(t, town.Check(answerTx(town, entry, 0, signature)), issuance.CodeNoClaim, "member")
	must(t, town.Deliver(claimTx(town, "claim", entry, 0, request.Blinded())))
	wrong, err := town.MemberKey(0, 0, 1).Sign(request.Blinded())
	if err == nil {
		refused(t, town.Check(answerTx(town, entry, 0, wrong)), issuance.CodeAnswer, "blind_signature")
	}
	bad := bytes.Clone(signature)
	bad[200] ^= 1
	refused(t, town.Check(answerTx(town, entry, 0, bad)), issuance.CodeAnswer, "blind_signature")
	refused(t, town.Check(answerTx(town, entry, 1, signature)), issuance.CodeNoClaim, "member")
	town.Until(sample.Closes) // an answer helps nobody any more, but clears the name
	must(t, town.Check(answerTx(town, entry, 0, signature)))
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
