package issuance

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/blindtoken"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
)

const (
	// MaxClaimBytes limits ClaimSignature and AnswerClaim.
	MaxClaimBytes = blindtoken.LargeBits/8 + 128
	// SilentAfter is the number of blocks after which a member that has not
	// answered a claim counts as silent.
	SilentAfter = 100
)

// DecodeClaimSignature decodes the message.
func DecodeClaimSignature(body []byte) (*issuancev1.ClaimSignature, error) {
	return ledger.DecodeStrict[issuancev1.ClaimSignature](body, MaxClaimBytes)
}

// ValidateClaimSignature sees the message alone: election_id, entry,
// blinded_message (a length).
func ValidateClaimSignature(m *issuancev1.ClaimSignature) error {
	return validateClaim(m.ElectionId, m.Entry, "blinded_message", m.BlindedMessage)
}

// DecodeAnswerClaim decodes the message.
func DecodeAnswerClaim(body []byte) (*issuancev1.AnswerClaim, error) {
	return ledger.DecodeStrict[issuancev1.AnswerClaim](body, MaxClaimBytes)
}

// ValidateAnswerClaim sees the message alone: election_id, entry,
// blind_signature (a length).
func ValidateAnswerClaim(m *issuancev1.AnswerClaim) error {
	return validateClaim(m.ElectionId, m.Entry, "blind_signature", m.BlindSignature)
}

func validateClaim(election, entry []byte, field string, number []byte) error {
	if err := validateElection(election); err != nil {
		return err
	}
	if len(entry) != roll.EntryBytes {
		return CodeMalformed.Refuse("entry", "%d bytes, needs %d", len(entry), roll.EntryBytes)
	}
	if n := len(number); n != blindtoken.DefaultBits/8 && n != blindtoken.LargeBits/8 {
		return CodeMalformed.Refuse(field, "%d bytes are no number of an issuer's key", n)
	}
	return nil
}

// Answer is the fact that a blind signature is that of a blinded message.
type Answer struct {
	Modulus, Blinded, Signature []byte
}

var _ ledger.Fact = Answer{}

// Verify checks the signature.
func (a Answer) Verify() error {
	key, err := blindtoken.DecodePublicKey(a.Modulus)
	if err != nil {
		return fmt.Errorf("read modulus: %w", err)
	}
	return key.CheckAnswer(a.Blinded, a.Signature)
}
