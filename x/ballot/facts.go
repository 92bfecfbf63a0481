package ballot

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/blindtoken"
)

// ProofFact states that a cast ballot keeps the rules of its form. Its points
// are decoded when it is verified.
type ProofFact struct {
	form      *Form
	cast      *Cast
	ballotKey [32]byte
}

// NewProofFact states it of a valid ballot of a key.
func NewProofFact(form *Form, cast *Cast, ballotKey [32]byte) *ProofFact {
	return &ProofFact{form: form, cast: cast, ballotKey: ballotKey}
}

// Verify checks the proof by itself.
func (f *ProofFact) Verify() error {
	claim, err := f.BallotClaim()
	if err != nil {
		return err
	}
	return bitproof.Verify(claim)
}

// BallotClaim lets many proofs be checked together. The error is the refusal of
// a ballot whose points or scalars are none.
func (f *ProofFact) BallotClaim() (bitproof.Claim, error) { return f.form.Claim(f.cast, f.ballotKey) }

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
