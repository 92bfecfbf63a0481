package keeper

import (
	"crypto/sha256"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// PrecheckAnswerClaim: election_id, entry, member (claimed, not yet answered);
// the blind signature is for the batch of pure checks.
func (k *Keeper) PrecheckAnswerClaim(_ ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
	m := tx.Message.(*issuancev1.AnswerClaim)
	id := [32]byte(m.ElectionId)
	def, issued, claim, err := k.openClaim(r, id, m)
	if err != nil {
		return ledger.Demands{}, err
	}
	class := def.Styles[issued.Style].TokenClass
	modulus := k.class(r, def, id, class).Panels[issued.Panel].Moduli[m.Member]
	params := sha256.New()
	_, _ = params.Write(modulus)
	_, _ = params.Write(claim.BlindedMessage)
	return ledger.Demands{
		Claims: []string{memberClaim(id, m.Entry, m.Member)},
		Checks: []ledger.Check{{
			Fact:   issuance.Answer{Modulus: modulus, Blinded: claim.BlindedMessage, Signature: m.BlindSignature},
			Params: [32]byte(params.Sum(nil)),
			Code:   issuance.CodeAnswer,
			Field:  "blind_signature",
		}},
	}, nil
}

// ExecuteAnswerClaim records the answer.
func (k *Keeper) ExecuteAnswerClaim(_ ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
	m := tx.Message.(*issuancev1.AnswerClaim)
	id := [32]byte(m.ElectionId)
	def, issued, claim, err := k.openClaim(w, id, m)
	if err != nil {
		return err
	}
	w.Delete(openClaimKey(id, issuerOf(def, issued, m.Member), claim.Height, m.Entry))
	claim.Answer = m.BlindSignature
	w.Set(claimKey(id, m.Entry, m.Member), ledger.MustEncode(claim))
	return nil
}

// openClaim finds the claim that a message answers.
func (k *Keeper) openClaim(r ledger.Reader, id [32]byte, m *issuancev1.AnswerClaim) (*electionv1.Definition, *issuancev1.Issued, *issuancev1.Claim, error) {
	def, issued, err := k.record(r, id, m.Entry, m.Member)
	if err != nil {
		return nil, nil, nil, err
	}
	claim, ok := k.Claim(r, id, m.Entry, m.Member)
	if !ok {
		return nil, nil, nil, issuance.CodeNoClaim.Refuse("member", "member %d was not asked for entry %x", m.Member, m.Entry)
	}
	if len(claim.Answer) != 0 {
		return nil, nil, nil, issuance.CodeAnswered.Refuse("member", "member %d has answered for entry %x", m.Member, m.Entry)
	}
	return def, issued, claim, nil
}
