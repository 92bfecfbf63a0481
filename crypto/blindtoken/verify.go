package blindtoken

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha512"
	"fmt"

	"github.com/urna-vote/urna/crypto/blindtoken/internal/power"
)

var pssOptions = &rsa.PSSOptions{SaltLength: sha512.Size384, Hash: crypto.SHA384}

// Verify checks one member's signature over the message of a token.
func (k *PublicKey) Verify(message, signature []byte) error {
	if k.fast != nil {
		return k.verifyFast(message, signature)
	}
	if _, err := k.number(signature); err != nil {
		return fmt.Errorf("check token signature: %w", err)
	}
	if k.rsa.N.BitLen() != DefaultBits {
		return k.verifyLarge(message, signature)
	}
	return k.verifyLibrary(message, signature)
}

// verifyFast is Verify for 2,048 bits where the machine has wide registers.
func (k *PublicKey) verifyFast(message, signature []byte) error {
	if len(signature) != power.Size {
		return fmt.Errorf("check token signature: %d bytes where the modulus has %d: %w", len(signature), power.Size, ErrEncoding)
	}
	var encoded [power.Size]byte
	if !k.fast.Of(&encoded, (*[power.Size]byte)(signature)) {
		return fmt.Errorf("check token signature: number is zero or not below the modulus: %w", ErrEncoding)
	}
	if !encodes(&encoded, message) {
		return fmt.Errorf("check token signature: %w", ErrSignature)
	}
	return nil
}

// verifyLibrary is Verify by the standard library.
func (k *PublicKey) verifyLibrary(message, signature []byte) error {
	digest := sha512.Sum384(message)
	if err := rsa.VerifyPSS(k.rsa, crypto.SHA384, digest[:], signature, pssOptions); err != nil {
		return fmt.Errorf("check token signature: %w", ErrSignature)
	}
	return nil
}

func (k *PublicKey) verifyLarge(message, signature []byte) error {
	if err := k.verifier.Verify(message, signature); err != nil {
		return fmt.Errorf("check token signature: %w", ErrSignature)
	}
	return nil
}

// CheckAnswer checks a member's answer against the blinded message it was asked
// to sign, which anybody can do and which links nothing: answer^e = blinded.
func (k *PublicKey) CheckAnswer(blinded, answer []byte) error {
	z, err := k.number(blinded)
	if err != nil {
		return fmt.Errorf("check blinded message: %w", err)
	}
	s, err := k.number(answer)
	if err != nil {
		return fmt.Errorf("check blind signature: %w", err)
	}
	if k.power(s).Cmp(z) != 0 {
		return fmt.Errorf("check blind signature: %w", ErrSignature)
	}
	return nil
}

// VerifyToken checks a token: one signature of each member of the panel, in the
// panel's order, over the ballot key.
func VerifyToken(panel []*PublicKey, scope Scope, ballotKey [32]byte, signatures [][]byte) error {
	if len(panel) == 0 || len(signatures) != len(panel) {
		return fmt.Errorf("check token with %d signatures of a panel of %d: %w", len(signatures), len(panel), ErrPanel)
	}
	message := scope.Message(ballotKey)
	for i, key := range panel {
		if err := key.Verify(message, signatures[i]); err != nil {
			return fmt.Errorf("check token, panel member %d: %w", i+1, err)
		}
	}
	return nil
}
