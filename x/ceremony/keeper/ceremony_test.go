package keeper_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/urna-vote/urna/crypto/threshold"
	"github.com/urna-vote/urna/internal/sample"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

// five is the sample definition with five trustees of whom three decrypt: four
// must remain.
func five() *electionv1.Definition {
	def := sample.Definition()
	def.Trustees, def.Threshold = nil, 3
	def.Ceremony = &electionv1.CeremonyWindows{WindowMs: 20_000, WindowBlocks: 20}
	for i := range 5 {
		name := fmt.Sprintf("trustee-%d", i)
		def.Trustees = append(def.Trustees, &electionv1.Trustee{Name: name, Key: sample.Public(name)})
	}
	return def
}

func begin(t *testing.T, def *electionv1.Definition) *sample.City {
	t.Helper()
	c := sample.NewCity()
	c.BeginCeremony(def)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_REGISTER)
	return c
}

func wantWindow(t *testing.T, c *sample.City, want ceremonyv1.Window) {
	t.Helper()
	if st := c.Ceremonial(); st.Window != want {
		t.Fatalf("window is %s (%s), want %s", st.Window, st.Failure, want)
	}
}

func wantCode(t *testing.T, err error, want ledger.Code) {
	t.Helper()
	var refusal *ledger.Refusal
	if !errors.As(err, &refusal) || refusal.Code != want {
		t.Fatalf("answer is %v, want refusal %s/%s", err, want.Module, want.Name)
	}
}

func wantOut(t *testing.T, c *sample.City, who *sample.Trustee, why string) {
	t.Helper()
	st := c.Ceremonial()
	if got := st.Participants[who.Index(st)-1].Out; got != why {
		t.Fatalf("%s is out for %q, want %q", who.Name, got, why)
	}
}

// wait lets the window's time and blocks pass.
func wait(c *sample.City) {
	for window := c.Ceremonial().Window; c.Ceremonial().Window == window; {
		c.Block(1000)
	}
}

// pass lets some blocks pass.
func pass(c *sample.City, blocks int) {
	for range blocks {
		c.Block(1000)
	}
}

// dealt brings a ceremony to the window complain.
func dealt(t *testing.T, c *sample.City) {
	t.Helper()
	c.RegisterAll(c.Trustees)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_TEST)
	c.TestAll(c.Trustees)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_COMMIT)
	c.CommitAll(c.Trustees)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_DEAL)
	c.DealAll(c.Trustees)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_COMPLAIN)
}

// finish brings a ceremony from the window confirm to its end.
func finish(t *testing.T, c *sample.City, trustees []*sample.Trustee) {
	t.Helper()
	wantWindow(t, c, ceremonyv1.Window_WINDOW_CONFIRM)
	c.ConfirmAll(trustees)
	if len(trustees) < remaining(c) {
		wait(c)
	}
	wantWindow(t, c, ceremonyv1.Window_WINDOW_DRILL)
	c.DrillAll(trustees)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_DONE)
	if got := c.Phase(0); got != electionv1.Phase_PHASE_ROLL {
		t.Fatalf("phase is %s after the ceremony", got)
	}
}

func remaining(c *sample.City) int { return ceremony.Remaining(c.Ceremonial()) }

func TestCeremonyMakesOneKeyWhenAllGoesWell(t *testing.T) {
	c := begin(t, five())
	if c.Ceremony.KeyReady(c.State, c.ID, 0) {
		t.Fatal("a key stands before the ceremony")
	}
	dealt(t, c)
	if got, most := len(c.Trustees[0].Deal().Body), election.DealBytes(c.Def, 0); got > most {
		t.Fatalf("a deal has %d bytes, reckoned with were %d", got, most)
	}
	c.CheckAll(c.Trustees)
	finish(t, c, c.Trustees)
	key := c.Key()
	if key.Mode != ceremony.ModeDKG || len(key.Slots) != 5*32 || len(key.Verification) != 5 {
		t.Fatalf("key has mode %q, %d bytes of slots, %d verification keys", key.Mode, len(key.Slots), len(key.Verification))
	}
	if !bytes.Equal(c.Object(c.ID, "key/0"), ledger.MustEncode(key)) {
		t.Fatal("the summary's key is another")
	}
	// The transcript follows from the transactions alone.
	var hashes [][32]byte
	st := c.Ceremonial()
	for i, raw := range c.Ceremony.Transactions(c.State, c.ID, 0) {
		if ceremony.InTranscript(uint32(raw[3])) {
			hashes = append(hashes, envelope.Hash(raw))
		}
		if i >= int(st.Transactions) {
			t.Fatal("more transactions than accepted")
		}
	}
	where := ceremony.Where{Election: c.ID, Attempt: 1}
	got := ceremony.TranscriptHash(sample.ChainID, where, [32]byte(st.TrusteeListHash), hashes, st.Qualified, key)
	if !bytes.Equal(got[:], st.TranscriptHash) || !bytes.Equal(got[:], key.TranscriptHash) {
		t.Fatal("the transcript does not follow from the transactions")
	}
}

func TestOneTrusteeNeedsNoTest(t *testing.T) {
	def := sample.Definition()
	def.Trustees, def.Threshold = def.Trustees[:1], 1
	c := begin(t, def)
	c.RegisterAll(c.Trustees)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_COMMIT)
	c.CommitAll(c.Trustees)
	c.DealAll(c.Trustees)
	c.CheckAll(c.Trustees)
	finish(t, c, c.Trustees)
}

func TestTwoLostKeysMakeNoSharePublic(t *testing.T) {
	c := begin(t, five())
	dealt(t, c)
	lost := c.Trustees[1:3]
	for _, l := range lost {
		l.LoseKey()
	}
	c.CheckAll(c.Trustees)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_ANSWER)
	boxes := reseal(t, c, c.Trustees)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_COMPLAIN_AGAIN)
	checkAgain(c, lost, boxes)
	finish(t, c, c.Trustees)
	for _, raw := range c.Ceremony.Transactions(c.State, c.ID, 0) {
		if raw[3] == byte(txv1.Kind_KIND_PUBLISH_SHARES) {
			t.Fatal("shares were published")
		}
	}
	if n := len(c.Ceremonial().Qualified); n != 5 {
		t.Fatalf("%d dealers are qualified, want 5", n)
	}
}

// reseal has the dealers answer all first complaints; the boxes are by
// receiver and dealer.
func reseal(t *testing.T, c *sample.City, dealers []*sample.Trustee) map[uint32]map[uint32][]byte {
	t.Helper()
	fresh := freshKeys(c)
	boxes := map[uint32]map[uint32][]byte{}
	st := c.Ceremonial()
	var accused []*sample.Trustee
	for _, d := range dealers {
		if len(ceremony.ToReseal(st, d.Index(st))) > 0 {
			accused = append(accused, d)
		}
	}
	c.Each(accused, func(d *sample.Trustee) ledgertest.Tx {
		tx := d.Reseal(st, fresh[d.Index(st)])
		for _, a := range ledger.MustDecode[ceremonyv1.Reseal](tx.Body).Answers {
			if boxes[a.Receiver] == nil {
				boxes[a.Receiver] = map[uint32][]byte{}
			}
			boxes[a.Receiver][d.Index(st)] = a.Sealed
		}
		return tx
	})
	return boxes
}

// freshKeys reads the fresh keys of complaints off the ledger, by dealer and receiver.
func freshKeys(c *sample.City) map[uint32]map[uint32][]byte {
	fresh := map[uint32]map[uint32][]byte{}
	st := c.Ceremonial()
	for _, raw := range c.Ceremony.Transactions(c.State, c.ID, 0) {
		if raw[3] != byte(txv1.Kind_KIND_CHECK_DEALS) {
			continue
		}
		receiver := ceremony.Index(st.Participants, raw[4:36])
		for _, complaint := range ledger.MustDecode[ceremonyv1.CheckDeals](raw[36:]).Complaints {
			if fresh[complaint.Dealer] == nil {
				fresh[complaint.Dealer] = map[uint32][]byte{}
			}
			fresh[complaint.Dealer][receiver] = complaint.FreshKey
		}
	}
	return fresh
}

func checkAgain(c *sample.City, receivers []*sample.Trustee, boxes map[uint32]map[uint32][]byte) {
	st := c.Ceremonial()
	c.Each(receivers, func(r *sample.Trustee) ledgertest.Tx {
		return r.CheckResealed(st, c.Deals(), boxes[r.Index(st)])
	})
}

func TestWrongSharesEndInPublicationByTheDealer(t *testing.T) {
	c := begin(t, five())
	dealer, victim := c.Trustees[0], c.Trustees[4]
	dealWrongShare(t, c, dealer, victim)
	c.CheckAll(c.Trustees)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_ANSWER)
	boxes := reseal(t, c, c.Trustees)
	// The dealer's answer is as bad as its deal: a box for another place.
	st := c.Ceremonial()
	bad := bytes.Clone(boxes[victim.Index(st)][dealer.Index(st)])
	bad[len(bad)-1] ^= 1
	boxes[victim.Index(st)][dealer.Index(st)] = bad
	checkAgain(c, []*sample.Trustee{victim}, boxes)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_ANSWER_AGAIN)
	publish := dealer.Publish(c.Ceremonial())
	if err := c.Deliver(publish); err != nil {
		t.Fatal(err)
	}
	// The victim reads its shares off the ledger, and all goes well.
	published := ledger.MustDecode[ceremonyv1.PublishShares](publish.Body).Answers[0]
	shares, err := threshold.VerifyShares(victim.Params(st), int(dealer.Index(st)), int(victim.Index(st)), dealer.Dealt.Commitments, published.Shares)
	if err != nil {
		t.Fatal(err)
	}
	victim.Shares[dealer.Index(st)] = shares
	finish(t, c, c.Trustees)
}

// dealWrongShare brings a ceremony to the window complain in which one dealer
// gave one receiver a box that does not open.
func dealWrongShare(t *testing.T, c *sample.City, dealer, victim *sample.Trustee) {
	t.Helper()
	c.RegisterAll(c.Trustees)
	c.TestAll(c.Trustees)
	st := c.Ceremonial()
	c.Each(c.Trustees, func(x *sample.Trustee) ledgertest.Tx {
		x.MakeDeal(st)
		if x == dealer {
			x.Dealt.Sealed[victim.Index(st)-1][0] ^= 1
		}
		return x.CommitTx(st)
	})
	c.DealAll(c.Trustees)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_COMPLAIN)
}

func TestBadPublicationPutsTheDealerOutByName(t *testing.T) {
	c := begin(t, five())
	dealer, victim := c.Trustees[0], c.Trustees[4]
	dealWrongShare(t, c, dealer, victim)
	c.CheckAll(c.Trustees)
	boxes := reseal(t, c, c.Trustees)
	st := c.Ceremonial()
	boxes[victim.Index(st)][dealer.Index(st)] = make([]byte, 10)
	checkAgain(c, []*sample.Trustee{victim}, boxes)
	m := ledger.MustDecode[ceremonyv1.PublishShares](dealer.Publish(c.Ceremonial()).Body)
	m.Answers[0].Shares[0] ^= 1
	wantCode(t, c.Deliver(dealer.Step(txv1.Kind_KIND_PUBLISH_SHARES, m)), ceremony.CodeShares)
	wait(c)
	wantOut(t, c, dealer, ceremony.OutNoPublication)
	finish(t, c, c.Trustees[1:])
	st = c.Ceremonial()
	if len(st.Qualified) != 4 {
		t.Fatalf("qualified are %v", st.Qualified)
	}
	key := c.Key()
	if i := dealer.Index(st); len(key.Verification[i-1]) != 0 || len(key.Verification[i%5]) == 0 {
		t.Fatal("verification keys do not show who is out")
	}
}

func TestDealerWhoDoesNotAnswerAComplaintIsOut(t *testing.T) {
	c := begin(t, five())
	dealer, victim := c.Trustees[2], c.Trustees[3]
	dealWrongShare(t, c, dealer, victim)
	c.CheckAll(c.Trustees)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_ANSWER)
	wait(c)
	wantOut(t, c, dealer, ceremony.OutNoAnswer)
	var rest []*sample.Trustee
	for _, x := range c.Trustees {
		if x != dealer {
			rest = append(rest, x)
		}
	}
	finish(t, c, rest)
}

func TestComplainerAgainstAThresholdOfDealersIsDroppedUnanswered(t *testing.T) {
	c := begin(t, five())
	dealt(t, c)
	liar := c.Trustees[4]
	liar.LoseKey()
	c.CheckAll(c.Trustees)
	boxes := reseal(t, c, c.Trustees)
	for dealer := range boxes[liar.Index(c.Ceremonial())] {
		boxes[liar.Index(c.Ceremonial())][dealer] = make([]byte, 7)
	}
	checkAgain(c, []*sample.Trustee{liar}, boxes)
	wantOut(t, c, liar, ceremony.OutComplainer)
	finish(t, c, c.Trustees[:4])
}

func TestSilentTrusteeIsOutAfterTheWindow(t *testing.T) {
	steps := []struct {
		why  string
		upTo func(c *sample.City, active []*sample.Trustee)
	}{
		{ceremony.OutNoCommitment, func(c *sample.City, active []*sample.Trustee) { c.CommitAll(active) }},
		{ceremony.OutNoDeal, func(c *sample.City, active []*sample.Trustee) {
			c.CommitAll(c.Trustees)
			c.DealAll(active)
		}},
		{ceremony.OutNoCheck, func(c *sample.City, active []*sample.Trustee) {
			c.CommitAll(c.Trustees)
			c.DealAll(c.Trustees)
			c.CheckAll(active)
		}},
		{ceremony.OutNoConfirm, func(c *sample.City, active []*sample.Trustee) {
			c.CommitAll(c.Trustees)
			c.DealAll(c.Trustees)
			c.CheckAll(c.Trustees)
			c.ConfirmAll(active)
		}},
	}
	for _, step := range steps {
		t.Run(step.why, func(t *testing.T) {
			c := begin(t, five())
			c.RegisterAll(c.Trustees)
			c.TestAll(c.Trustees)
			active, silent := c.Trustees[:4], c.Trustees[4]
			step.upTo(c, active)
			before := c.Ceremonial().Window
			wait(c)
			if c.Ceremonial().Window == before {
				t.Fatalf("the window %s does not end", before)
			}
			wantOut(t, c, silent, step.why)
			if remaining(c) != 4 {
				t.Fatalf("%d remain", remaining(c))
			}
		})
	}
}

func TestUntestedTrusteeIsOut(t *testing.T) {
	c := begin(t, five())
	c.RegisterAll(c.Trustees)
	c.TestAll(c.Trustees[:4])
	wantWindow(t, c, ceremonyv1.Window_WINDOW_TEST)
	wait(c)
	wantOut(t, c, c.Trustees[4], ceremony.OutNoTest)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_COMMIT)
}

func TestFailureNamesWhoIsMissing(t *testing.T) {
	c := begin(t, five())
	c.RegisterAll(c.Trustees[:3])
	wait(c)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_FAILED)
	if f := c.Ceremonial().Failure; !strings.Contains(f, "trustee-3, trustee-4") {
		t.Fatalf("failure is %q", f)
	}
	wantCode(t, c.Deliver(c.Trustees[3].Register()), ceremony.CodeWindow)
}

func TestFewerThanNeededInTheDrillFailsTheAttempt(t *testing.T) {
	c := begin(t, five())
	dealt(t, c)
	c.CheckAll(c.Trustees)
	c.ConfirmAll(c.Trustees)
	c.DrillAll(c.Trustees[:3])
	wait(c)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_FAILED)
	if f := c.Ceremonial().Failure; !strings.Contains(f, "trustee-3, trustee-4") {
		t.Fatalf("failure is %q", f)
	}
	if c.Ceremony.KeyReady(c.State, c.ID, 0) {
		t.Fatal("a key stands without its drill")
	}
}

func TestMissingADrillLeavesTheTrusteeIn(t *testing.T) {
	c := begin(t, five())
	dealt(t, c)
	c.CheckAll(c.Trustees)
	c.ConfirmAll(c.Trustees)
	c.DrillAll(c.Trustees[:4])
	wait(c)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_DONE)
	st := c.Ceremonial()
	p := st.Participants[c.Trustees[4].Index(st)-1]
	if p.Drilled || p.Out != "" {
		t.Fatalf("participant is %v", p)
	}
}

func TestRestartBeginsAnotherAttemptWithNewKeys(t *testing.T) {
	c := begin(t, five())
	c.RegisterAll(c.Trustees[:3])
	wait(c)
	restart := &ceremonyv1.RestartCeremony{ElectionId: c.ID[:], Reason: "two trustees were absent"}
	if err := c.Decide(commissionv1.Action_ACTION_RESTART_CEREMONY, restart); err != nil {
		t.Fatal(err)
	}
	wantWindow(t, c, ceremonyv1.Window_WINDOW_REGISTER)
	old := c.Trustees[0]
	wantCode(t, c.Deliver(old.Register()), ceremony.CodeAttempt)
	c.NewAttempt(2)
	used := old.Sealing.Public().Encode()
	again := c.Trustees[0].Step(txv1.Kind_KIND_REGISTER_TRUSTEE, &ceremonyv1.RegisterTrustee{Where: c.Trustees[0].Where.Message(), HpkeKey: used})
	wantCode(t, c.Deliver(again), ceremony.CodeUsedKey)
	c.HoldCeremony()
	if got := c.Key().Attempt; got != 2 {
		t.Fatalf("key is of attempt %d", got)
	}
}

func TestRestartAfterTheKeyMakesItVoid(t *testing.T) {
	c := begin(t, sample.Definition())
	c.HoldCeremony()
	first := c.Key()
	restart := &ceremonyv1.RestartCeremony{ElectionId: c.ID[:], Reason: "a trustee's medium was stolen"}
	if err := c.Decide(commissionv1.Action_ACTION_RESTART_CEREMONY, restart); err != nil {
		t.Fatal(err)
	}
	if c.Ceremony.KeyReady(c.State, c.ID, 0) || c.Phase(0) != electionv1.Phase_PHASE_CEREMONY || c.Object(c.ID, "key/0") != nil {
		t.Fatal("the old key still stands")
	}
	c.NewAttempt(2)
	c.HoldCeremony()
	if bytes.Equal(first.Slots, c.Key().Slots) {
		t.Fatal("the second attempt made the same key")
	}
}

func TestWindowEndingInAGapIsSuspendedUntilRestart(t *testing.T) {
	c := begin(t, five())
	c.RegisterAll(c.Trustees[:4])
	pass(c, 18)
	c.Block(ledger.MaxGapMS + 1)
	if !c.Ceremonial().Suspended {
		t.Fatal("the window is not suspended")
	}
	pass(c, 30)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_REGISTER)
	wantCode(t, c.Deliver(c.Trustees[4].Register()), ceremony.CodeSuspended)
	restart := &ceremonyv1.RestartCeremony{ElectionId: c.ID[:], Reason: "the network stood still"}
	if err := c.Decide(commissionv1.Action_ACTION_RESTART_CEREMONY, restart); err != nil {
		t.Fatal(err)
	}
	c.NewAttempt(2)
	c.HoldCeremony()
}

func TestWindowNeedsItsBlocksBesidesItsTime(t *testing.T) {
	c := begin(t, five())
	c.RegisterAll(c.Trustees[:4])
	c.Block(50_000)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_REGISTER)
	wait(c)
	wantWindow(t, c, ceremonyv1.Window_WINDOW_TEST)
}
