package issuance

import (
	"bytes"
	"fmt"

	"github.com/urna-vote/urna/crypto/blindtoken"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/ledger"
)

// MaxRegisterBytes limits RegisterIssuerKey: a modulus and nine roots.
const MaxRegisterBytes = (blindtoken.Roots+1)*(blindtoken.LargeBits/8+4) + 128

// DecodeRegisterIssuerKey decodes the message.
func DecodeRegisterIssuerKey(body []byte) (*issuancev1.RegisterIssuerKey, error) {
	return ledger.DecodeStrict[issuancev1.RegisterIssuerKey](body, MaxRegisterBytes)
}

// ValidateRegisterIssuerKey sees the message alone: election_id, modulus (an
// encoding), roots (nine of its length).
func ValidateRegisterIssuerKey(m *issuancev1.RegisterIssuerKey) error {
	if err := validateElection(m.ElectionId); err != nil {
		return err
	}
	if _, err := blindtoken.DecodePublicKey(m.Modulus); err != nil {
		return CodeModulus.Refuse("modulus", "%v", err)
	}
	if len(m.Roots) != blindtoken.Roots {
		return CodeMalformed.Refuse("roots", "%d roots, needs %d", len(m.Roots), blindtoken.Roots)
	}
	for i, root := range m.Roots {
		if len(root) != len(m.Modulus) {
			return CodeMalformed.Refuse(fmt.Sprintf("roots[%d]", i), "%d bytes, the modulus has %d", len(root), len(m.Modulus))
		}
	}
	return nil
}

// NewRegisterIssuerKey makes the message that registers an issuer's key.
func NewRegisterIssuerKey(key blindtoken.Signer, context blindtoken.KeyContext, issuer uint32) (*issuancev1.RegisterIssuerKey, error) {
	proof, err := blindtoken.ProveKey(key, context)
	if err != nil {
		return nil, fmt.Errorf("prove issuer key: %w", err)
	}
	m := &issuancev1.RegisterIssuerKey{
		ElectionId: bytes.Clone(context.Election[:]),
		TokenClass: context.Class,
		Panel:      context.Panel,
		Issuer:     issuer,
		Modulus:    key.Public().Encode(),
	}
	for size := key.Public().Size(); len(proof) > 0; proof = proof[size:] {
		m.Roots = append(m.Roots, proof[:size:size])
	}
	return m, nil
}

// KeyProof is the fact that an issuer's key is proven for its context.
type KeyProof struct {
	Context blindtoken.KeyContext
	Modulus []byte
	Roots   [][]byte
}

var _ ledger.Fact = KeyProof{}

// KeyProofOf is the fact that RegisterIssuerKey claims; signer is the operator
// key.
func KeyProofOf(chainID string, m *issuancev1.RegisterIssuerKey, signer [32]byte) KeyProof {
	return KeyProof{
		Context: KeyContext(chainID, [32]byte(m.ElectionId), m.TokenClass, m.Panel, signer),
		Modulus: m.Modulus,
		Roots:   m.Roots,
	}
}

// Verify checks the proof.
func (p KeyProof) Verify() error {
	key, err := blindtoken.DecodePublicKey(p.Modulus)
	if err != nil {
		return fmt.Errorf("read modulus: %w", err)
	}
	return blindtoken.VerifyKey(key, p.Context, bytes.Join(p.Roots, nil))
}

func validateElection(id []byte) error {
	if len(id) != 32 {
		return CodeMalformed.Refuse("election_id", "%d bytes, needs 32", len(id))
	}
	return nil
}
