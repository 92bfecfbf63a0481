package keeper

import (
	"bytes"
	"slices"

	"github.com/urna-vote/urna/crypto/threshold"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/ledger"
)

func (s *scene) precheckRegister(m *ceremonyv1.RegisterTrustee) (ledger.Demands, error) {
	if _, ok := s.trusteeOf(s.tx.Signer); !ok {
		return ledger.Demands{}, ceremony.CodeTrustee.Refuse("signer", "no trustee of this election")
	}
	if err := s.done(ceremony.Index(s.st.Participants, s.tx.Signer) != 0); err != nil {
		return ledger.Demands{}, err
	}
	claim, err := s.sealingClaim("hpke_key", m.HpkeKey)
	if err != nil {
		return ledger.Demands{}, err
	}
	return ledger.Demands{Claims: []string{claim}}, nil
}

func (s *scene) register(w ledger.Writer, m *ceremonyv1.RegisterTrustee) {
	trustee, _ := s.trusteeOf(s.tx.Signer)
	s.st.Participants = append(s.st.Participants, &ceremonyv1.Participant{Key: s.tx.Signer, HpkeKey: m.HpkeKey, Trustee: trustee})
	slices.SortFunc(s.st.Participants, func(a, b *ceremonyv1.Participant) int { return bytes.Compare(a.Key, b.Key) })
	w.Set(ceremony.SealingKey(m.HpkeKey, s.tx.Signer), []byte{1})
}

func (s *scene) precheckTestKeys(m *ceremonyv1.TestKeys) (ledger.Demands, error) {
	if err := s.done(s.self.SentTests); err != nil {
		return ledger.Demands{}, err
	}
	var got, want []uint32
	for _, t := range m.Tests {
		got = append(got, t.Receiver)
	}
	for i := range s.st.Participants {
		if index := uint32(i + 1); index != s.me {
			want = append(want, index)
		}
	}
	return ledger.Demands{}, exactly("tests.receiver", got, want)
}

func (s *scene) testKeys(w ledger.Writer, m *ceremonyv1.TestKeys) {
	s.self.SentTests = true
	for _, t := range m.Tests {
		w.Set(ceremony.TestKey(s.where(), s.me, t.Receiver), t.NonceHash)
	}
}

func (s *scene) precheckOpenTest(m *ceremonyv1.OpenTest) (ledger.Demands, error) {
	if err := s.done(s.self.Tested); err != nil {
		return ledger.Demands{}, err
	}
	want := s.r.Get(ceremony.TestKey(s.where(), m.Sender, s.me))
	if want == nil {
		return ledger.Demands{}, ceremony.CodeNonce.Refuse("sender", "trustee %d sealed no nonce to trustee %d", m.Sender, s.me)
	}
	if got := threshold.NonceHash([threshold.NonceSize]byte(m.Nonce)); !bytes.Equal(got[:], want) {
		return ledger.Demands{}, ceremony.CodeNonce.Refuse("nonce", "not the one that trustee %d sealed", m.Sender)
	}
	return ledger.Demands{}, nil
}
