package blindtoken

import (
	"crypto/sha3"
	"fmt"
	"math/big"
	"sync"

	"github.com/urna-vote/urna/crypto/transcript"
)

// Roots is the number of e-th roots in a key proof: 65,537^-9 < 2^-144.
const Roots = 9

// KeyContext is what a modulus is registered for.
type KeyContext struct {
	Scope
	Issuer [32]byte // the operator key of the issuer
}

// ProveKey proves that the holder knows the private key and that blinding under
// it hides everything. The proof is Roots numbers of the length of the modulus,
// joined.
func ProveKey(k Signer, context KeyContext) ([]byte, error) {
	public := k.Public()
	proof := make([]byte, 0, Roots*public.Size())
	for i, v := range context.values(public) {
		root, err := k.Sign(v.FillBytes(make([]byte, public.Size())))
		if err != nil {
			return nil, fmt.Errorf("prove issuer key, root %d: %w", i+1, err)
		}
		proof = append(proof, root...)
	}
	return proof, nil
}

// VerifyKey checks a key proof.
func VerifyKey(k *PublicKey, context KeyContext, proof []byte) error {
	size := k.Size()
	if len(proof) != Roots*size {
		return fmt.Errorf("check key proof of %d bytes, need %d: %w", len(proof), Roots*size, ErrEncoding)
	}
	if p := smallFactor(k.rsa.N); p != 0 {
		return fmt.Errorf("check issuer key: modulus is divisible by %d: %w", p, ErrKey)
	}
	// Zero rounds leave the Baillie-PSW test, which is deterministic.
	if k.rsa.N.ProbablyPrime(0) {
		return fmt.Errorf("check issuer key: modulus is prime: %w", ErrKey)
	}
	one := big.NewInt(1)
	for i, v := range context.values(k) {
		if new(big.Int).GCD(nil, nil, v, k.rsa.N).Cmp(one) != 0 {
			return fmt.Errorf("check issuer key: value %d shares a factor with the modulus: %w", i+1, ErrKey)
		}
		root, err := k.number(proof[i*size : (i+1)*size])
		if err != nil {
			return fmt.Errorf("check key proof, root %d: %w", i+1, err)
		}
		if k.power(root).Cmp(v) != 0 {
			return fmt.Errorf("check key proof, root %d: %w", i+1, ErrKeyProof)
		}
	}
	return nil
}

// values are the numbers whose roots prove the key.
func (c KeyContext) values(k *PublicKey) [Roots]*big.Int {
	t := transcript.New(keyProofLabel, c.ChainID, c.Election)
	t.AppendUint64(uint64(c.Class))
	t.AppendUint64(uint64(c.Panel))
	t.Append(c.Issuer[:])
	t.Append(k.Encode())
	seed := t.Sum()

	var values [Roots]*big.Int
	for i := range values {
		wide := sha3.SumSHAKE256(transcript.JoinFields(seed[:], number(uint64(i+1))), k.Size()+32)
		v := new(big.Int).SetBytes(wide)
		values[i] = v.Mod(v, k.rsa.N)
	}
	return values
}

// smallFactor is the smallest prime up to the exponent that divides n, or 0.
func smallFactor(n *big.Int) int64 {
	var p, rest big.Int
	for _, prime := range smallPrimes() {
		if rest.Rem(n, p.SetInt64(prime)); rest.Sign() == 0 {
			return prime
		}
	}
	return 0
}

// smallPrimes are the primes up to and including the exponent.
var smallPrimes = sync.OnceValue(func() []int64 {
	composite := make([]bool, Exponent+1)
	var primes []int64
	for n := 2; n <= Exponent; n++ {
		if composite[n] {
			continue
		}
		primes = append(primes, int64(n))
		for m := n * n; m <= Exponent; m += n {
			composite[m] = true
		}
	}
	return primes
})
