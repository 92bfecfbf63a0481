package sample

import (
	"crypto/rand"
	"fmt"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/crypto/threshold"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ballot"
	ballotkeeper "github.com/urna-vote/urna/x/ballot/keeper"
	"github.com/urna-vote/urna/x/ceremony"
	ceremonykeeper "github.com/urna-vote/urna/x/ceremony/keeper"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
	tallykeeper "github.com/urna-vote/urna/x/tally/keeper"
)

// City is a town with the modules ceremony, ballot and tally besides, and with
// trustees who hold a real ceremony.
type City struct {
	*Town
	Ceremony *ceremonykeeper.Keeper
	Ballots  *ballotkeeper.Keeper
	Tally    *tallykeeper.Keeper
	Trustees []*Trustee
	deals    map[uint32]*threshold.Deal
	forms    map[uint32]*ballot.Form
}

// late answers for the town's modules, which are made after those of the city.
type late struct{ city *City }

func (l late) Definition(r ledger.Reader, id [32]byte) (*electionv1.Definition, bool) {
	return l.city.Elections.Definition(r, id)
}

func (l late) Zone(r ledger.Reader, id [32]byte, zone uint32) (electionv1.ZoneState, bool) {
	return l.city.Elections.Zone(r, id, zone)
}

func (l late) Number(r ledger.Reader, id [32]byte) (uint32, bool) {
	return l.city.Elections.Number(r, id)
}

func (l late) Numbered(r ledger.Reader, number uint32) ([32]byte, bool) {
	return l.city.Elections.Numbered(r, number)
}

func (l late) EachIn(r ledger.Reader, phase electionv1.Phase, visit func(id [32]byte, zone uint32)) {
	l.city.Elections.EachIn(r, phase, visit)
}

func (l late) SetPhase(ctx ledger.Context, w ledger.Writer, id [32]byte, zone uint32, phase electionv1.Phase) {
	l.city.Elections.SetPhase(ctx, w, id, zone, phase)
}

func (l late) PanelKeys(r ledger.Reader, id [32]byte, class, panel uint32) ([]*blindtoken.PublicKey, bool) {
	return l.city.Issuance.PanelKeys(r, id, class, panel)
}

func (l late) IssuedCount(r ledger.Reader, id [32]byte, class uint32) uint64 {
	return l.city.Issuance.IssuedCount(r, id, class)
}

func (l late) PanelIssued(r ledger.Reader, id [32]byte, class, panel uint32) uint64 {
	return l.city.Issuance.PanelIssued(r, id, class, panel)
}

func (l late) Size(r ledger.Reader, id [32]byte, style uint32) uint64 {
	return l.city.Roll.Size(r, id, style)
}

func (l late) RemovedCount(r ledger.Reader, id [32]byte, style uint32) uint64 {
	return l.city.Roll.RemovedCount(r, id, style)
}

// NewCity is a city without an election.
func NewCity() *City {
	c := &City{deals: map[uint32]*threshold.Deal{}, forms: map[uint32]*ballot.Form{}}
	l := late{c}
	c.Ceremony = ceremonykeeper.New(l)
	c.Ballots = ballotkeeper.New(l, c.Ceremony, l)
	c.Tally = tallykeeper.New(l, c.Ballots, c.Ceremony, l, l)
	c.Town = NewTown(c.Ceremony.Module(), c.Ballots.Module(), c.Tally.Module())
	return c
}

// BeginCeremony makes the election and comes to the first block of its ceremony.
func (c *City) BeginCeremony(def *electionv1.Definition) {
	c.Create(def)
	c.Until(CeremonyOpens)
	c.NewAttempt(1)
}

// NewAttempt has the trustees begin anew.
func (c *City) NewAttempt(attempt uint32) {
	c.Trustees, c.deals = nil, map[uint32]*threshold.Deal{}
	for _, t := range c.Def.Trustees {
		c.Trustees = append(c.Trustees, NewTrustee(t.Name, c.Def, ceremony.Where{Election: c.ID, Attempt: attempt}))
	}
}

// Ceremonial is the state of the ceremony of zone 0.
func (c *City) Ceremonial() *ceremonyv1.State {
	st, ok := c.Ceremony.State(c.State, c.ID, 0)
	if !ok {
		panic("sample: no ceremony")
	}
	return st
}

// Each puts a transaction of every given trustee into one block; all must be
// accepted.
func (c *City) Each(trustees []*Trustee, step func(*Trustee) ledgertest.Tx) {
	var txs []ledgertest.Tx
	for _, t := range trustees {
		txs = append(txs, step(t))
	}
	for i, err := range c.Block(1000, txs...) {
		if err != nil {
			panic(fmt.Sprintf("sample: step of %s: %v", trustees[i].Name, err))
		}
	}
}

// RegisterAll registers the given trustees and tests their keys.
func (c *City) RegisterAll(trustees []*Trustee) {
	c.Each(trustees, (*Trustee).Register)
}

// TestAll has the first trustee seal nonces to all, the second to the first,
// and each open one.
func (c *City) TestAll(trustees []*Trustee) {
	tests := map[*Trustee]*ceremonyv1.TestKeys{}
	c.Each(trustees[:2], func(t *Trustee) ledgertest.Tx {
		tx := t.TestKeys(c.Ceremonial())
		tests[t] = ledger.MustDecode[ceremonyv1.TestKeys](tx.Body)
		return tx
	})
	c.Each(trustees, func(t *Trustee) ledgertest.Tx {
		sender := trustees[0]
		if t == sender {
			sender = trustees[1]
		}
		tx, err := t.OpenTest(c.Ceremonial(), sender.Index(c.Ceremonial()), tests[sender])
		must(err)
		return tx
	})
}

// CommitAll has the given trustees commit to their deals.
func (c *City) CommitAll(trustees []*Trustee) {
	st := c.Ceremonial()
	c.Each(trustees, func(t *Trustee) ledgertest.Tx { return t.Commit(st) })
}

// DealAll has the given trustees deal.
func (c *City) DealAll(trustees []*Trustee) {
	for _, t := range trustees {
		c.deals[t.Index(c.Ceremonial())] = t.Dealt
	}
	c.Each(trustees, (*Trustee).Deal)
}

// Deals are the deals on the ledger by dealer.
func (c *City) Deals() map[uint32]*threshold.Deal { return c.deals }

// CheckAll has the given trustees check their shares.
func (c *City) CheckAll(trustees []*Trustee) {
	st := c.Ceremonial()
	c.Each(trustees, func(t *Trustee) ledgertest.Tx { return t.CheckDeals(st, c.deals) })
}

// ConfirmAll has the given trustees add up their shares and confirm.
func (c *City) ConfirmAll(trustees []*Trustee) {
	st := c.Ceremonial()
	c.Each(trustees, func(t *Trustee) ledgertest.Tx {
		must(t.Hold(st, c.deals))
		return t.Confirm(st)
	})
}

// DrillAll has the given trustees pass the drill.
func (c *City) DrillAll(trustees []*Trustee) {
	st := c.Ceremonial()
	key, ok := c.Ceremony.Candidate(c.State, c.ID, 0)
	if !ok {
		panic("sample: no candidate key")
	}
	c.Each(trustees, func(t *Trustee) ledgertest.Tx { return t.Drill(st, key) })
}

// HoldCeremony holds a ceremony in which nothing goes wrong.
func (c *City) HoldCeremony() {
	c.RegisterAll(c.Trustees)
	if len(c.Trustees) > 1 {
		c.TestAll(c.Trustees)
	}
	c.CommitAll(c.Trustees)
	c.DealAll(c.Trustees)
	c.CheckAll(c.Trustees)
	c.ConfirmAll(c.Trustees)
	c.DrillAll(c.Trustees)
}

// OpenVoting brings a city to the phase voting, with a roll of so many entries
// in each style.
func OpenVoting(def *electionv1.Definition, perStyle int) *City {
	c := NewCity()
	c.Create(def)
	c.Enrol(perStyle)
	c.RegisterPanel(0)
	c.Until(CeremonyOpens)
	c.NewAttempt(1)
	c.HoldCeremony()
	c.Until(IssuingOpens)
	return c
}

// Key is the election key of zone 0.
func (c *City) Key() *ceremonyv1.ElectionKey {
	key, ok := c.Ceremony.Key(c.State, c.ID, 0)
	if !ok {
		panic("sample: no election key")
	}
	return key
}

// Form of a style.
func (c *City) Form(style uint32) *ballot.Form {
	if f := c.forms[style]; f != nil {
		return f
	}
	f, err := ballot.PreparedForm(ChainID, c.ID, c.Def, style, c.Key())
	must(err)
	c.forms[style] = f
	return f
}

// Voter casts ballots of a style.
type Voter struct {
	City   *City
	Style  uint32
	Secret *blindtoken.Secret
	Key    sign.PrivateKey
	Token  *ballotv1.Token
}

// NewVoter makes a voter with a token of panel 0, of which the ledger knows
// nothing.
func (c *City) NewVoter(name string, style uint32) *Voter {
	return c.VoterOf(name, style, 0)
}

// VoterOf is NewVoter with a token of another panel.
func (c *City) VoterOf(name string, style, panel uint32) *Voter {
	class := c.Def.Styles[style].TokenClass
	secret, err := blindtoken.SecretFromBytes(Hash([]byte("sample token secret of " + name)))
	must(err)
	scope := blindtoken.Scope{ChainID: ChainID, Election: c.ID, Class: class, Panel: panel}
	return &Voter{City: c, Style: style, Secret: secret, Key: secret.BallotKey(scope), Token: c.Token(secret, scope)}
}

// Token has all members of a panel sign blindly for a secret.
func (c *City) Token(secret *blindtoken.Secret, scope blindtoken.Scope) *ballotv1.Token {
	token := &ballotv1.Token{Panel: scope.Panel}
	for member := range c.Def.Panels[scope.Panel].Issuers {
		private := c.MemberKey(scope.Class, scope.Panel, member)
		request, err := blindtoken.Blind(secret, scope, private.Public())
		must(err)
		answer, err := private.Sign(request.Blinded())
		must(err)
		signature, err := request.Finalize(answer)
		must(err)
		token.Signatures = append(token.Signatures, signature)
	}
	return token
}

// Issue puts tokens for the first entries of a style on the ledger.
func (c *City) Issue(style uint32, from, to int) {
	var txs []ledgertest.Tx
	for i := from; i < to; i++ {
		txs = append(txs, c.IssueTx(style, 0, Entry(fmt.Sprintf("%d/%d", style, i))))
	}
	for _, err := range c.Block(1000, txs...) {
		must(err)
	}
}

// Public is the voter's ballot key.
func (v *Voter) Public() [32]byte { return v.Key.Public() }

// Seal seals a ballot of the voter's style.
func (v *Voter) Seal(sequence uint32, bits []bool) *ballotv1.CastBallot {
	form := v.City.Form(v.Style)
	ct, proof, err := bitproof.Prove(rand.Reader, form.Statement(v.Public(), sequence), bits)
	must(err)
	token := v.Token
	if sequence > 1 {
		token = nil
	}
	return form.Message(sequence, token, ct, proof)
}

// Cast seals a ballot and makes its transaction.
func (v *Voter) Cast(sequence uint32, bits []bool) ledgertest.Tx {
	return v.Tx(v.Seal(sequence, bits))
}

// Tx makes the transaction of a message.
func (v *Voter) Tx(m *ballotv1.CastBallot) ledgertest.Tx {
	public := v.Public()
	return ledgertest.Message(uint32(txv1.Kind_KIND_CAST_BALLOT), public[:], m)
}

// Marks are the bits of a ballot of the sample definition: a choice of option
// 0..2, or none at -1, and points for two projects.
func Marks(choice int, points ...uint32) []bool {
	marks := make([]bool, 3)
	if choice >= 0 {
		marks[choice] = true
	}
	first, err := bitproof.ChoiceBits(3, 0, 1, marks)
	must(err)
	second, err := bitproof.PointsBits(2, 3, true, 0, 5, points)
	must(err)
	return append(first, second...)
}
