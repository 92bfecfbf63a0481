package ballot

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/blindtoken"
)

// ProofFact states that a cast ballot keeps the rules of its form.
type ProofFact struct{ claim bitproof.Claim }

// NewProofFact states it of a claim made by Form.Claim.
func NewProofFact(claim bitproof.Claim) *ProofFact { return &ProofFact{claim: claim} }

// Verify checks the proof by itself.
func (f *ProofFact) Verify() error { return bitproof.Verify(f.claim) }

// BallotClaim lets many proofs be checked together.
func (f *ProofFact) BallotClaim() bitproof.Claim { return f.claim }

// TokenFact states that one member of a panel signed for a ballot key.
type TokenFact struct {
	key       *blindtoken.PublicKey
	message   []byte
	signature []byte
}

// NewTokenFact states that the key signed the token message.
func NewTokenFact(key *blindtoken.PublicKey, message, signature []byte) *TokenFact {
	return &TokenFact{key: key, message: message, signature: signature}
}

// Verify checks the signature.
func (f *TokenFact) Verify() error {
	if err := f.key.Verify(f.message, f.signature); err != nil {
		return fmt.Errorf("check token signature: %w", err)
	}
	return nil
}
