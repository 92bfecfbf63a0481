package blindtoken_test

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"github.com/urna-vote/urna/crypto/blindtoken"
)

func proven(t *testing.T, k *blindtoken.PrivateKey) (blindtoken.KeyContext, []byte) {
	t.Helper()
	c := blindtoken.KeyContext{Scope: scope(), Issuer: [32]byte{1}}
	proof, err := blindtoken.ProveKey(k, c)
	if err != nil {
		t.Fatal(err)
	}
	return c, proof
}

func TestKeyProofHoldsOnlyInItsContext(t *testing.T) {
	k := keys(t)[0]
	c, proof := proven(t, k)
	for name, change := range map[string]func(*blindtoken.KeyContext){
		"chain":    func(c *blindtoken.KeyContext) { c.ChainID = "other-0011223344556677" },
		"election": func(c *blindtoken.KeyContext) { c.Election[0] ^= 1 },
		"class":    func(c *blindtoken.KeyContext) { c.Class++ },
		"panel":    func(c *blindtoken.KeyContext) { c.Panel++ },
		"issuer":   func(c *blindtoken.KeyContext) { c.Issuer[31] ^= 1 },
	} {
		other := c
		change(&other)
		if err := blindtoken.VerifyKey(k.Public(), other, proof); !errors.Is(err, blindtoken.ErrKeyProof) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	if err := blindtoken.VerifyKey(keys(t)[1].Public(), c, proof); err == nil {
		t.Error("proof of another key holds")
	}
}

func TestKeyProofHoldsNoWrongRoot(t *testing.T) {
	k := keys(t)[0]
	c, proof := proven(t, k)
	size := k.Public().Size()
	for i := range blindtoken.Roots {
		bad := bytes.Clone(proof)
		bad[(i+1)*size-1] ^= 1
		if err := blindtoken.VerifyKey(k.Public(), c, bad); !errors.Is(err, blindtoken.ErrKeyProof) {
			t.Errorf("root %d: %v", i+1, err)
		}
		copy(bad[i*size:], k.Public().Encode())
		if err := blindtoken.VerifyKey(k.Public(), c, bad); !errors.Is(err, blindtoken.ErrEncoding) {
			t.Errorf("root %d is the modulus: %v", i+1, err)
		}
	}
	for _, bad := range [][]byte{nil, proof[:8*size], proof[1:], append(bytes.Clone(proof), 0)} {
		if err := blindtoken.VerifyKey(k.Public(), c, bad); !errors.Is(err, blindtoken.ErrEncoding) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

type badModuli struct {
	NoPermutation struct{ P, Q string } `json:"no_permutation"`
	Prime         string                `json:"prime"`
	Divisible     string                `json:"divisible_by_65537"`
}

func decode(t *testing.T, n *big.Int) *blindtoken.PublicKey {
	t.Helper()
	k, err := blindtoken.DecodePublicKey(n.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeysThatAreObviouslyWrongAreRefused(t *testing.T) {
	var bad badModuli
	readJSON(t, "testdata/bad_moduli.json", &bad)
	c := blindtoken.KeyContext{Scope: scope()}
	for name, n := range map[string]string{"prime": bad.Prime, "divisible by 65537": bad.Divisible} {
		k := decode(t, integer(t, n))
		if err := blindtoken.VerifyKey(k, c, make([]byte, blindtoken.Roots*256)); !errors.Is(err, blindtoken.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The modulus is pq with p = 1 mod e, so that x^e hits only one unit in 65,537
// and an issuer could tell blinded messages apart. It answers with true roots
// where they exist, and cannot where they do not.
func TestAModulusThatIsNoPermutationCannotBeProven(t *testing.T) {
	var bad badModuli
	readJSON(t, "testdata/bad_moduli.json", &bad)
	p, q := integer(t, bad.NoPermutation.P), integer(t, bad.NoPermutation.Q)
	e, one := big.NewInt(blindtoken.Exponent), big.NewInt(1)
	cofactor, rest := new(big.Int).QuoRem(new(big.Int).Sub(p, one), e, new(big.Int))
	if rest.Sign() != 0 {
		t.Fatal("the modulus of the test is a permutation")
	}
	k := decode(t, new(big.Int).Mul(p, q))
	for panel := range uint32(3) {
		c := blindtoken.KeyContext{Scope: scope()}
		c.Panel = panel
		withRoot := 0
		for _, v := range blindtoken.KeyProofValues(c, k) {
			if new(big.Int).Exp(v, cofactor, p).Cmp(one) == 0 {
				withRoot++
			}
		}
		if withRoot == blindtoken.Roots {
			t.Fatalf("panel %d: all values have a root, which happens once in 2^144", panel)
		}
		guess := bytes.Repeat(append(make([]byte, 255), 3), blindtoken.Roots)
		if err := blindtoken.VerifyKey(k, c, guess); !errors.Is(err, blindtoken.ErrKeyProof) {
			t.Errorf("panel %d: %v", panel, err)
		}
	}
}
