package sample

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"github.com/urna-vote/urna/crypto/dleq"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/sealbox"
	"github.com/urna-vote/urna/crypto/threshold"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
	"github.com/urna-vote/urna/x/tally"
)

// Trustee plays one trustee's part in a ceremony from what is public and from
// its seed.
type Trustee struct {
	Name  string
	Def   *electionv1.Definition
	Where ceremony.Where
	Seed  *threshold.Seed
	// Sealing opens what is sealed to the trustee; LoseKey takes it away.
	Sealing *sealbox.PrivateKey
	Dealing *threshold.Dealing
	Dealt   *threshold.Deal
	// Shares by dealer, as far as they opened.
	Shares map[uint32]*threshold.Shares
	Share  *threshold.KeyShare
	nonces map[uint32][threshold.NonceSize]byte
	// list of trustees that the deal was made for.
	list [32]byte
}

// NewTrustee is a trustee at the beginning of an attempt.
func NewTrustee(name string, def *electionv1.Definition, where ceremony.Where) *Trustee {
	seed := sha256.Sum256(fmt.Appendf(nil, "sample seed of %s, %s", name, where))
	s, err := threshold.SeedFromBytes(seed[:])
	must(err)
	sealing, err := s.SealingKey(ChainID, where.Election, where.Zone, where.Attempt)
	must(err)
	return &Trustee{Name: name, Def: def, Where: where, Seed: s, Sealing: sealing,
		Shares: map[uint32]*threshold.Shares{}, nonces: map[uint32][threshold.NonceSize]byte{}}
}

// Step makes a transaction of the trustee.
func (t *Trustee) Step(kind txv1.Kind, m ledger.Wire) ledgertest.Tx {
	return ledgertest.Message(uint32(kind), Public(t.Name), m)
}

// LoseKey is the loss of the medium with the registered HPKE key.
func (t *Trustee) LoseKey() {
	other, err := sealbox.GenerateKey()
	must(err)
	t.Sealing = other
}

// Index of the trustee among the participants.
func (t *Trustee) Index(st *ceremonyv1.State) uint32 {
	return ceremony.Index(st.Participants, Public(t.Name))
}

// Params of the attempt.
func (t *Trustee) Params(st *ceremonyv1.State) threshold.Params {
	return ceremony.Params(ChainID, t.Def, t.Where, st.Participants)
}

// Register brings the HPKE key.
func (t *Trustee) Register() ledgertest.Tx {
	return t.Step(txv1.Kind_KIND_REGISTER_TRUSTEE, &ceremonyv1.RegisterTrustee{Where: t.Where.Message(), HpkeKey: t.Sealing.Public().Encode()})
}

// TestKeys seals a nonce to every other trustee.
func (t *Trustee) TestKeys(st *ceremonyv1.State) ledgertest.Tx {
	m := &ceremonyv1.TestKeys{Where: t.Where.Message()}
	me := t.Index(st)
	for i, p := range st.Participants {
		receiver := uint32(i + 1)
		if receiver == me {
			continue
		}
		key, err := sealbox.DecodePublicKey(p.HpkeKey)
		must(err)
		nonce := sha256.Sum256(fmt.Appendf(nil, "nonce of %s for %d", t.Name, receiver))
		box, err := threshold.SealNonce(t.Params(st), int(me), int(receiver), key, nonce)
		must(err)
		hash := threshold.NonceHash(nonce)
		m.Tests = append(m.Tests, &ceremonyv1.KeyTest{Receiver: receiver, Sealed: box, NonceHash: hash[:]})
	}
	return t.Step(txv1.Kind_KIND_TEST_KEYS, m)
}

// OpenTest opens what another trustee's TestKeys sealed to this one.
func (t *Trustee) OpenTest(st *ceremonyv1.State, sender uint32, tests *ceremonyv1.TestKeys) (ledgertest.Tx, error) {
	me := t.Index(st)
	for _, test := range tests.Tests {
		if test.Receiver != me {
			continue
		}
		nonce, err := threshold.OpenNonce(t.Params(st), int(sender), int(me), t.Sealing, test.Sealed, [32]byte(test.NonceHash))
		if err != nil {
			return ledgertest.Tx{}, err
		}
		return t.Step(txv1.Kind_KIND_OPEN_TEST, &ceremonyv1.OpenTest{Where: t.Where.Message(), Sender: sender, Nonce: nonce[:]}), nil
	}
	return ledgertest.Tx{}, fmt.Errorf("no test for trustee %d", me)
}

// Commit makes the deal and commits to it.
func (t *Trustee) Commit(st *ceremonyv1.State) ledgertest.Tx {
	t.MakeDeal(st)
	return t.CommitTx(st)
}

// CommitTx commits to the deal as it is.
func (t *Trustee) CommitTx(st *ceremonyv1.State) ledgertest.Tx {
	hash := threshold.CommitHash(t.Params(st), int(t.Index(st)), t.Dealt)
	return t.Step(txv1.Kind_KIND_COMMIT_DEAL, &ceremonyv1.CommitDeal{Where: t.Where.Message(), DealHash: hash[:], TrusteeListHash: t.list[:]})
}

// MakeDeal makes the trustee's deal.
func (t *Trustee) MakeDeal(st *ceremonyv1.State) {
	var err error
	t.list = t.Params(st).TrusteeListHash
	t.Dealing, err = threshold.NewDealing(t.Params(st), int(t.Index(st)), t.Seed)
	must(err)
	var receivers []*sealbox.PublicKey
	for _, p := range st.Participants {
		key, err := sealbox.DecodePublicKey(p.HpkeKey)
		must(err)
		receivers = append(receivers, key)
	}
	t.Dealt, err = t.Dealing.Deal(receivers)
	must(err)
}

// Deal publishes the deal.
func (t *Trustee) Deal() ledgertest.Tx {
	return t.Step(txv1.Kind_KIND_DEAL, &ceremonyv1.Deal{
		Where: t.Where.Message(), Commitments: t.Dealt.Commitments, Proofs: t.Dealt.Proofs, Sealed: t.Dealt.Sealed, TrusteeListHash: t.list[:],
	})
}

// CheckDeals opens the trustee's shares of all deals and complains of those
// that do not open or do not fit.
func (t *Trustee) CheckDeals(st *ceremonyv1.State, deals map[uint32]*threshold.Deal) ledgertest.Tx {
	m := &ceremonyv1.CheckDeals{Where: t.Where.Message()}
	me := t.Index(st)
	for dealer := uint32(1); int(dealer) <= len(st.Participants); dealer++ {
		deal, ok := deals[dealer]
		if !ok || st.Participants[dealer-1].Out != "" {
			continue
		}
		if dealer == me {
			own, err := t.Dealing.Publish(int(me))
			must(err)
			shares, err := threshold.DecodeShares(t.Params(st), int(me), int(me), own)
			must(err)
			t.Shares[me] = shares
			continue
		}
		shares, err := threshold.OpenShares(t.Params(st), int(dealer), int(me), deal, t.Sealing)
		if err == nil {
			t.Shares[dealer] = shares
			continue
		}
		fresh, err := t.Seed.FreshSealingKey(t.Params(st), int(dealer))
		must(err)
		m.Complaints = append(m.Complaints, &ceremonyv1.Complaint{Dealer: dealer, FreshKey: fresh.Public().Encode()})
	}
	return t.Step(txv1.Kind_KIND_CHECK_DEALS, m)
}

// Reseal answers first complaints; fresh has the receivers' fresh keys.
func (t *Trustee) Reseal(st *ceremonyv1.State, fresh map[uint32][]byte) ledgertest.Tx {
	m := &ceremonyv1.Reseal{Where: t.Where.Message()}
	for _, receiver := range ceremony.ToReseal(st, t.Index(st)) {
		key, err := sealbox.DecodePublicKey(fresh[receiver])
		must(err)
		box, err := t.Dealing.Reseal(int(receiver), key)
		must(err)
		m.Answers = append(m.Answers, &ceremonyv1.Resealed{Receiver: receiver, Sealed: box})
	}
	return t.Step(txv1.Kind_KIND_RESEAL, m)
}

// CheckResealed opens what dealers resealed; boxes are by dealer.
func (t *Trustee) CheckResealed(st *ceremonyv1.State, deals map[uint32]*threshold.Deal, boxes map[uint32][]byte) ledgertest.Tx {
	m := &ceremonyv1.CheckResealed{Where: t.Where.Message()}
	for _, dealer := range ceremony.Resealed(st, t.Index(st)) {
		fresh, err := t.Seed.FreshSealingKey(t.Params(st), int(dealer))
		must(err)
		shares, err := threshold.OpenResealed(t.Params(st), int(dealer), int(t.Index(st)), deals[dealer], boxes[dealer], fresh)
		if err != nil {
			m.Dealers = append(m.Dealers, dealer)
			continue
		}
		t.Shares[dealer] = shares
	}
	return t.Step(txv1.Kind_KIND_CHECK_RESEALED, m)
}

// Publish answers second complaints with the shares themselves.
func (t *Trustee) Publish(st *ceremonyv1.State) ledgertest.Tx {
	m := &ceremonyv1.PublishShares{Where: t.Where.Message()}
	for _, receiver := range ceremony.ToPublish(st, t.Index(st)) {
		shares, err := t.Dealing.Publish(int(receiver))
		must(err)
		m.Answers = append(m.Answers, &ceremonyv1.Published{Receiver: receiver, Shares: shares})
	}
	return t.Step(txv1.Kind_KIND_PUBLISH_SHARES, m)
}

// Hold adds up the shares of the qualified dealers for a key.
func (t *Trustee) Hold(st *ceremonyv1.State, deals map[uint32]*threshold.Deal) error {
	var dealt []threshold.Dealt
	var shares []*threshold.Shares
	for _, dealer := range st.Qualified {
		c, err := threshold.DecodeCommitments(t.Params(st), deals[dealer].Commitments)
		if err != nil {
			return err
		}
		dealt = append(dealt, threshold.Dealt{Dealer: int(dealer), Commitments: c})
		shares = append(shares, t.Shares[dealer])
	}
	joint, err := threshold.Combine(t.Params(st), dealt)
	if err != nil {
		return err
	}
	t.Share, err = threshold.NewKeyShare(t.Params(st), int(t.Index(st)), shares, joint)
	return err
}

// Confirm names the transcript.
func (t *Trustee) Confirm(st *ceremonyv1.State) ledgertest.Tx {
	return t.Step(txv1.Kind_KIND_CONFIRM_KEY, &ceremonyv1.ConfirmKey{Where: t.Where.Message(), TranscriptHash: st.TranscriptHash})
}

// Drill decrypts the drill ciphertext of a key.
func (t *Trustee) Drill(st *ceremonyv1.State, key *ceremonyv1.ElectionKey) ledgertest.Tx {
	slots := make([]int, election.Slots(t.Def, t.Where.Zone))
	for i := range slots {
		slots[i] = i + 1
	}
	secrets, err := t.Share.Secrets(slots)
	must(err)
	keys, err := threshold.DecodeSlotKeys(len(slots), key.Slots)
	must(err)
	r, _ := threshold.Drill(ChainID, t.Where.Election, t.Where.Zone, keys)
	points := elgamal.DecryptShare(secrets, r)
	statement, err := ceremony.DrillStatement(ChainID, t.Where, key, t.Index(st), points)
	must(err)
	proof, err := dleq.Prove(rand.Reader, statement, secrets)
	must(err)
	m := &ceremonyv1.DrillShare{Where: t.Where.Message()}
	for _, p := range points {
		b := p.Encode()
		m.Points = append(m.Points, b[:]...)
	}
	b := proof.Encode()
	m.Proof = b[:]
	return t.Step(txv1.Kind_KIND_DRILL, m)
}

// DecryptionShare decrypts the units of the zone.
func (t *Trustee) DecryptionShare(key *ceremonyv1.ElectionKey, units *tallyv1.Units) ledgertest.Tx {
	index := uint32(0)
	for i, p := range key.Participants {
		if bytes.Equal(p, Public(t.Name)) {
			index = uint32(i + 1)
		}
	}
	m := &tallyv1.DecryptionShare{ElectionId: t.Where.Election[:], Zone: t.Where.Zone}
	for _, unit := range units.Units {
		if !tally.Decrypted(unit) {
			m.Partials = append(m.Partials, &tallyv1.PartialDecryption{})
			continue
		}
		sum, err := elgamal.DecodeSum(len(unit.C)/32, append(bytes.Clone(unit.R), unit.C...))
		must(err)
		secrets, err := t.Share.Secrets(election.ContestSlots(t.Def, unit.Contest))
		must(err)
		points := elgamal.DecryptShare(secrets, sum.R)
		statement, err := tally.ShareStatement(ChainID, t.Where.Election, t.Def, t.Where.Zone, key, unit, index, points)
		must(err)
		proof, err := dleq.Prove(rand.Reader, statement, secrets)
		must(err)
		m.Partials = append(m.Partials, (&tally.Partial{Points: points, Proof: proof}).Encode())
	}
	return t.Step(txv1.Kind_KIND_DECRYPTION_SHARE, m)
}

func must(err error) {
	if err != nil {
		panic("sample: " + err.Error())
	}
}
