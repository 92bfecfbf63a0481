package keeper_test

import (
	"bytes"
	"testing"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/internal/sample"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

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
	open := town.Issuance.OpenClaims(town.State, town.ID, 0, 0, 10)
	if len(open) != 1 || open[0].Height != asked || !bytes.Equal(open[0].Entry, entry) {
		t.Fatal(open)
	}
	if open := town.Issuance.OpenClaims(town.State, town.ID, 0, 1, 10); len(open) != 0 {
		t.Fatal(open)
	}
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
