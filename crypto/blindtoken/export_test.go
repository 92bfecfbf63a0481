package blindtoken

import (
	"crypto/rsa"
	"io"
	"math/big"
)

// The published vectors have a modulus of 4,096 bits, which the ledger refuses,
// and randomness that no token secret yields.

func VectorKey(n *big.Int) (*PublicKey, error) {
	return newPublicKey(&rsa.PublicKey{N: n, E: Exponent})
}

func VectorPrivateKey(k *rsa.PrivateKey) (*PrivateKey, error) {
	public, err := newPublicKey(&k.PublicKey)
	k.Precompute()
	return &PrivateKey{rsa: k, public: public}, err
}

func VectorBlind(stream io.Reader, message []byte, key *PublicKey) (*Request, error) {
	return blind(stream, message, key)
}

func (k *PublicKey) VerifyWithLargePath(message, signature []byte) error {
	return k.verifyLarge(message, signature)
}

func (k *PublicKey) VerifyWithLibrary(message, signature []byte) error {
	if _, err := k.number(signature); err != nil {
		return err
	}
	return k.verifyLibrary(message, signature)
}

// WithoutWideRegisters is the key on a machine that has none.
func (k *PublicKey) WithoutWideRegisters() *PublicKey {
	plain := *k
	plain.fast = nil
	return &plain
}

// WithoutWideRegisters is the key on a machine that has none.
func (k *PrivateKey) WithoutWideRegisters() *PrivateKey {
	return &PrivateKey{rsa: k.rsa, public: k.public.WithoutWideRegisters()}
}

func KeyProofValues(c KeyContext, k *PublicKey) [Roots]*big.Int {
	return c.values(k)
}
