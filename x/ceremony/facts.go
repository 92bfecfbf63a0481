package ceremony

import (
	"bytes"
	"fmt"

	"github.com/urna-vote/urna/crypto/dleq"
	"github.com/urna-vote/urna/crypto/threshold"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
)

// DealFact states that what a dealer published is a deal.
type DealFact struct {
	params threshold.Params
	dealer int
	deal   *threshold.Deal
}

// NewDealFact states it of a dealer's deal.
func NewDealFact(params threshold.Params, dealer uint32, deal *threshold.Deal) *DealFact {
	return &DealFact{params: params, dealer: int(dealer), deal: deal}
}

// Verify checks the deal.
func (f *DealFact) Verify() error { return threshold.VerifyDeal(f.params, f.dealer, f.deal) }

// BadDealFact states the opposite: it is what evidence of a bad deal claims.
type BadDealFact struct{ deal DealFact }

// NewBadDealFact states it of a dealer's deal.
func NewBadDealFact(params threshold.Params, dealer uint32, deal *threshold.Deal) *BadDealFact {
	return &BadDealFact{deal: *NewDealFact(params, dealer, deal)}
}

// Verify checks that the deal does not verify.
func (f *BadDealFact) Verify() error {
	if f.deal.Verify() == nil {
		return fmt.Errorf("check evidence: the deal is right")
	}
	return nil
}

// SharesFact states that shares in the clear fit a dealer's commitments.
type SharesFact struct {
	params           threshold.Params
	dealer, receiver int
	commitments      []byte
	shares           []byte
}

// NewSharesFact states it of a dealer's published shares for a receiver.
func NewSharesFact(params threshold.Params, dealer, receiver uint32, commitments, shares []byte) *SharesFact {
	return &SharesFact{params: params, dealer: int(dealer), receiver: int(receiver), commitments: bytes.Clone(commitments), shares: shares}
}

// Verify checks the shares.
func (f *SharesFact) Verify() error {
	_, err := threshold.VerifyShares(f.params, f.dealer, f.receiver, f.commitments, f.shares)
	return err
}

// DrillFact states that a trustee decrypted the drill ciphertext.
type DrillFact struct {
	chainID string
	where   Where
	key     *ceremonyv1.ElectionKey
	trustee uint32
	answer  *DrillAnswer
}

// NewDrillFact states it of a trustee's answer under a key.
func NewDrillFact(chainID string, where Where, key *ceremonyv1.ElectionKey, trustee uint32, answer *DrillAnswer) *DrillFact {
	return &DrillFact{chainID: chainID, where: where, key: key, trustee: trustee, answer: answer}
}

// Verify checks the answer.
func (f *DrillFact) Verify() error {
	st, err := DrillStatement(f.chainID, f.where, f.key, f.trustee, f.answer.Points)
	if err != nil {
		return err
	}
	return dleq.Verify(st, f.answer.Proof)
}
