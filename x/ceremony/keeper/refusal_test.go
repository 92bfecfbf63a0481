package keeper_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/urna-vote/urna/crypto/threshold"
	"github.com/urna-vote/urna/internal/sample"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

func TestRegisterRefusesStrangersDuplicatesAndForeignKeys(t *testing.T) {
	c := begin(t, five())
	first, second := c.Trustees[0], c.Trustees[1]
	stranger := sample.NewTrustee("stranger", c.Def, first.Where)
	wantCode(t, c.Deliver(stranger.Register()), ceremony.CodeTrustee)
	if err := c.Deliver(first.Register()); err != nil {
		t.Fatal(err)
	}
	wantCode(t, c.Deliver(first.Register()), ceremony.CodeDone)
	m := ledger.MustDecode[ceremonyv1.RegisterTrustee](c.Trustees[2].Register().Body)
	m.HpkeKey = m.HpkeKey[1:]
	wantCode(t, c.Deliver(second.Step(txv1.Kind_KIND_REGISTER_TRUSTEE, m)), ceremony.CodeSealing)
}

// Keys stand in the pool before they stand in a block: whoever names another's
// first must not keep its owner out.
func TestNamingAnothersHPKEKeyFirstKeepsNobodyOut(t *testing.T) {
	c := begin(t, five())
	owner, thief, lost := c.Trustees[0], c.Trustees[1], c.Trustees[2]
	opens := thief.Sealing
	thief.Sealing = owner.Sealing
	if err := c.Deliver(thief.Register()); err != nil {
		t.Fatal(err)
	}
	// The owner with somebody else in one block that names the key too.
	c.Trustees[3].Sealing = owner.Sealing
	if err := errors.Join(c.Block(1000, owner.Register(), c.Trustees[3].Register())...); err != nil {
		t.Fatal(err)
	}
	c.RegisterAll([]*sample.Trustee{lost, c.Trustees[4]})
	c.TestAll(c.Trustees)
	c.CommitAll(c.Trustees)
	c.DealAll(c.Trustees)
	// The thief cannot open what is sealed to its name. It complains first, with
	// the fresh key that another complains with.
	thief.Sealing = opens
	lost.LoseKey()
	st := c.Ceremonial()
	honest := lost.CheckDeals(st, c.Deals())
	stolen := ledger.MustDecode[ceremonyv1.CheckDeals](honest.Body).Complaints
	var copied []*ceremonyv1.Complaint
	for _, x := range stolen {
		if x.Dealer != thief.Index(st) {
			copied = append(copied, x)
		}
	}
	squat := thief.Step(txv1.Kind_KIND_CHECK_DEALS, &ceremonyv1.CheckDeals{Where: thief.Where.Message(), Complaints: copied})
	if err := c.Deliver(squat); err != nil {
		t.Fatal(err)
	}
	if err := c.Deliver(honest); err != nil {
		t.Fatalf("the owner of the fresh keys is kept out: %v", err)
	}
	c.CheckAll([]*sample.Trustee{owner, c.Trustees[3], c.Trustees[4]})
	boxes := reseal(t, c, c.Trustees)
	checkAgain(c, []*sample.Trustee{lost}, boxes)
	if got := len(lost.Shares); got != 5 {
		t.Fatalf("the owner of the fresh keys opened %d answers of 5, its own share with them", got)
	}
	wantOut(t, c, lost, "")
}

func TestStepsOutsideTheirCeremonyAreRefused(t *testing.T) {
	c := begin(t, five())
	tr := c.Trustees[0]
	for name, tc := range map[string]struct {
		where func(*ceremonyv1.Where)
		want  ledger.Code
	}{
		"another election": {func(w *ceremonyv1.Where) { w.ElectionId = make([]byte, 32) }, ceremony.CodeElection},
		"another zone":     {func(w *ceremonyv1.Where) { w.Zone = 7 }, ceremony.CodeElection},
		"another attempt":  {func(w *ceremonyv1.Where) { w.Attempt = 2 }, ceremony.CodeAttempt},
		"attempt zero":     {func(w *ceremonyv1.Where) { w.Attempt = 0 }, ceremony.CodeMalformed},
		"short id":         {func(w *ceremonyv1.Where) { w.ElectionId = w.ElectionId[1:] }, ceremony.CodeMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			m := ledger.MustDecode[ceremonyv1.RegisterTrustee](tr.Register().Body)
			tc.where(m.Where)
			wantCode(t, c.Deliver(tr.Step(txv1.Kind_KIND_REGISTER_TRUSTEE, m)), tc.want)
		})
	}
	before := sample.NewCity()
	before.Create(five())
	early := sample.NewTrustee("trustee-0", before.Def, ceremony.Where{Election: before.ID, Attempt: 1})
	wantCode(t, before.Deliver(early.Register()), ceremony.CodePhase)
}

func TestOpenTestRefusesAnotherNonce(t *testing.T) {
	c := begin(t, five())
	c.RegisterAll(c.Trustees)
	first, second := c.Trustees[0], c.Trustees[1]
	tests := first.TestKeys(c.Ceremonial())
	if err := c.Deliver(tests); err != nil {
		t.Fatal(err)
	}
	wantCode(t, c.Deliver(tests), ceremony.CodeDone)
	sender := first.Index(c.Ceremonial())
	open := func(sender uint32, nonce []byte) ledgertest.Tx {
		return second.Step(txv1.Kind_KIND_OPEN_TEST, &ceremonyv1.OpenTest{Where: second.Where.Message(), Sender: sender, Nonce: nonce})
	}
	wantCode(t, c.Deliver(open(sender, make([]byte, 32))), ceremony.CodeNonce)
	wantCode(t, c.Deliver(open(second.Index(c.Ceremonial()), make([]byte, 32))), ceremony.CodeNonce)
	m := ledger.MustDecode[ceremonyv1.TestKeys](second.TestKeys(c.Ceremonial()).Body)
	m.Tests = m.Tests[1:]
	wantCode(t, c.Deliver(second.Step(txv1.Kind_KIND_TEST_KEYS, m)), ceremony.CodeReceivers)
	second.LoseKey()
	if _, err := second.OpenTest(c.Ceremonial(), sender, ledger.MustDecode[ceremonyv1.TestKeys](tests.Body)); err == nil {
		t.Fatal("a lost key opened a test")
	}
}

func TestDealMustBeTheOneCommittedTo(t *testing.T) {
	c := begin(t, five())
	c.RegisterAll(c.Trustees)
	c.TestAll(c.Trustees)
	c.CommitAll(c.Trustees)
	tr := c.Trustees[0]
	good := tr.Deal()
	tr.Dealt.Sealed[2][40] ^= 1
	wantCode(t, c.Deliver(tr.Deal()), ceremony.CodeDealHash)
	if err := c.Deliver(good); err != nil {
		t.Fatal(err)
	}
	wantCode(t, c.Deliver(good), ceremony.CodeDone)
}

func TestLateDealDoesNotCount(t *testing.T) {
	c := begin(t, five())
	c.RegisterAll(c.Trustees)
	c.TestAll(c.Trustees)
	c.CommitAll(c.Trustees)
	c.DealAll(c.Trustees[:4])
	wait(c)
	wantCode(t, c.Deliver(c.Trustees[4].Deal()), ceremony.CodeWindow)
	wantOut(t, c, c.Trustees[4], ceremony.OutNoDeal)
	wantCode(t, c.Deliver(c.Trustees[4].CheckDeals(c.Ceremonial(), c.Deals())), ceremony.CodeOut)
}

func TestRogueDealIsRefusedAndProvesItself(t *testing.T) {
	c := begin(t, five())
	c.RegisterAll(c.Trustees)
	c.TestAll(c.Trustees)
	rogue, victim := c.Trustees[4], c.Trustees[0]
	st := c.Ceremonial()
	victim.MakeDeal(st)
	rogue.MakeDeal(st)
	// The rogue takes over another dealer's commitments with their proofs.
	rogue.Dealt.Commitments, rogue.Dealt.Proofs = victim.Dealt.Commitments, victim.Dealt.Proofs
	c.Each(c.Trustees, func(x *sample.Trustee) ledgertest.Tx {
		if x != rogue {
			x.MakeDeal(st)
		}
		return x.CommitTx(st)
	})
	wantCode(t, c.Deliver(rogue.Deal()), ceremony.CodeDeal)
	accuse := evidence(t, rogue, rogue.Deal())
	if err := c.Deliver(accuse); err != nil {
		t.Fatal(err)
	}
	wantOut(t, c, rogue, ceremony.OutEvidence)
	wantCode(t, c.Deliver(accuse), ceremony.CodeOut)
	c.DealAll(c.Trustees[:4])
	c.CheckAll(c.Trustees[:4])
	finish(t, c, c.Trustees[:4])
}

// A trustee that was shown another state of the ledger deals for another list of
// trustees. By this attempt's list its deal does not verify: that frames it not.
func TestDealForAnotherListOfTrusteesIsNoEvidence(t *testing.T) {
	c := begin(t, five())
	c.RegisterAll(c.Trustees)
	c.TestAll(c.Trustees)
	tr := c.Trustees[0]
	elsewhere := c.Ceremonial()
	other := sample.NewTrustee("another key of trustee-1", c.Def, tr.Where)
	elsewhere.Participants[c.Trustees[1].Index(elsewhere)-1].HpkeKey = other.Sealing.Public().Encode()
	commit := tr.Commit(elsewhere)
	deal := tr.Deal()
	wantCode(t, c.Deliver(evidence(t, tr, deal)), ceremony.CodeInnocent)
	wantCode(t, c.Deliver(commit), ceremony.CodeList)
	// The same deal said to be for this list is wrong by itself.
	m := ledger.MustDecode[ceremonyv1.Deal](deal.Body)
	m.TrusteeListHash = c.Ceremonial().TrusteeListHash
	guilty := tr.Step(txv1.Kind_KIND_DEAL, m)
	if err := c.Check(evidence(t, tr, guilty)); err != nil {
		t.Fatalf("a wrong deal for this list: %v", err)
	}
	c.CommitAll(c.Trustees)
	wantCode(t, c.Deliver(deal), ceremony.CodeList)
	c.DealAll(c.Trustees)
}

// evidence wraps what a trustee signed.
func evidence(t *testing.T, who *sample.Trustee, tx ledgertest.Tx) ledgertest.Tx {
	t.Helper()
	raw, err := envelope.Encode(sample.ChainID, tx.Kind, tx.Body, sample.Key(who.Name))
	if err != nil {
		t.Fatal(err)
	}
	return rawEvidence(who.Where, raw)
}

func rawEvidence(where ceremony.Where, raw []byte) ledgertest.Tx {
	return ledgertest.Message(uint32(txv1.Kind_KIND_EVIDENCE), nil, &ceremonyv1.Evidence{Where: where.Message(), Tx: raw})
}

func TestEvidenceFramesNobody(t *testing.T) {
	c := begin(t, five())
	c.RegisterAll(c.Trustees)
	c.TestAll(c.Trustees)
	c.CommitAll(c.Trustees)
	tr := c.Trustees[0]
	// A right deal, and messages that only state, window or order make wrong.
	for name, tx := range map[string]ledgertest.Tx{
		"right deal":   tr.Deal(),
		"late commit":  tr.CommitTx(c.Ceremonial()),
		"early check":  tr.Step(txv1.Kind_KIND_CHECK_DEALS, &ceremonyv1.CheckDeals{Where: tr.Where.Message()}),
		"wrong choice": tr.Step(txv1.Kind_KIND_CONFIRM_KEY, &ceremonyv1.ConfirmKey{Where: tr.Where.Message(), TranscriptHash: make([]byte, 32)}),
	} {
		t.Run(name, func(t *testing.T) {
			wantCode(t, c.Deliver(evidence(t, tr, tx)), ceremony.CodeInnocent)
		})
	}
	bad := tr.Step(txv1.Kind_KIND_COMMIT_DEAL, &ceremonyv1.CommitDeal{Where: tr.Where.Message(), DealHash: []byte{1}})
	t.Run("signed by another", func(t *testing.T) {
		raw, err := envelope.Encode(sample.ChainID, bad.Kind, bad.Body, sample.Key("stranger"))
		if err != nil {
			t.Fatal(err)
		}
		tx, err := envelope.Decode(raw, sample.ChainID)
		if err != nil {
			t.Fatal(err)
		}
		tx.Signer = sample.Public(tr.Name)
		wantCode(t, c.Deliver(rawEvidence(tr.Where, ledger.MustEncode(tx))), ceremony.CodeSignature)
		wantCode(t, c.Deliver(rawEvidence(tr.Where, raw)), ceremony.CodeTrustee)
	})
	t.Run("of another attempt", func(t *testing.T) {
		where := tr.Where
		where.Attempt = 2
		other := tr.Step(txv1.Kind_KIND_COMMIT_DEAL, &ceremonyv1.CommitDeal{Where: where.Message(), DealHash: []byte{1}})
		accuse := evidence(t, tr, other)
		wantCode(t, c.Deliver(accuse), ceremony.CodeInnocent)
	})
	t.Run("of another chain", func(t *testing.T) {
		raw, err := envelope.Encode("another-0011223344556677", bad.Kind, bad.Body, sample.Key(tr.Name))
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, c.Deliver(rawEvidence(tr.Where, raw)), ceremony.CodeInnocent)
	})
	t.Run("not a message", func(t *testing.T) {
		wantCode(t, c.Deliver(evidence(t, tr, ledgertest.Tx{Kind: bad.Kind, Body: []byte{0xff}})), ceremony.CodeInnocent)
	})
	if err := c.Deliver(evidence(t, tr, bad)); err != nil {
		t.Fatal(err)
	}
	wantOut(t, c, tr, ceremony.OutEvidence)
}

// Anybody can send evidence: before it is opened, its attempt must be running.
func TestEvidenceIsNotOpenedOutsideItsAttempt(t *testing.T) {
	c := begin(t, five())
	where := c.Trustees[0].Where
	wantCode(t, c.Deliver(rawEvidence(where, []byte("rubbish"))), ceremony.CodeWindow)
	c.RegisterAll(c.Trustees)
	wantCode(t, c.Deliver(rawEvidence(where, []byte("rubbish"))), ceremony.CodeInnocent)
	where.Attempt = 2
	wantCode(t, c.Deliver(rawEvidence(where, []byte("rubbish"))), ceremony.CodeAttempt)
}

func TestEvidenceAgainstTooManyFailsTheCeremony(t *testing.T) {
	c := begin(t, five())
	c.RegisterAll(c.Trustees)
	c.TestAll(c.Trustees)
	for _, tr := range c.Trustees[:2] {
		bad := tr.Step(txv1.Kind_KIND_COMMIT_DEAL, &ceremonyv1.CommitDeal{Where: tr.Where.Message(), DealHash: []byte{1}})
		if err := c.Deliver(evidence(t, tr, bad)); err != nil {
			t.Fatal(err)
		}
	}
	wantWindow(t, c, ceremonyv1.Window_WINDOW_FAILED)
}

func TestComplaintsMustFit(t *testing.T) {
	c := begin(t, five())
	dealt(t, c)
	tr := c.Trustees[0]
	me := tr.Index(c.Ceremonial())
	fresh, err := tr.Seed.FreshSealingKey(tr.Params(c.Ceremonial()), 1)
	if err != nil {
		t.Fatal(err)
	}
	complain := func(dealer uint32, key []byte) ledgertest.Tx {
		return tr.Step(txv1.Kind_KIND_CHECK_DEALS, &ceremonyv1.CheckDeals{Where: tr.Where.Message(), Complaints: []*ceremonyv1.Complaint{{Dealer: dealer, FreshKey: key}}})
	}
	wantCode(t, c.Deliver(complain(me, fresh.Public().Encode())), ceremony.CodeIndex)
	wantCode(t, c.Deliver(complain(9, fresh.Public().Encode())), ceremony.CodeDealer)
	wantCode(t, c.Deliver(complain(me%5+1, tr.Sealing.Public().Encode())), ceremony.CodeUsedKey)
	for _, x := range c.Trustees[1:3] {
		x.LoseKey()
	}
	c.CheckAll(c.Trustees)
	st := c.Ceremonial()
	answer := ledger.MustDecode[ceremonyv1.Reseal](tr.Reseal(st, freshKeys(c)[me]).Body)
	if len(answer.Answers) != 2 {
		t.Fatalf("%d answers, want 2", len(answer.Answers))
	}
	partial := &ceremonyv1.Reseal{Where: answer.Where, Answers: answer.Answers[:1]}
	wantCode(t, c.Deliver(tr.Step(txv1.Kind_KIND_RESEAL, partial)), ceremony.CodeReceivers)
	short := &ceremonyv1.Reseal{Where: answer.Where, Answers: []*ceremonyv1.Resealed{
		{Receiver: answer.Answers[0].Receiver, Sealed: answer.Answers[0].Sealed[32:]}, answer.Answers[1],
	}}
	wantCode(t, c.Deliver(tr.Step(txv1.Kind_KIND_RESEAL, short)), ceremony.CodeMalformed)
	reseal(t, c, c.Trustees)
	again := func(who *sample.Trustee, dealers ...uint32) ledgertest.Tx {
		return who.Step(txv1.Kind_KIND_CHECK_RESEALED, &ceremonyv1.CheckResealed{Where: who.Where.Message(), Dealers: dealers})
	}
	wantCode(t, c.Deliver(again(tr)), ceremony.CodeDone)
	lost := c.Trustees[1]
	wantCode(t, c.Deliver(again(lost, lost.Index(st))), ceremony.CodeDealer)
	wantCode(t, c.Deliver(again(lost, 3, 2)), ceremony.CodeIndex)
}

func TestConfirmAndDrillAcceptOnlyTheTruth(t *testing.T) {
	c := begin(t, five())
	dealt(t, c)
	c.CheckAll(c.Trustees)
	tr := c.Trustees[0]
	other := &ceremonyv1.ConfirmKey{Where: tr.Where.Message(), TranscriptHash: make([]byte, 32)}
	wantCode(t, c.Deliver(tr.Step(txv1.Kind_KIND_CONFIRM_KEY, other)), ceremony.CodeTranscript)
	c.ConfirmAll(c.Trustees)
	key, _ := c.Ceremony.Candidate(c.State, c.ID, 0)
	good := tr.Drill(c.Ceremonial(), key)
	bad := ledger.MustDecode[ceremonyv1.DrillShare](good.Body)
	copy(bad.Points[:32], bad.Points[32:64])
	wantCode(t, c.Deliver(tr.Step(txv1.Kind_KIND_DRILL, bad)), ceremony.CodeDrill)
	// Another trustee's share under one's own name.
	wantCode(t, c.Deliver(ledgertest.Tx{Kind: good.Kind, Signer: sample.Public(c.Trustees[1].Name), Body: good.Body}), ceremony.CodeDrill)
	if err := c.Deliver(good); err != nil {
		t.Fatal(err)
	}
	wantCode(t, c.Deliver(good), ceremony.CodeDone)
}

func TestRestartNeedsACeremonyBeforeIssuing(t *testing.T) {
	c := sample.NewCity()
	c.Create(five())
	restart := func(reason string) error {
		return c.Decide(commissionv1.Action_ACTION_RESTART_CEREMONY, &ceremonyv1.RestartCeremony{ElectionId: c.ID[:], Reason: reason})
	}
	wantCode(t, restart("too early"), ceremony.CodePhase)
	for name, reason := range map[string]string{
		"none": "", "not UTF-8": "broken \xff\xfe", "a control character": "two\nlines",
		"blank at its end": "why ", "too long": strings.Repeat("x", election.MaxReasonBytes+1),
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, restart(reason), election.CodeMalformed) })
	}
}

func TestCandidateKeyOpensToTheDealtSecrets(t *testing.T) {
	c := begin(t, five())
	c.HoldCeremony()
	key := c.Key()
	seen := map[[32]byte]bool{}
	for slot := 0; slot < len(key.Slots); slot += 32 {
		seen[sha256.Sum256(key.Slots[slot:slot+32])] = true
	}
	if len(seen) != 5 {
		t.Fatalf("%d different slot keys, want 5", len(seen))
	}
	// Any three of five derive the joint key's shares: checked by each trustee
	// when it held its share against the ledger's verification keys.
	for _, tr := range c.Trustees {
		i := tr.Index(c.Ceremonial())
		public, err := threshold.DecodeVerificationKeys(5, key.Verification[i-1])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := threshold.KeyShareFromBytes(int(i), tr.Share.Reveal(), public); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(key.Participants[i-1], sample.Public(tr.Name)) {
			t.Fatalf("participant %d is not %s", i, tr.Name)
		}
	}
}
