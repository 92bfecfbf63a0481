package keeper_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/internal/sample"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

// definition allows recasts from 10 s to a minute after the first ballot.
func definition() *electionv1.Definition { return sample.Definition() }

// voting is a city with so many tokens of style 0 issued, in the phase voting.
func voting(t *testing.T, def *electionv1.Definition, tokens int) *sample.City {
	t.Helper()
	c := sample.OpenVoting(def, 20)
	c.Issue(0, 0, tokens)
	c.Until(sample.VotingOpens)
	if got := c.Phase(0); got != electionv1.Phase_PHASE_VOTING {
		t.Fatalf("phase is %s", got)
	}
	return c
}

func wantCode(t *testing.T, err error, want ledger.Code) {
	t.Helper()
	var refusal *ledger.Refusal
	if !errors.As(err, &refusal) || refusal.Code != want {
		t.Fatalf("answer is %v, want refusal %s/%s", err, want.Module, want.Name)
	}
}

func accept(t *testing.T, c *sample.City, txs ...ledgertest.Tx) {
	t.Helper()
	for i, err := range c.Block(1000, txs...) {
		if err != nil {
			t.Fatalf("ballot %d: %v", i, err)
		}
	}
}

// sumOf adds ciphertexts of contest stretches from the messages themselves.
func sumOf(t *testing.T, from, to int, ms ...*ballotv1.CastBallot) []byte {
	t.Helper()
	sum := elgamal.NewSum(to - from)
	for _, m := range ms {
		ct, err := elgamal.DecodeParts(len(m.C)/group.Size, m.R, m.C)
		if err != nil {
			t.Fatal(err)
		}
		if err := sum.Add(ct.R, ct.C[from:to]); err != nil {
			t.Fatal(err)
		}
	}
	return sum.Encode()
}

func wantSum(t *testing.T, c *sample.City, g, contest uint32, from, to int, ms ...*ballotv1.CastBallot) {
	t.Helper()
	got, ok := c.Ballots.Sum(c.State, c.ID, g, contest)
	if !ok {
		t.Fatalf("no sum of group %d, contest %d", g, contest)
	}
	if want := sumOf(t, from, to, ms...); !bytes.Equal(append(bytes.Clone(got.R), got.C...), want) || got.Ballots != uint64(len(ms)) {
		t.Fatalf("sum of group %d, contest %d with %d ballots is another", g, contest, got.Ballots)
	}
}

func TestCastCountsBallotsOfEachGroupAndContest(t *testing.T) {
	c := voting(t, definition(), 3)
	c.Issue(1, 0, 1)
	a, b, south := c.NewVoter("a", 0), c.NewVoter("b", 0), c.NewVoter("south", 1)
	first, second, third := a.Seal(1, sample.Marks(0, 3, 1)), b.Seal(1, sample.Marks(1, 0, 0)), south.Seal(1, sample.Marks(-1, 2, 3))
	accept(t, c, a.Tx(first), south.Tx(third))
	accept(t, c, b.Tx(second))
	wantSum(t, c, 0, 0, 0, 3, first, second)
	wantSum(t, c, 0, 1, 3, 5, first, second)
	wantSum(t, c, 1, 0, 0, 3, third)
	wantSum(t, c, 1, 1, 3, 5, third)
	if n := c.Ballots.Counts(c.State, c.ID, 0); n.Accepted != 3 || n.Recasts != 0 {
		t.Fatalf("counts are %v", n)
	}
	key := a.Public()
	spent, ok := c.Ballots.Spent(c.State, key[:])
	if !ok || spent.Sequence != 1 || spent.Style != 0 || c.Ballots.ElectionOf(c.State, spent) != c.ID {
		t.Fatalf("record is %v", spent)
	}
	if log := c.State.Log(); log[spent.LogIndex] != ledgerHash(a.Tx(first)) {
		t.Fatal("the log has another transaction at the record's index")
	}
	for _, name := range []string{"counts/0", "sum/0/0", "sum/0/1", "sum/1/0", "sum/1/1"} {
		if c.Object(c.ID, name) == nil {
			t.Errorf("summary has no %s", name)
		}
	}
}

func ledgerHash(tx ledgertest.Tx) [32]byte {
	return [32]byte(sample.Hash(append(append(ledger.U32(tx.Kind), tx.Signer...), tx.Body...)))
}

func TestOrderWithinABlockMeansNothing(t *testing.T) {
	c := voting(t, definition(), 2)
	a, b := c.NewVoter("a", 0), c.NewVoter("b", 0)
	x, y := a.Cast(1, sample.Marks(0, 1, 1)), b.Cast(1, sample.Marks(2, 0, 3))
	before, at := c.State.Clone(), c.Context
	accept(t, c, x, y)
	one := c.State
	c.State, c.Context = before, at
	accept(t, c, y, x)
	if !one.Equal(c.State) {
		t.Fatal("two orders make two states")
	}
}

func TestCastRefusesWrongPhase(t *testing.T) {
	c := sample.OpenVoting(definition(), 20)
	c.Issue(0, 0, 2)
	a, b := c.NewVoter("a", 0), c.NewVoter("b", 0)
	wantCode(t, c.Deliver(a.Cast(1, sample.Marks(0, 0, 0))), ballot.CodePhase)
	c.Until(sample.VotingOpens)
	accept(t, c, a.Cast(1, sample.Marks(0, 0, 0)))
	c.Until(sample.Closes - 1000)
	wantCode(t, c.Deliver(b.Cast(1, sample.Marks(0, 0, 0))), ballot.CodePhase)
}

func TestLastBlockBeforeTheCloseStillCounts(t *testing.T) {
	c := voting(t, definition(), 1)
	a := c.NewVoter("a", 0)
	c.Until(sample.Closes - 1001)
	accept(t, c, a.Cast(1, sample.Marks(0, 0, 0)))
}

func TestCastRefusesWhileTheCloseIsSuspended(t *testing.T) {
	c := voting(t, definition(), 1)
	a := c.NewVoter("a", 0)
	c.Until(sample.Closes - 1000)
	c.Block(ledger.MaxGapMS + 1)
	if z := c.Zone(0); !z.Suspended || z.Phase != electionv1.Phase_PHASE_VOTING {
		t.Fatalf("zone is %v", z)
	}
	wantCode(t, c.Deliver(a.Cast(1, sample.Marks(0, 0, 0))), ballot.CodePhase)
	resolve := &electionv1.ResolveSuspension{ElectionId: c.ID[:], MoveToMs: c.Context.TimeMS + 60_000, Reason: "power failure"}
	if err := c.Decide(commissionv1.Action_ACTION_RESOLVE_SUSPENSION, resolve); err != nil {
		t.Fatal(err)
	}
	accept(t, c, a.Cast(1, sample.Marks(0, 0, 0)))
}

func TestCastRefusesUnknownElectionAndStyle(t *testing.T) {
	c := voting(t, definition(), 1)
	a := c.NewVoter("a", 0)
	m := a.Seal(1, sample.Marks(0, 0, 0))
	m.ElectionId = make([]byte, 32)
	wantCode(t, c.Deliver(a.Tx(m)), ballot.CodeElection)
	m.ElectionId, m.Style = c.ID[:], 9
	wantCode(t, c.Deliver(a.Tx(m)), ballot.CodeStyle)
	// Another style of the same class: the token is good, the proof is not.
	m.Style = 1
	wantCode(t, c.Deliver(a.Tx(m)), ballot.CodeProof)
}

func TestCastRefusesBadTokens(t *testing.T) {
	c := voting(t, definition(), 5)
	c.RegisterPanel(1)
	openPanel(t, c, 1)
	if err := c.Deliver(c.IssueTx(0, 1, sample.Entry("0/5"))); err != nil {
		t.Fatal(err)
	}
	a, b := c.NewVoter("a", 0), c.NewVoter("b", 0)
	for name, tc := range map[string]struct {
		change func(*ballotv1.CastBallot)
		want   ledger.Code
	}{
		"no token":               {func(m *ballotv1.CastBallot) { m.Token = nil }, ballot.CodeTokenShape},
		"of another key":         {func(m *ballotv1.CastBallot) { m.Token = b.Token }, ballot.CodeTokenSignature},
		"of another panel":       {func(m *ballotv1.CastBallot) { m.Token.Panel = 1 }, ballot.CodeTokenSignature},
		"of no panel":            {func(m *ballotv1.CastBallot) { m.Token.Panel = 2 }, ballot.CodePanel},
		"one signature missing":  {func(m *ballotv1.CastBallot) { m.Token.Signatures = m.Token.Signatures[:1] }, ballot.CodeTokenShape},
		"one signature repeated": {func(m *ballotv1.CastBallot) { m.Token.Signatures[1] = m.Token.Signatures[0] }, ballot.CodeTokenSignature},
		"a bit flipped":          {func(m *ballotv1.CastBallot) { m.Token.Signatures[1][7] ^= 1 }, ballot.CodeTokenSignature},
		"a forgery":              {func(m *ballotv1.CastBallot) { m.Token.Signatures[0] = make([]byte, 256) }, ballot.CodeTokenSignature},
		"short":                  {func(m *ballotv1.CastBallot) { m.Token.Signatures[0] = m.Token.Signatures[0][1:] }, ballot.CodeTokenShape},
		"no signatures":          {func(m *ballotv1.CastBallot) { m.Token.Signatures = nil }, ballot.CodeTokenShape},
	} {
		t.Run(name, func(t *testing.T) {
			m := clone(a.Seal(1, sample.Marks(0, 0, 0)))
			tc.change(m)
			wantCode(t, c.Deliver(a.Tx(m)), tc.want)
		})
	}
	accept(t, c, a.Cast(1, sample.Marks(0, 0, 0)))
}

// clone shares no bytes with the voter's token.
func clone(m *ballotv1.CastBallot) *ballotv1.CastBallot {
	return ledger.MustDecode[ballotv1.CastBallot](ledger.MustEncode(m))
}

func TestTokensOfPanelsThatWereOpenAreGood(t *testing.T) {
	c := voting(t, definition(), 2)
	standby := c.VoterOf("standby", 0, 1)
	wantCode(t, c.Deliver(standby.Cast(1, sample.Marks(0, 0, 0))), ballot.CodePanelKeys)
	c.RegisterPanel(1)
	openPanel(t, c, 1)
	if err := c.Deliver(c.IssueTx(0, 1, sample.Entry("0/2"))); err != nil {
		t.Fatal(err)
	}
	accept(t, c, standby.Cast(1, sample.Marks(0, 0, 0)), c.NewVoter("old panel", 0).Cast(1, sample.Marks(1, 0, 0)))
}

func openPanel(t *testing.T, c *sample.City, panel uint32) {
	t.Helper()
	open := &issuancev1.OpenPanel{ElectionId: c.ID[:], Panel: panel, Reason: "a member went silent"}
	if err := c.Decide(commissionv1.Action_ACTION_OPEN_PANEL, open); err != nil {
		t.Fatal(err)
	}
}

// T27, T32: the members of a panel that stands by sign among themselves for
// voters of the open panel who abstain.
func TestPanelsAcceptNoMoreThanTheyIssued(t *testing.T) {
	c := voting(t, definition(), 3)
	c.RegisterPanel(1)
	wantCode(t, c.Deliver(c.VoterOf("never opened", 0, 1).Cast(1, sample.Marks(0, 0, 0))), ballot.CodeNotIssued)
	openPanel(t, c, 1)
	wantCode(t, c.Deliver(c.VoterOf("nothing issued", 0, 1).Cast(1, sample.Marks(0, 0, 0))), ballot.CodeNotIssued)
	if err := c.Deliver(c.IssueTx(0, 1, sample.Entry("0/3"))); err != nil {
		t.Fatal(err)
	}
	accept(t, c, c.VoterOf("issued", 0, 1).Cast(1, sample.Marks(0, 0, 0)))
	wantCode(t, c.Deliver(c.VoterOf("stuffed", 0, 1).Cast(1, sample.Marks(0, 0, 0))), ballot.CodeNotIssued)
	accept(t, c, c.NewVoter("old panel", 0).Cast(1, sample.Marks(1, 0, 0)))
}

// Each ballot is right by itself, all together are more than were issued: a
// proposer must be able to see that before it executes them.
func TestStuffedBallotsOfOneBlockDoNotSpoilIt(t *testing.T) {
	c := voting(t, definition(), 2)
	var txs []ledgertest.Tx
	for _, name := range []string{"a", "b", "c", "d"} {
		txs = append(txs, c.NewVoter(name, 0).Cast(1, sample.Marks(0, 0, 0)))
	}
	accepted := 0
	for _, err := range c.Block(1000, txs...) {
		if err == nil {
			accepted++
		} else if !errors.Is(err, ledgertest.ErrClaimed) {
			t.Fatal(err)
		}
	}
	if accepted != 2 {
		t.Fatalf("%d ballots accepted of 2 tokens", accepted)
	}
}

func TestTokenOfAnotherElectionOrClassIsRefused(t *testing.T) {
	def := definition()
	def.Classes = append(def.Classes, &electionv1.TokenClass{Name: "south"})
	def.Styles[1].TokenClass = 1
	c := voting(t, def, 1)
	c.Issue(1, 0, 1)
	north := c.NewVoter("a", 0)
	// The same key and token for a ballot of the other class.
	south := &sample.Voter{City: c, Style: 1, Secret: north.Secret, Key: north.Key, Token: north.Token}
	wantCode(t, c.Deliver(south.Cast(1, sample.Marks(0, 0, 0))), ballot.CodeTokenSignature)
	other := sample.NewCity()
	otherDef := definition()
	otherDef.Nonce[0] = 1
	other.Create(otherDef)
	foreign := other.NewVoter("a", 0)
	here := &sample.Voter{City: c, Style: 0, Secret: foreign.Secret, Key: foreign.Key, Token: foreign.Token}
	wantCode(t, c.Deliver(here.Cast(1, sample.Marks(0, 0, 0))), ballot.CodeTokenSignature)
}

func TestMoreBallotsThanTokensAreImpossible(t *testing.T) {
	c := voting(t, definition(), 1)
	accept(t, c, c.NewVoter("a", 0).Cast(1, sample.Marks(0, 0, 0)))
	// All members of the panel sign a token that the ledger did not issue.
	wantCode(t, c.Deliver(c.NewVoter("stuffed", 0).Cast(1, sample.Marks(0, 0, 0))), ballot.CodeNotIssued)
}

func TestCastRefusesSpentToken(t *testing.T) {
	c := voting(t, definition(), 3)
	a := c.NewVoter("a", 0)
	x, y := a.Cast(1, sample.Marks(0, 0, 0)), a.Cast(1, sample.Marks(1, 0, 0))
	verdicts := c.Block(1000, x, y)
	if verdicts[0] != nil || !errors.Is(verdicts[1], ledgertest.ErrClaimed) {
		t.Fatalf("verdicts are %v", verdicts)
	}
	wantCode(t, c.Deliver(y), ballot.CodeSpent)
	wantCode(t, c.Deliver(x), ballot.CodeSpent)
}

func TestRecastReplacesTheBallot(t *testing.T) {
	c := voting(t, definition(), 2)
	a, b := c.NewVoter("a", 0), c.NewVoter("b", 0)
	first, other, second := a.Seal(1, sample.Marks(0, 1, 1)), b.Seal(1, sample.Marks(1, 0, 0)), a.Seal(2, sample.Marks(2, 3, 2))
	accept(t, c, a.Tx(first), b.Tx(other))
	c.Block(9000)
	accept(t, c, a.Tx(second))
	wantSum(t, c, 0, 0, 0, 3, other, second)
	wantSum(t, c, 0, 1, 3, 5, other, second)
	if n := c.Ballots.Counts(c.State, c.ID, 0); n.Accepted != 2 || n.Recasts != 1 {
		t.Fatalf("counts are %v", n)
	}
}

func TestRecastRules(t *testing.T) {
	c := voting(t, definition(), 2)
	a, b := c.NewVoter("a", 0), c.NewVoter("b", 0)
	wantCode(t, c.Deliver(a.Cast(2, sample.Marks(0, 0, 0))), ballot.CodeNextSequence)
	first := a.Seal(1, sample.Marks(0, 1, 1))
	accept(t, c, a.Tx(first), b.Cast(1, sample.Marks(0, 1, 1)))
	wantCode(t, c.Deliver(a.Cast(2, sample.Marks(1, 0, 0))), ballot.CodeTooEarly)
	c.Block(8000)
	wantCode(t, c.Deliver(a.Cast(3, sample.Marks(1, 0, 0))), ballot.CodeNextSequence)
	withToken := a.Seal(2, sample.Marks(1, 0, 0))
	withToken.Token = a.Token
	wantCode(t, c.Deliver(a.Tx(withToken)), ballot.CodeTokenShape)
	sameR := a.Seal(2, sample.Marks(1, 0, 0))
	sameR.R = first.R
	wantCode(t, c.Deliver(a.Tx(sameR)), ballot.CodeSameR)
	elsewhere := &sample.Voter{City: c, Style: 1, Secret: a.Secret, Key: a.Key}
	wantCode(t, c.Deliver(elsewhere.Cast(2, sample.Marks(1, 0, 0))), ballot.CodeElsewhere)
	// The old ballot under the next number: the number is in the proof.
	again := clone(first)
	again.Token, again.Sequence = nil, 2
	again.R = a.Seal(2, sample.Marks(0, 1, 1)).R
	wantCode(t, c.Deliver(a.Tx(again)), ballot.CodeProof)
	accept(t, c, a.Cast(2, sample.Marks(1, 0, 0)))
	c.Block(49_000)
	wantCode(t, c.Deliver(b.Cast(2, sample.Marks(1, 0, 0))), ballot.CodeTooLate)
}

// T38: C_1 − C_3 under one R is the difference of two choices.
func TestRecastRefusesTheRandomnessOfAnyEarlierBallot(t *testing.T) {
	def := definition()
	def.Revote = &electionv1.RevotePolicy{Allowed: true}
	c := voting(t, def, 1)
	a := c.NewVoter("a", 0)
	var used [][]byte
	for n := uint32(1); n <= 4; n++ {
		m := clone(a.Seal(n, sample.Marks(int(n)%3, 0, 0)))
		for i, r := range used {
			again := clone(m)
			again.R = r
			if err := c.Deliver(a.Tx(again)); err == nil {
				t.Fatalf("ballot %d under the R of ballot %d is accepted", n, i+1)
			} else {
				wantCode(t, err, ballot.CodeSameR)
			}
		}
		accept(t, c, a.Tx(m))
		used = append(used, m.R)
	}
}

func TestRecastIsRefusedWhereOneVoteIsThePolicy(t *testing.T) {
	def := definition()
	def.Revote = &electionv1.RevotePolicy{}
	c := voting(t, def, 1)
	a := c.NewVoter("a", 0)
	accept(t, c, a.Cast(1, sample.Marks(0, 1, 1)))
	wantCode(t, c.Deliver(a.Cast(2, sample.Marks(0, 1, 1))), ballot.CodeOneVoteOnly)
	key := a.Public()
	if spent, _ := c.Ballots.Spent(c.State, key[:]); len(spent.R) != 0 || len(spent.C) != 0 {
		t.Fatal("ciphertexts are kept that nothing will subtract")
	}
}

func TestTenBallotsOfAKeyAreTheMost(t *testing.T) {
	def := definition()
	def.Revote = &electionv1.RevotePolicy{Allowed: true}
	c := voting(t, def, 1)
	a := c.NewVoter("a", 0)
	for n := uint32(1); n <= ballot.MaxSequence; n++ {
		accept(t, c, a.Cast(n, sample.Marks(int(n)%3, 0, 0)))
	}
	wantCode(t, c.Deliver(a.Cast(11, sample.Marks(0, 0, 0))), ballot.CodeSequence)
	if n := c.Ballots.Counts(c.State, c.ID, 0); n.Accepted != 1 || n.Recasts != 9 {
		t.Fatalf("counts are %v", n)
	}
	got, _ := c.Ballots.Sum(c.State, c.ID, 0, 0)
	if got.Ballots != 1 {
		t.Fatalf("%d ballots in the sum", got.Ballots)
	}
}

// T20.
func TestCopiedBallotIsRefused(t *testing.T) {
	c := voting(t, definition(), 2)
	a, thief := c.NewVoter("a", 0), c.NewVoter("thief", 0)
	m := clone(a.Seal(1, sample.Marks(0, 1, 1)))
	accept(t, c, a.Tx(m))
	m.Token = thief.Token
	wantCode(t, c.Deliver(thief.Tx(m)), ballot.CodeProof)
	// Re-randomised: another r added to R and every C.
	form := c.Form(0)
	ct, err := elgamal.DecodeParts(len(form.Keys), m.R, m.C)
	if err != nil {
		t.Fatal(err)
	}
	r := group.ScalarFromUint64(12345)
	ct.R = ct.R.Add(group.BaseMul(r))
	for i, k := range form.Keys {
		ct.C[i] = ct.C[i].Add(k.Mul(r))
	}
	both := ct.Encode()
	m.R, m.C = both[:32], both[32:]
	wantCode(t, c.Deliver(thief.Tx(m)), ballot.CodeProof)
	// Of the same voter's in another election on the same chain.
	elsewhere := sample.NewCity()
	def := definition()
	def.Nonce[0] = 1
	elsewhere.BeginCeremony(def)
	elsewhere.HoldCeremony()
	foreign := clone((&sample.Voter{City: elsewhere, Secret: thief.Secret, Key: thief.Key, Token: thief.Token}).Seal(1, sample.Marks(0, 1, 1)))
	foreign.ElectionId = c.ID[:]
	wantCode(t, c.Deliver(thief.Tx(foreign)), ballot.CodeProof)
	// Of one contest in the place of another.
	moved := clone(thief.Seal(1, sample.Marks(0, 1, 1)))
	moved.C = append(bytes.Clone(moved.C[64:]), moved.C[:64]...)
	wantCode(t, c.Deliver(thief.Tx(moved)), ballot.CodeProof)
	// Options exchanged.
	own := clone(thief.Seal(1, sample.Marks(0, 1, 1)))
	swapped := bytes.Clone(own.C)
	copy(swapped[:32], own.C[32:64])
	copy(swapped[32:64], own.C[:32])
	own.C = swapped
	wantCode(t, c.Deliver(thief.Tx(own)), ballot.CodeProof)
}

func TestOverVoteWithAHandMadeProofIsRefused(t *testing.T) {
	c := voting(t, definition(), 1)
	a := c.NewVoter("a", 0)
	// The prover is honest for a shape that allows three marks, and claims the form's.
	form := *c.Form(0)
	choice, points := bitproof.Choice(3, 0, 3), bitproof.Points(2, 3, true, 0, 5)
	loose := bitproof.Concat(choice, points)
	statement := form.Statement(a.Public(), 1)
	statement.Shape = &loose
	bits, err := bitproof.ChoiceBits(3, 0, 3, []bool{true, true, true})
	if err != nil {
		t.Fatal(err)
	}
	more, err := bitproof.PointsBits(2, 3, true, 0, 5, []uint32{0, 0})
	if err != nil {
		t.Fatal(err)
	}
	ct, proof, err := bitproof.Prove(zeros{}, statement, append(bits, more...))
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, c.Deliver(a.Tx(form.Message(1, a.Token, ct, proof))), ballot.CodeProof)
}

// zeros is no randomness at all; a proof that is refused needs none.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestCastRefusesBadPointsAndLengths(t *testing.T) {
	c := voting(t, definition(), 1)
	a := c.NewVoter("a", 0)
	identity := make([]byte, 32)
	high := bytes.Repeat([]byte{0xff}, 32)
	for name, tc := range map[string]struct {
		change func(*ballotv1.CastBallot)
		want   ledger.Code
	}{
		"R is the identity":    {func(m *ballotv1.CastBallot) { m.R = identity }, ballot.CodePoint},
		"R is not canonical":   {func(m *ballotv1.CastBallot) { m.R = high }, ballot.CodePoint},
		"R is short":           {func(m *ballotv1.CastBallot) { m.R = m.R[1:] }, ballot.CodeMalformed},
		"C_1 is the identity":  {func(m *ballotv1.CastBallot) { copy(m.C, identity) }, ballot.CodePoint},
		"C_5 is not canonical": {func(m *ballotv1.CastBallot) { copy(m.C[128:], high) }, ballot.CodePoint},
		"one C more":           {func(m *ballotv1.CastBallot) { m.C = append(m.C, m.C[:32]...) }, ballot.CodeMalformed},
		"one C less":           {func(m *ballotv1.CastBallot) { m.C = m.C[32:] }, ballot.CodeMalformed},
		"no C":                 {func(m *ballotv1.CastBallot) { m.C = nil }, ballot.CodeMalformed},
		"proof cut":            {func(m *ballotv1.CastBallot) { m.Proof = m.Proof[:len(m.Proof)-32] }, ballot.CodeProof},
		"proof longer":         {func(m *ballotv1.CastBallot) { m.Proof = append(m.Proof, make([]byte, 32)...) }, ballot.CodeProof},
		"proof torn":           {func(m *ballotv1.CastBallot) { m.Proof = m.Proof[:len(m.Proof)-1] }, ballot.CodeMalformed},
		"proof of high bytes":  {func(m *ballotv1.CastBallot) { copy(m.Proof[len(m.Proof)-32:], high) }, ballot.CodePoint},
		"id short":             {func(m *ballotv1.CastBallot) { m.ElectionId = m.ElectionId[1:] }, ballot.CodeMalformed},
		"sequence zero":        {func(m *ballotv1.CastBallot) { m.Sequence = 0 }, ballot.CodeSequence},
	} {
		t.Run(name, func(t *testing.T) {
			m := clone(a.Seal(1, sample.Marks(0, 0, 0)))
			tc.change(m)
			wantCode(t, c.Deliver(a.Tx(m)), tc.want)
		})
	}
}

// T15: no point is decoded for a ballot that the state refuses.
func TestStateIsAskedBeforePointsAreDecoded(t *testing.T) {
	c := voting(t, definition(), 2)
	a, b := c.NewVoter("a", 0), c.NewVoter("b", 0)
	accept(t, c, a.Cast(1, sample.Marks(0, 0, 0)))
	high := bytes.Repeat([]byte{0xff}, 32)
	again, other := clone(a.Seal(1, sample.Marks(0, 0, 0))), clone(b.Seal(1, sample.Marks(0, 0, 0)))
	again.R, other.R = high, high
	wantCode(t, c.Deliver(a.Tx(again)), ballot.CodeSpent)
	wantCode(t, c.Deliver(b.Tx(other)), ballot.CodePoint)
	c.Until(sample.Closes - 1000)
	wantCode(t, c.Deliver(b.Tx(other)), ballot.CodePhase)
}
