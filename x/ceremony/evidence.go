package ceremony

import (
	"github.com/urna-vote/urna/crypto/threshold"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// MaxEvidenceBytes lets evidence hold the largest deal.
const MaxEvidenceBytes = MaxDealBytes + 512

// Accusation is decoded Evidence: a transaction said to be signed by a trustee
// for this attempt and wrong by itself.
type Accusation struct {
	Where   Where
	Raw     []byte
	refusal error
}

// Accused is what the transaction within evidence shows.
type Accused struct {
	Signer []byte
	Step   *Step
	// Signed states that the signer signed it.
	Signed *envelope.SignatureFact
}

// DecodeEvidence reads the body of Evidence.
func DecodeEvidence(body []byte) (any, error) {
	m, err := ledger.DecodeStrict[ceremonyv1.Evidence](body, MaxEvidenceBytes)
	if err != nil {
		return nil, CodeMalformed.Refuse("body", "%v", err)
	}
	a := &Accusation{Raw: m.Tx}
	a.Where, a.refusal = ReadWhere(m.Where)
	return a, nil
}

// ValidateEvidence checks which attempt the message speaks of. What is within is
// for Open, which costs more, when it is known that the attempt is running:
// evidence needs no signer, and anybody can send it.
func ValidateEvidence(_ ledger.Context, tx *ledger.Tx) error { return tx.Message.(*Accusation).refusal }

// Open reads the transaction within the evidence: it must hold, for this chain
// and this attempt, a signed message of a kind that trustees sign. What is no
// such message could be anybody's and proves nothing.
func (a *Accusation) Open(chainID string) (*Accused, error) {
	tx, err := envelope.Decode(a.Raw, chainID)
	if err != nil {
		return nil, CodeInnocent.Refuse("tx", "no transaction of this chain: %v", err)
	}
	kind, ok := FindKind(tx.Kind)
	if !ok || len(tx.Signer) == 0 {
		return nil, CodeInnocent.Refuse("tx.kind", "not a message that a trustee signs")
	}
	message, err := kind.Decode(tx.Body)
	if err != nil {
		return nil, CodeInnocent.Refuse("tx.body", "names no ceremony: %v", err)
	}
	step := message.(*Step)
	if step.Where != a.Where {
		return nil, CodeInnocent.Refuse("tx.where", "signed for another ceremony or attempt, or for none")
	}
	return &Accused{Signer: tx.Signer, Step: step, Signed: envelope.NewSignatureFact(tx)}, nil
}

// Fault says what would make the signer guilty: nothing more if the message is
// wrong by itself, a fact if it is a deal that does not verify, and ok false if
// neither can be.
func (a *Accused) Fault(params threshold.Params, signer uint32) (fact ledger.Fact, ok bool) {
	if a.Step.Refusal() != nil {
		return nil, true
	}
	if deal, is := a.Step.Message.(*ceremonyv1.Deal); is {
		return NewBadDealFact(params, signer, Deal(deal)), true
	}
	return nil, false
}
