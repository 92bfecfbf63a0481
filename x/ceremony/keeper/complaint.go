package keeper

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/sealbox"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/ledger"
)

func (s *scene) precheckCheckDeals(m *ceremonyv1.CheckDeals) (ledger.Demands, error) {
	if err := s.done(s.self.Checked); err != nil {
		return ledger.Demands{}, err
	}
	var demands ledger.Demands
	for i, c := range m.Complaints {
		if _, err := s.participant(fmt.Sprintf("complaints[%d].dealer", i), c.Dealer); err != nil {
			return ledger.Demands{}, err
		}
		claim, err := s.sealingClaim(fmt.Sprintf("complaints[%d].fresh_key", i), c.FreshKey)
		if err != nil {
			return ledger.Demands{}, err
		}
		// One fresh key may serve several complaints of one trustee.
		if !slices.Contains(demands.Claims, claim) {
			demands.Claims = append(demands.Claims, claim)
		}
	}
	return demands, nil
}

func (s *scene) checkDeals(w ledger.Writer, m *ceremonyv1.CheckDeals) {
	s.self.Checked = true
	for _, c := range m.Complaints {
		s.st.Complaints = append(s.st.Complaints, &ceremonyv1.ComplaintState{Dealer: c.Dealer, Receiver: s.me})
		w.Set(ceremony.SealingKey(c.FreshKey, s.tx.Signer), []byte{1})
	}
	slices.SortFunc(s.st.Complaints, func(a, b *ceremonyv1.ComplaintState) int {
		return cmp.Or(cmp.Compare(a.Dealer, b.Dealer), cmp.Compare(a.Receiver, b.Receiver))
	})
}

func (s *scene) precheckReseal(m *ceremonyv1.Reseal) (ledger.Demands, error) {
	want := ceremony.ToReseal(s.st, s.me)
	if err := s.done(len(want) == 0); err != nil {
		return ledger.Demands{}, err
	}
	var got []uint32
	size := sealbox.Overhead + s.params(s.chainID).Slots*group.Size
	for i, a := range m.Answers {
		got = append(got, a.Receiver)
		if len(a.Sealed) != size {
			return ledger.Demands{}, ceremony.CodeMalformed.Refuse(fmt.Sprintf("answers[%d].sealed", i), "%d bytes, sealed shares have %d", len(a.Sealed), size)
		}
	}
	return ledger.Demands{}, exactly("answers.receiver", got, want)
}

// answer marks the complaints against the signer.
func (s *scene) answer(mark func(*ceremonyv1.ComplaintState)) {
	for _, c := range s.st.Complaints {
		if c.Dealer == s.me {
			mark(c)
		}
	}
}

func (s *scene) precheckCheckResealed(m *ceremonyv1.CheckResealed) (ledger.Demands, error) {
	resealed := ceremony.Resealed(s.st, s.me)
	if err := s.done(s.self.CheckedAgain || len(resealed) == 0); err != nil {
		return ledger.Demands{}, err
	}
	for i, d := range m.Dealers {
		if !slices.Contains(resealed, d) {
			return ledger.Demands{}, ceremony.CodeDealer.Refuse(fmt.Sprintf("dealers[%d]", i), "trustee %d resealed nothing to trustee %d", d, s.me)
		}
	}
	return ledger.Demands{}, nil
}

func (s *scene) checkResealed(m *ceremonyv1.CheckResealed) {
	s.self.CheckedAgain = true
	for _, c := range s.st.Complaints {
		if c.Receiver == s.me && slices.Contains(m.Dealers, c.Dealer) {
			c.Again = true
		}
	}
}

func (s *scene) precheckPublish(m *ceremonyv1.PublishShares) (ledger.Demands, error) {
	want := ceremony.ToPublish(s.st, s.me)
	if err := s.done(len(want) == 0); err != nil {
		return ledger.Demands{}, err
	}
	var got []uint32
	var demands ledger.Demands
	params := s.params(s.chainID)
	commitments := s.r.Get(ceremony.DealKey(s.where(), s.me))
	for i, a := range m.Answers {
		got = append(got, a.Receiver)
		demands.Checks = append(demands.Checks, ledger.Check{
			Fact:   ceremony.NewSharesFact(params, s.me, a.Receiver, commitments, a.Shares),
			Params: [32]byte(s.self.DealHash),
			Code:   ceremony.CodeShares,
			Field:  fmt.Sprintf("answers[%d].shares", i),
		})
	}
	return demands, exactly("answers.receiver", got, want)
}
