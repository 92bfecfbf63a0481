package blindtoken

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"fmt"
	"math/big"
)

// Signer is a private key wherever it is: a *PrivateKey, or one that never
// leaves a hardware module. An e-th root modulo N is all that an issuer ever
// makes with it. Sign answers with a checked root, always the same for a number.
type Signer interface {
	Public() *PublicKey
	Sign(blinded []byte) ([]byte, error)
}

var _ Signer = (*PrivateKey)(nil)

// Sign signs a blinded message. The answer is a function of key and message
// alone: asking again gives the same bytes. It is checked before it is returned,
// since a faulty one would reveal the key.
func (k *PrivateKey) Sign(blinded []byte) ([]byte, error) {
	z, err := k.public.number(blinded)
	if err != nil {
		return nil, fmt.Errorf("sign blinded message: %w", err)
	}
	s, err := k.root(z)
	if err != nil {
		return nil, fmt.Errorf("sign blinded message: %w", err)
	}
	return s.FillBytes(make([]byte, k.public.Size())), nil
}

// SignMessage signs the message of a token in the open, RSASSA-PSS with the
// token's parameters and a fresh salt: signatures are distributed as those that
// devices unblind, since a device's salt and an issuer's are both uniform. The
// issuer sees what it signs, so it is for programs that play voter and issuer
// at once, to make load; a gateway must never call it.
func (k *PrivateKey) SignMessage(message []byte) ([]byte, error) {
	if k.public.fast == nil || k.fastP == nil || k.fastQ == nil {
		digest := sha512.Sum384(message)
		signature, err := rsa.SignPSS(rand.Reader, k.rsa, crypto.SHA384, digest[:], pssOptions)
		if err != nil {
			return nil, fmt.Errorf("sign token message: %w", err)
		}
		return signature, nil
	}
	var salt [sha512.Size384]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return nil, fmt.Errorf("sign token message: draw salt: %w", err)
	}
	em := encode(message, &salt)
	signature := k.crt(new(big.Int).SetBytes(em[:])).FillBytes(make([]byte, k.public.Size()))
	if err := k.public.Verify(message, signature); err != nil {
		return nil, fmt.Errorf("sign token message: result does not check, a fault of the machine: %w", err)
	}
	return signature, nil
}

// root is the e-th root of z by the Chinese remainder theorem, four times as fast
// as one exponentiation modulo N. The input is multiplied by the e-th power of a
// random number first, so that the time it takes says nothing about input or
// primes that a caller could choose; the randomness does not reach the result.
func (k *PrivateKey) root(z *big.Int) (*big.Int, error) {
	n := k.rsa.N
	mask, unmask, err := k.mask()
	if err != nil {
		return nil, err
	}
	c := new(big.Int).Mul(z, k.public.power(mask))
	c.Mod(c, n)

	s := k.crt(c)
	s.Mul(s, unmask)
	s.Mod(s, n)
	if k.public.power(s).Cmp(z) != 0 {
		return nil, fmt.Errorf("result does not check, a fault of the machine: %w", ErrSignature)
	}
	return s, nil
}

// crt is c^d modulo N by way of the primes.
func (k *PrivateKey) crt(c *big.Int) *big.Int {
	p, q := k.rsa.Primes[0], k.rsa.Primes[1]
	var sp, sq *big.Int
	if k.fastP != nil && k.fastQ != nil {
		sp, sq = k.fastP.Of(c), k.fastQ.Of(c)
	} else {
		sp = new(big.Int).Exp(c, k.rsa.Precomputed.Dp, p)
		sq = new(big.Int).Exp(c, k.rsa.Precomputed.Dq, q)
	}
	s := new(big.Int).Sub(sp, sq)
	s.Mul(s, k.rsa.Precomputed.Qinv)
	s.Mod(s, p)
	s.Mul(s, q)
	return s.Add(s, sq)
}

func (k *PrivateKey) mask() (mask, inverse *big.Int, err error) {
	for {
		mask, err = rand.Int(rand.Reader, k.rsa.N)
		if err != nil {
			return nil, nil, fmt.Errorf("draw mask: %w", err)
		}
		if inverse = new(big.Int).ModInverse(mask, k.rsa.N); inverse != nil {
			return mask, inverse, nil
		}
	}
}
