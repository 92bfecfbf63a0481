package keeper_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/internal/sample"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
	"github.com/urna-vote/urna/x/tally"
)

func wantCode(t *testing.T, err error, want ledger.Code) *ledger.Refusal {
	t.Helper()
	var refusal *ledger.Refusal
	if !errors.As(err, &refusal) || refusal.Code != want {
		t.Fatalf("answer is %v, want refusal %s/%s", err, want.Module, want.Name)
	}
	return refusal
}

// vote opens voting and casts so many ballots in the north and in the south:
// voter i gives its vote to option i mod 3 and one and two points.
func vote(t *testing.T, def *electionv1.Definition, north, south int) *sample.City {
	t.Helper()
	c := sample.OpenVoting(def, 20)
	c.Issue(0, 0, north+1)
	c.Issue(1, 0, south+1)
	c.Until(sample.VotingOpens)
	var txs []ledgertest.Tx
	for i := range north {
		txs = append(txs, c.NewVoter(fmt.Sprintf("north %d", i), 0).Cast(1, sample.Marks(i%3, 1, 2)))
	}
	for i := range south {
		txs = append(txs, c.NewVoter(fmt.Sprintf("south %d", i), 1).Cast(1, sample.Marks(i%3, 1, 2)))
	}
	for i, err := range c.Block(1000, txs...) {
		if err != nil {
			t.Fatalf("ballot %d: %v", i, err)
		}
	}
	return c
}

// count opens the units with the given trustees' shares on the ledger.
func count(t *testing.T, c *sample.City, trustees ...uint32) *tallyv1.Result {
	t.Helper()
	units, _ := c.Tally.Units(c.State, c.ID, 0)
	result := &tallyv1.Result{ElectionId: c.ID[:], Trustees: trustees}
	logs, err := elgamal.NewLogarithm(1000)
	if err != nil {
		t.Fatal(err)
	}
	for i, u := range units.Units {
		counts := &tallyv1.UnitCounts{Counts: make([]uint64, len(c.Def.Contests[u.Contest].Options))}
		result.Units = append(result.Units, counts)
		if !tally.Decrypted(u) {
			continue
		}
		var partials []*tally.Partial
		for _, j := range trustees {
			share, ok := c.Tally.Share(c.State, c.ID, 0, j)
			if !ok {
				t.Fatalf("no share of trustee %d", j)
			}
			p, err := tally.DecodePartial(share.Partials[i])
			if err != nil {
				t.Fatal(err)
			}
			partials = append(partials, p)
		}
		points, err := tally.Open(u, trustees, partials)
		if err != nil {
			t.Fatal(err)
		}
		for o, p := range points {
			if counts.Counts[o], err = logs.Find(p); err != nil {
				t.Fatal(err)
			}
		}
	}
	return result
}

func resultTx(r *tallyv1.Result) ledgertest.Tx {
	return ledgertest.Message(uint32(txv1.Kind_KIND_RESULT), nil, r)
}

func units(c *sample.City) *tallyv1.Units {
	u, _ := c.Tally.Units(c.State, c.ID, 0)
	return u
}

// shares puts the shares of trustees 0 and 2 on the ledger and names their indices.
func shares(t *testing.T, c *sample.City) []uint32 {
	t.Helper()
	var indices []uint32
	for _, tr := range []*sample.Trustee{c.Trustees[0], c.Trustees[2]} {
		if err := c.Deliver(tr.DecryptionShare(c.Key(), units(c))); err != nil {
			t.Fatal(err)
		}
		indices = append(indices, ceremony.Index(c.Ceremonial().Participants, sample.Public(tr.Name)))
	}
	if indices[0] > indices[1] {
		indices[0], indices[1] = indices[1], indices[0]
	}
	return indices
}

func TestCountFromCloseToFinal(t *testing.T) {
	c := vote(t, sample.Definition(), 13, 12)
	c.Until(sample.Closes)
	if got := c.Phase(0); got != electionv1.Phase_PHASE_COUNTING {
		t.Fatalf("phase is %s", got)
	}
	if n := len(units(c).Units); n != 4 {
		t.Fatalf("%d units, want two groups of two contests", n)
	}
	if got, most := len(c.Trustees[0].DecryptionShare(c.Key(), units(c)).Body), election.ShareBytes(c.Def, 0); got > most {
		t.Fatalf("shares have %d bytes, reckoned with were %d", got, most)
	}
	result := count(t, c, shares(t, c)...)
	want := [][]uint64{{5, 4, 4}, {4, 4, 4}, {13, 26}, {12, 24}}
	for i, u := range result.Units {
		if fmt.Sprint(u.Counts) != fmt.Sprint(want[i]) {
			t.Fatalf("unit %d counts %v, want %v", i, u.Counts, want[i])
		}
	}
	if err := c.Deliver(resultTx(result)); err != nil {
		t.Fatal(err)
	}
	wantCode(t, c.Deliver(resultTx(result)), tally.CodeHasResult)
	p, ok := c.Tally.ProtocolOf(c.State, c.ID, 0)
	if !ok {
		t.Fatal("no protocol")
	}
	if p.Roll != 40 || p.Removed != 0 || p.Issued != 27 || p.Accepted != 25 || p.IssuedNotCast != 2 || p.Recasts != 0 || len(p.Contests) != 4 ||
		p.GapHeight != 0 || p.ClosedMs != sample.Closes || string(p.KeyMode) != "dkg" || p.ChainId != sample.ChainID {
		t.Fatalf("protocol is %v", p)
	}
	hash := tally.ProtocolHash(p)
	approve := func(hash []byte) error {
		return c.Decide(commissionv1.Action_ACTION_APPROVE_PROTOCOL, &tallyv1.ApproveProtocol{ElectionId: c.ID[:], ProtocolHash: hash})
	}
	wantCode(t, approve(make([]byte, 32)), tally.CodeOther)
	wantCode(t, approve(hash[1:]), tally.CodeMalformed)
	if err := approve(hash[:]); err != nil {
		t.Fatal(err)
	}
	if got := c.Phase(0); got != electionv1.Phase_PHASE_FINAL {
		t.Fatalf("phase is %s", got)
	}
	wantCode(t, approve(hash[:]), tally.CodePhase)
	for _, name := range []string{"units/0", "result/0", "protocol/0"} {
		if c.Object(c.ID, name) == nil {
			t.Errorf("summary has no %s", name)
		}
	}
}

func TestAnyThresholdOfTrusteesCountsAlike(t *testing.T) {
	c := vote(t, sample.Definition(), 10, 0)
	c.Until(sample.Closes)
	c.Each(c.Trustees, func(tr *sample.Trustee) ledgertest.Tx { return tr.DecryptionShare(c.Key(), units(c)) })
	one := count(t, c, 1, 2)
	for _, pair := range [][]uint32{{1, 3}, {2, 3}} {
		other := count(t, c, pair...)
		if fmt.Sprint(one.Units) != fmt.Sprint(other.Units) {
			t.Fatalf("trustees %v count %v, others %v", pair, other.Units, one.Units)
		}
		wantCode(t, c.Check(resultTx(other)), tally.CodeTrustees)
	}
	if err := c.Check(resultTx(one)); err != nil {
		t.Fatal(err)
	}
}

func TestTheLowestTrusteesOfTheBlockWithTheLastShareNeededCount(t *testing.T) {
	c := vote(t, sample.Definition(), 10, 0)
	c.Until(sample.Closes)
	byIndex := map[uint32]*sample.Trustee{}
	for _, tr := range c.Trustees {
		byIndex[tr.Index(c.Ceremonial())] = tr
	}
	give := func(indices ...uint32) {
		t.Helper()
		var txs []ledgertest.Tx
		for _, j := range indices {
			txs = append(txs, byIndex[j].DecryptionShare(c.Key(), units(c)))
		}
		if err := errors.Join(c.Block(1000, txs...)...); err != nil {
			t.Fatal(err)
		}
	}
	wantTrustees := func(want string) {
		t.Helper()
		got := c.Tally.Trustees(c.State, c.ID, 0)
		if s := fmt.Sprint(got.Trustees, got.Fixed, len(got.Opening)); s != want {
			t.Fatalf("trustees are %s, want %s", s, want)
		}
		if b := c.Object(c.ID, "trustees/0"); len(got.Trustees) > 0 && string(b) != string(ledger.MustEncode(got)) {
			t.Fatal("the summary has others")
		}
	}
	wantTrustees("[] false 0")
	give(3)
	wantTrustees("[3] false 0")
	early := &tallyv1.Result{ElectionId: c.ID[:], Trustees: []uint32{3}}
	wantCode(t, c.Check(resultTx(early)), tally.CodeNoShare)
	give(2, 1) // more than are needed: not the order within the block decides
	wantTrustees("[1 2] true 32")
	if err := c.Deliver(resultTx(count(t, c, 1, 2))); err != nil {
		t.Fatal(err)
	}
}

func TestShareAfterTheTrusteesAreFixedChangesNothing(t *testing.T) {
	c := vote(t, sample.Definition(), 10, 0)
	c.Until(sample.Closes)
	indices := shares(t, c)
	before := c.Object(c.ID, "trustees/0")
	if err := c.Deliver(c.Trustees[1].DecryptionShare(c.Key(), units(c))); err != nil {
		t.Fatal(err)
	}
	if string(before) != string(c.Object(c.ID, "trustees/0")) {
		t.Fatal("a later share changed whose shares count")
	}
	if err := c.Deliver(resultTx(count(t, c, indices...))); err != nil {
		t.Fatal(err)
	}
}

func TestEarlyShareIsRefused(t *testing.T) {
	c := vote(t, sample.Definition(), 10, 10)
	early := &tallyv1.Units{Units: []*tallyv1.Unit{}}
	for _, g := range []uint32{0, 1} {
		sum, _ := c.Ballots.Sum(c.State, c.ID, g, 0)
		early.Units = append(early.Units, &tallyv1.Unit{Groups: []uint32{g}, Ballots: sum.Ballots, R: sum.R, C: sum.C})
	}
	wantCode(t, c.Deliver(c.Trustees[0].DecryptionShare(c.Key(), early)), tally.CodePhase)
	if got := c.Tally.Shares(c.State, c.ID, 0); len(got) != 0 || c.Object(c.ID, "units/0") != nil {
		t.Fatal("something of the count is on the ledger before the close")
	}
	wantCode(t, c.Deliver(resultTx(&tallyv1.Result{ElectionId: c.ID[:]})), tally.CodePhase)
}

func TestWrongShareIsRefusedAndNamesTheTrustee(t *testing.T) {
	c := vote(t, sample.Definition(), 10, 10)
	c.Until(sample.Closes)
	bad, good := c.Trustees[1], c.Trustees[0]
	tx := bad.DecryptionShare(c.Key(), units(c))
	for name, tc := range map[string]struct {
		change func(*tallyv1.DecryptionShare)
		want   ledger.Code
	}{
		"points exchanged":    {func(m *tallyv1.DecryptionShare) { swap(m.Partials[2].Points) }, tally.CodeShare},
		"units exchanged":     {func(m *tallyv1.DecryptionShare) { m.Partials[0], m.Partials[1] = m.Partials[1], m.Partials[0] }, tally.CodeShare},
		"a byte of the proof": {func(m *tallyv1.DecryptionShare) { m.Partials[1].Proof[64] ^= 1 }, tally.CodeShare},
		"a point not a point": {func(m *tallyv1.DecryptionShare) { m.Partials[0].Points[31] = 0xff }, tally.CodePoint},
		"a unit missing":      {func(m *tallyv1.DecryptionShare) { m.Partials = m.Partials[1:] }, tally.CodeUnits},
		"a unit empty":        {func(m *tallyv1.DecryptionShare) { m.Partials[0] = &tallyv1.PartialDecryption{} }, tally.CodeUnits},
		"a point missing":     {func(m *tallyv1.DecryptionShare) { m.Partials[0].Points = m.Partials[0].Points[32:] }, tally.CodeShare},
	} {
		t.Run(name, func(t *testing.T) {
			m := ledger.MustDecode[tallyv1.DecryptionShare](tx.Body)
			tc.change(m)
			refusal := wantCode(t, c.Deliver(bad.Step(txv1.Kind_KIND_DECRYPTION_SHARE, m)), tc.want)
			if tc.want == tally.CodeShare && !strings.Contains(refusal.Field, bad.Name) {
				t.Fatalf("refusal names %q, not %s", refusal.Field, bad.Name)
			}
		})
	}
	stolen := ledgertest.Tx{Kind: tx.Kind, Signer: sample.Public(good.Name), Body: tx.Body}
	wantCode(t, c.Deliver(stolen), tally.CodeShare)
	wantCode(t, c.Deliver(ledgertest.Tx{Kind: tx.Kind, Signer: sample.Public("stranger"), Body: tx.Body}), tally.CodeTrustee)
	// The count goes on with the others.
	indices := shares(t, c)
	wantCode(t, c.Deliver(good.DecryptionShare(c.Key(), units(c))), tally.CodeDuplicate)
	if err := c.Deliver(resultTx(count(t, c, indices...))); err != nil {
		t.Fatal(err)
	}
}

func swap(points []byte) {
	for i := range 32 {
		points[i], points[32+i] = points[32+i], points[i]
	}
}

func TestWrongResultIsRefused(t *testing.T) {
	c := vote(t, sample.Definition(), 10, 10)
	c.Until(sample.Closes)
	indices := shares(t, c)
	missing := 6 - indices[0] - indices[1]
	for name, tc := range map[string]struct {
		change func(*tallyv1.Result)
		want   ledger.Code
	}{
		"one vote moved":      {func(r *tallyv1.Result) { r.Units[0].Counts[0]--; r.Units[0].Counts[1]++ }, tally.CodeResult},
		"groups exchanged":    {func(r *tallyv1.Result) { r.Units[0].Counts[0]--; r.Units[1].Counts[0]-- }, tally.CodeResult},
		"more than the rules": {func(r *tallyv1.Result) { r.Units[0].Counts[0] = 11 }, tally.CodeBounds},
		"more in all":         {func(r *tallyv1.Result) { r.Units[0].Counts[1]++ }, tally.CodeBounds},
		"an option missing":   {func(r *tallyv1.Result) { r.Units[0].Counts = r.Units[0].Counts[1:] }, tally.CodeBounds},
		"a unit missing":      {func(r *tallyv1.Result) { r.Units = r.Units[1:] }, tally.CodeUnits},
		"one trustee":         {func(r *tallyv1.Result) { r.Trustees = r.Trustees[:1] }, tally.CodeTrustees},
		"a trustee twice":     {func(r *tallyv1.Result) { r.Trustees[1] = r.Trustees[0] }, tally.CodeTrustees},
		"trustees exchanged":  {func(r *tallyv1.Result) { r.Trustees[0], r.Trustees[1] = r.Trustees[1], r.Trustees[0] }, tally.CodeTrustees},
		"trustee zero":        {func(r *tallyv1.Result) { r.Trustees[0] = 0 }, tally.CodeTrustees},
		"a share not given":   {func(r *tallyv1.Result) { r.Trustees = ascending(indices[0], missing) }, tally.CodeTrustees},
		"of another election": {func(r *tallyv1.Result) { r.ElectionId = make([]byte, 32) }, tally.CodeElection},
		"of another zone":     {func(r *tallyv1.Result) { r.Zone = 1 }, tally.CodeElection},
	} {
		t.Run(name, func(t *testing.T) {
			r := count(t, c, indices...)
			r.Trustees = append([]uint32(nil), r.Trustees...)
			tc.change(r)
			wantCode(t, c.Deliver(resultTx(r)), tc.want)
		})
	}
	if err := c.Deliver(resultTx(count(t, c, indices...))); err != nil {
		t.Fatal(err)
	}
}

func ascending(a, b uint32) []uint32 { return []uint32{min(a, b), max(a, b)} }

func TestSmallCountWaitsForConsent(t *testing.T) {
	c := vote(t, sample.Definition(), 3, 2)
	c.Until(sample.Closes)
	c.Block(1000)
	if got := c.Phase(0); got != electionv1.Phase_PHASE_CLOSED {
		t.Fatalf("phase is %s", got)
	}
	if u, waiting := c.Tally.Units(c.State, c.ID, 0); !waiting || len(u.Units[0].C) != 0 {
		t.Fatal("a small sum is offered for decryption")
	}
	wantCode(t, c.Deliver(c.Trustees[0].DecryptionShare(c.Key(), &tallyv1.Units{})), tally.CodePhase)
	consent := &tallyv1.ConsentSmallCount{ElectionId: c.ID[:], Reason: "a village"}
	if err := c.Decide(commissionv1.Action_ACTION_CONSENT_SMALL_COUNT, consent); err != nil {
		t.Fatal(err)
	}
	if got := c.Phase(0); got != electionv1.Phase_PHASE_COUNTING {
		t.Fatalf("phase is %s after the consent", got)
	}
	if u := units(c); len(u.Units) != 2 || len(u.Units[0].Groups) != 2 || u.Units[0].Ballots != 5 {
		t.Fatalf("units are %v", u)
	}
	if err := c.Deliver(resultTx(count(t, c, shares(t, c)...))); err != nil {
		t.Fatal(err)
	}
	wantCode(t, c.Decide(commissionv1.Action_ACTION_CONSENT_SMALL_COUNT, consent), tally.CodeNoConsent)
}

func TestZoneWithoutBallotsNeedsNoTrustee(t *testing.T) {
	c := vote(t, sample.Definition(), 0, 0)
	c.Until(sample.Closes)
	c.Block(1000)
	result, ok := c.Tally.Result(c.State, c.ID, 0)
	if !ok || len(result.Trustees) != 0 {
		t.Fatalf("result is %v", result)
	}
	p, ok := c.Tally.ProtocolOf(c.State, c.ID, 0)
	if !ok || p.Accepted != 0 || p.Issued != 2 || fmt.Sprint(p.Contests[0].Counts) != "[0 0 0]" {
		t.Fatalf("protocol is %v", p)
	}
	hash := tally.ProtocolHash(p)
	if err := c.Decide(commissionv1.Action_ACTION_APPROVE_PROTOCOL, &tallyv1.ApproveProtocol{ElectionId: c.ID[:], ProtocolHash: hash[:]}); err != nil {
		t.Fatal(err)
	}
	if got := c.Phase(0); got != electionv1.Phase_PHASE_FINAL {
		t.Fatalf("phase is %s", got)
	}
}

func TestProtocolCountsRecastsOnceAndNamesTheGap(t *testing.T) {
	c := vote(t, sample.Definition(), 10, 10)
	c.Block(20_000)
	if err := c.Deliver(c.NewVoter("north 0", 0).Cast(2, sample.Marks(2, 0, 0))); err != nil {
		t.Fatal(err)
	}
	c.Until(sample.Closes - 1000)
	before := c.Context.Height
	c.Block(ledger.MaxGapMS + 1)
	resolve := &electionv1.ResolveSuspension{ElectionId: c.ID[:], Reason: "power failure"}
	if err := c.Decide(commissionv1.Action_ACTION_RESOLVE_SUSPENSION, resolve); err != nil {
		t.Fatal(err)
	}
	c.Block(1000)
	result := count(t, c, shares(t, c)...)
	if fmt.Sprint(result.Units[0].Counts) != "[3 3 4]" {
		t.Fatalf("counts are %v", result.Units[0].Counts)
	}
	if err := c.Deliver(resultTx(result)); err != nil {
		t.Fatal(err)
	}
	p, _ := c.Tally.ProtocolOf(c.State, c.ID, 0)
	if p.Accepted != 20 || p.Recasts != 1 || p.GapHeight != before {
		t.Fatalf("protocol is %v", p)
	}
}

func TestProtocolNeedsTheResult(t *testing.T) {
	c := vote(t, sample.Definition(), 10, 10)
	c.Until(sample.Closes)
	c.Block(1000)
	approve := &tallyv1.ApproveProtocol{ElectionId: c.ID[:], ProtocolHash: make([]byte, 32)}
	wantCode(t, c.Decide(commissionv1.Action_ACTION_APPROVE_PROTOCOL, approve), tally.CodeNoProtocol)
}

func TestTrusteeWhoLeftTheCeremonyHasNoShare(t *testing.T) {
	def := sample.Definition()
	def.Confirmations = 2
	c := sample.NewCity()
	c.Create(def)
	c.Enrol(20)
	c.RegisterPanel(0)
	c.Until(sample.CeremonyOpens)
	c.NewAttempt(1)
	c.RegisterAll(c.Trustees)
	c.TestAll(c.Trustees)
	c.CommitAll(c.Trustees)
	c.DealAll(c.Trustees)
	c.CheckAll(c.Trustees)
	c.ConfirmAll(c.Trustees[:2])
	for range 6 {
		c.Block(1000)
	}
	c.DrillAll(c.Trustees[:2])
	left := c.Trustees[2]
	if err := left.Hold(c.Ceremonial(), c.Deals()); err != nil {
		t.Fatal(err)
	}
	c.Until(sample.VotingOpens)
	c.Issue(0, 0, 10)
	var txs []ledgertest.Tx
	for i := range 10 {
		txs = append(txs, c.NewVoter(fmt.Sprintf("v %d", i), 0).Cast(1, sample.Marks(0, 0, 0)))
	}
	if err := errors.Join(c.Block(1000, txs...)...); err != nil {
		t.Fatal(err)
	}
	c.Until(sample.Closes)
	forged := *c.Key()
	forged.Verification = append([][]byte(nil), forged.Verification...)
	candidate, _ := c.Ceremony.Candidate(c.State, c.ID, 0)
	i := ceremony.Index(c.Ceremonial().Participants, sample.Public(left.Name)) - 1
	forged.Verification[i] = candidate.Verification[i]
	wantCode(t, c.Deliver(left.DecryptionShare(&forged, units(c))), tally.CodeTrustee)
}
