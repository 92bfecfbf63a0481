package keeper

import (
	"bytes"

	"github.com/urna-vote/urna/crypto/threshold"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/ledger"
)

func (c *held) params(chainID string) threshold.Params {
	return ceremony.Params(chainID, c.def, c.where(), c.st.Participants)
}

func (s *scene) precheckCommit(*ceremonyv1.CommitDeal) (ledger.Demands, error) {
	return ledger.Demands{}, s.done(len(s.self.DealHash) > 0)
}

func (s *scene) precheckDeal(m *ceremonyv1.Deal) (ledger.Demands, error) {
	if err := s.done(s.self.Dealt); err != nil {
		return ledger.Demands{}, err
	}
	params, deal := s.params(s.chainID), ceremony.Deal(m)
	if got := threshold.CommitHash(params, int(s.me), deal); !bytes.Equal(got[:], s.self.DealHash) {
		return ledger.Demands{}, ceremony.CodeDealHash.Refuse("commitments", "trustee %d committed to another deal", s.me)
	}
	return ledger.Demands{Checks: []ledger.Check{{
		Fact: ceremony.NewDealFact(params, s.me, deal), Params: params.TrusteeListHash, Code: ceremony.CodeDeal, Field: "commitments, proofs, sealed",
	}}}, nil
}

func (s *scene) precheckConfirm(m *ceremonyv1.ConfirmKey) (ledger.Demands, error) {
	if err := s.done(s.self.Confirmed); err != nil {
		return ledger.Demands{}, err
	}
	if !bytes.Equal(m.TranscriptHash, s.st.TranscriptHash) {
		return ledger.Demands{}, ceremony.CodeTranscript.Refuse("transcript_hash", "the ledger's transcript has the hash %x", s.st.TranscriptHash)
	}
	return ledger.Demands{}, nil
}

func (s *scene) precheckDrill(m *ceremonyv1.DrillShare) (ledger.Demands, error) {
	if err := s.done(s.self.Drilled); err != nil {
		return ledger.Demands{}, err
	}
	answer, err := ceremony.DecodeDrill(m)
	if err != nil {
		return ledger.Demands{}, ceremony.CodePoint.Refuse("points, proof", "%v", err)
	}
	key := ledger.MustDecode[ceremonyv1.ElectionKey](s.r.Get(ceremony.CandidateKey(s.where())))
	return ledger.Demands{Checks: []ledger.Check{{
		Fact: ceremony.NewDrillFact(s.chainID, s.where(), key, s.me, answer), Params: [32]byte(key.TranscriptHash), Code: ceremony.CodeDrill, Field: "points, proof",
	}}}, nil
}
