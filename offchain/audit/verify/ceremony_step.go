package verify

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/sealbox"
	"github.com/urna-vote/urna/crypto/threshold"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// step of a trustee: in which ceremony, and who takes it.
type step struct {
	*keyMaking
	v      *verifier
	signer []byte
	me     uint32 // 0 before registration closes
	self   *ceremonyv1.Participant
}

// stepOf finds the ceremony of a step and its trustee.
func (v *verifier) stepOf(tx *ledger.Tx) (*step, error) {
	c, err := v.running(tx.Message.(*ceremony.Step).Where, tx.Kind)
	if err != nil {
		return nil, err
	}
	s := &step{keyMaking: c, v: v, signer: tx.Signer}
	if c.st.Window == ceremonyv1.Window_WINDOW_REGISTER {
		return s, nil
	}
	if s.me = ceremony.Index(c.st.Participants, tx.Signer); s.me == 0 {
		return nil, breaks("ceremony/not-a-trustee", "signer", "did not register for this attempt")
	}
	s.self = c.st.Participants[s.me-1]
	if s.self.Out != "" {
		return nil, breaks("ceremony/trustee-is-out", "signer", "trustee %d is out: %s", s.me, s.self.Out)
	}
	if list := listOf(tx.Message.(*ceremony.Step).Message); list != nil && !bytes.Equal(list, c.st.TrusteeListHash) {
		return nil, breaks("ceremony/other-trustee-list", "trustee_list_hash", "%x, the record leads to %x", list, c.st.TrusteeListHash)
	}
	return s, nil
}

// listOf is the hash of the trustee list that a message was made for, nil if it
// names none.
func listOf(m ceremony.Message) []byte {
	switch m := m.(type) {
	case *ceremonyv1.CommitDeal:
		return m.TrusteeListHash
	case *ceremonyv1.Deal:
		return m.TrusteeListHash
	}
	return nil
}

func precheckStep(v *verifier, c *chance, tx *ledger.Tx) error {
	s, err := v.stepOf(tx)
	if err != nil {
		return err
	}
	c.claim(fmt.Sprintf("ceremony:%s/%d/%x", s.where(), tx.Kind, tx.Signer))
	return s.check(c, tx.Message.(*ceremony.Step).Message)
}

// check is the state's part of each step.
func (s *step) check(c *chance, m ceremony.Message) error {
	switch m := m.(type) {
	case *ceremonyv1.RegisterTrustee:
		return s.checkRegister(c, m)
	case *ceremonyv1.TestKeys:
		return s.checkTestKeys(m)
	case *ceremonyv1.OpenTest:
		return s.checkOpenTest(m)
	case *ceremonyv1.CommitDeal:
		return s.once(len(s.self.DealHash) > 0)
	case *ceremonyv1.Deal:
		return s.checkDeal(c, m)
	case *ceremonyv1.CheckDeals:
		return s.checkComplaints(c, m)
	case *ceremonyv1.Reseal:
		return s.checkReseal(m)
	case *ceremonyv1.CheckResealed:
		return s.checkSecond(m)
	case *ceremonyv1.PublishShares:
		return s.checkPublished(c, m)
	case *ceremonyv1.ConfirmKey:
		if !bytes.Equal(m.TranscriptHash, s.st.TranscriptHash) {
			return breaks("ceremony/other-transcript", "transcript_hash", "%x, the record leads to %x", m.TranscriptHash, s.st.TranscriptHash)
		}
		return s.once(s.self.Confirmed)
	case *ceremonyv1.DrillShare:
		return s.checkDrill(c, m)
	}
	return breaks("ceremony/malformed", "body", "no step %T", m)
}

// once refuses a step that is taken, or that nobody waits for.
func (s *step) once(done bool) error {
	if done {
		return breaks("ceremony/step-done", "signer", "trustee %d has done this, or has nothing to do here", s.me)
	}
	return nil
}

func (s *step) checkRegister(c *chance, m *ceremonyv1.RegisterTrustee) error {
	if s.trustee() < 0 {
		return breaks("ceremony/not-a-trustee", "signer", "%x is no trustee of the election", s.signer)
	}
	if err := s.once(ceremony.Index(s.st.Participants, s.signer) != 0); err != nil {
		return err
	}
	return s.freshKey(c, "hpke_key", m.HpkeKey)
}

// trustee is the signer's index in the definition, -1 if it is none.
func (s *step) trustee() int {
	for i, t := range s.zone.election.def.Trustees {
		if bytes.Equal(t.Key, s.signer) {
			return i
		}
	}
	return -1
}

// freshKey: an HPKE key serves a trustee once on a chain.
func (s *step) freshKey(c *chance, field string, key []byte) error {
	use := s.hpkeUse(key)
	if s.v.hpkeKeys[use] {
		return breaks("ceremony/hpke-key-used", field, "the signer used this key on the chain before")
	}
	if name := fmt.Sprintf("hpke:%x/%x", use.key, use.trustee); !slices.Contains(c.claims, name) {
		c.claim(name)
	}
	return nil
}

// hpkeUse is the use of an HPKE key by one trustee.
type hpkeUse struct{ key, trustee string }

func (s *step) hpkeUse(key []byte) hpkeUse { return hpkeUse{string(key), string(s.signer)} }

func (s *step) checkTestKeys(m *ceremonyv1.TestKeys) error {
	var got, want []uint32
	for _, t := range m.Tests {
		got = append(got, t.Receiver)
	}
	for i := range s.st.Participants {
		if index := uint32(i + 1); index != s.me {
			want = append(want, index)
		}
	}
	if err := s.once(s.self.SentTests); err != nil {
		return err
	}
	return sameIndices("tests.receiver", got, want)
}

func (s *step) checkOpenTest(m *ceremonyv1.OpenTest) error {
	want, sent := s.nonces[[2]uint32{m.Sender, s.me}]
	got := threshold.NonceHash([threshold.NonceSize]byte(m.Nonce))
	if !sent || !bytes.Equal(got[:], want) {
		return breaks("ceremony/wrong-nonce", "nonce", "not one that trustee %d sealed to trustee %d", m.Sender, s.me)
	}
	return s.once(s.self.Tested)
}

func (s *step) checkDeal(c *chance, m *ceremonyv1.Deal) error {
	if err := s.once(s.self.Dealt); err != nil {
		return err
	}
	params, deal := s.params(c), ceremony.Deal(m)
	if got := threshold.CommitHash(params, int(s.me), deal); !bytes.Equal(got[:], s.self.DealHash) {
		return breaks("ceremony/deal-not-committed", "commitments", "trustee %d committed to another deal", s.me)
	}
	c.state(checkCeremony, "ceremony/bad-deal", "deal", ceremony.NewDealFact(params, s.me, deal))
	return nil
}

func (s *step) params(c *chance) threshold.Params {
	return ceremony.Params(c.ctx.ChainID, s.zone.election.def, s.where(), s.st.Participants)
}

func (s *step) checkComplaints(c *chance, m *ceremonyv1.CheckDeals) error {
	for i, x := range m.Complaints {
		if err := s.participant(fmt.Sprintf("complaints[%d].dealer", i), x.Dealer); err != nil {
			return err
		}
		if err := s.freshKey(c, fmt.Sprintf("complaints[%d].fresh_key", i), x.FreshKey); err != nil {
			return err
		}
	}
	return s.once(s.self.Checked)
}

func (s *step) checkReseal(m *ceremonyv1.Reseal) error {
	want := s.toReseal(s.me)
	var got []uint32
	slots := election.Slots(s.zone.election.def, s.zone.index)
	for i, a := range m.Answers {
		got = append(got, a.Receiver)
		if len(a.Sealed) != sealbox.Overhead+slots*group.Size {
			return breaks("ceremony/malformed", fmt.Sprintf("answers[%d].sealed", i), "%d bytes", len(a.Sealed))
		}
	}
	if err := s.once(len(want) == 0); err != nil {
		return err
	}
	return sameIndices("answers.receiver", got, want)
}

func (s *step) checkSecond(m *ceremonyv1.CheckResealed) error {
	resealed := s.resealedTo(s.me)
	for i, d := range m.Dealers {
		if !slices.Contains(resealed, d) {
			return breaks("ceremony/no-such-dealer", fmt.Sprintf("dealers[%d]", i), "trustee %d resealed nothing to trustee %d", d, s.me)
		}
	}
	return s.once(s.self.CheckedAgain || len(resealed) == 0)
}

func (s *step) checkPublished(c *chance, m *ceremonyv1.PublishShares) error {
	want := s.toPublish(s.me)
	if err := s.once(len(want) == 0); err != nil {
		return err
	}
	var got []uint32
	params := s.params(c)
	for i, a := range m.Answers {
		got = append(got, a.Receiver)
		c.state(checkCeremony, "ceremony/bad-shares", fmt.Sprintf("answers[%d].shares", i),
			ceremony.NewSharesFact(params, s.me, a.Receiver, s.commitments[s.me], a.Shares))
	}
	return sameIndices("answers.receiver", got, want)
}

func (s *step) checkDrill(c *chance, m *ceremonyv1.DrillShare) error {
	answer, err := ceremony.DecodeDrill(m)
	if err != nil {
		return breaks("ceremony/bad-point", "points, proof", "%v", err)
	}
	c.state(checkCeremony, "ceremony/bad-drill-share", "points, proof",
		ceremony.NewDrillFact(c.ctx.ChainID, s.where(), s.candidate, s.me, answer))
	return s.once(s.self.Drilled)
}

// executeStep writes what a step changes.
func executeStep(v *verifier, ctx ledger.Context, tx *ledger.Tx) error {
	s, err := v.stepOf(tx)
	if err != nil {
		return err
	}
	m := tx.Message.(*ceremony.Step).Message
	if err := s.check(&chance{ctx: ctx}, m); err != nil {
		return err
	}
	switch m := m.(type) {
	case *ceremonyv1.RegisterTrustee:
		s.register(m)
	case *ceremonyv1.TestKeys:
		s.self.SentTests = true
		for _, t := range m.Tests {
			s.nonces[[2]uint32{s.me, t.Receiver}] = t.NonceHash
		}
	case *ceremonyv1.OpenTest:
		s.self.Tested = true
	case *ceremonyv1.CommitDeal:
		s.self.DealHash = m.DealHash
	case *ceremonyv1.Deal:
		s.self.Dealt = true
		s.commitments[s.me] = m.Commitments
	case *ceremonyv1.CheckDeals:
		s.complain(m)
	case *ceremonyv1.Reseal:
		s.each(func(c *ceremonyv1.ComplaintState) bool { return c.Dealer == s.me }, func(c *ceremonyv1.ComplaintState) { c.Resealed = true })
	case *ceremonyv1.CheckResealed:
		s.self.CheckedAgain = true
		s.each(func(c *ceremonyv1.ComplaintState) bool {
			return c.Receiver == s.me && slices.Contains(m.Dealers, c.Dealer)
		},
			func(c *ceremonyv1.ComplaintState) { c.Again = true })
	case *ceremonyv1.PublishShares:
		s.each(func(c *ceremonyv1.ComplaintState) bool { return c.Dealer == s.me }, func(c *ceremonyv1.ComplaintState) { c.Published = c.Again })
	case *ceremonyv1.ConfirmKey:
		s.self.Confirmed = true
	case *ceremonyv1.DrillShare:
		s.self.Drilled = true
	}
	s.keep(tx)
	return nil
}

func (s *step) register(m *ceremonyv1.RegisterTrustee) {
	s.st.Participants = append(s.st.Participants, &ceremonyv1.Participant{Key: s.signer, HpkeKey: m.HpkeKey, Trustee: uint32(s.trustee())})
	slices.SortFunc(s.st.Participants, func(a, b *ceremonyv1.Participant) int { return bytes.Compare(a.Key, b.Key) })
	s.v.hpkeKeys[s.hpkeUse(m.HpkeKey)] = true
}

func (s *step) complain(m *ceremonyv1.CheckDeals) {
	s.self.Checked = true
	for _, c := range m.Complaints {
		s.st.Complaints = append(s.st.Complaints, &ceremonyv1.ComplaintState{Dealer: c.Dealer, Receiver: s.me})
		s.v.hpkeKeys[s.hpkeUse(c.FreshKey)] = true
	}
	slices.SortFunc(s.st.Complaints, func(a, b *ceremonyv1.ComplaintState) int {
		return cmp.Or(cmp.Compare(a.Dealer, b.Dealer), cmp.Compare(a.Receiver, b.Receiver))
	})
}

func (s *step) each(which func(*ceremonyv1.ComplaintState) bool, do func(*ceremonyv1.ComplaintState)) {
	for _, c := range s.st.Complaints {
		if which(c) {
			do(c)
		}
	}
}
