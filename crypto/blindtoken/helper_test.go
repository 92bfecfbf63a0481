package blindtoken_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"sync"
	"testing"

	"github.com/urna-vote/urna/crypto/blindtoken"
)

func readJSON(t testing.TB, file string, into any) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func integer(t testing.TB, s string) *big.Int {
	t.Helper()
	v, ok := new(big.Int).SetString(s, 16)
	if !ok {
		t.Fatalf("not a number: %s", s)
	}
	return v
}

func fromPrimes(t testing.TB, p, q *big.Int) *rsa.PrivateKey {
	t.Helper()
	one := big.NewInt(1)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	return &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: blindtoken.Exponent},
		D:         new(big.Int).ModInverse(big.NewInt(blindtoken.Exponent), phi),
		Primes:    []*big.Int{p, q},
	}
}

var stored struct {
	sync.Mutex
	keys []*blindtoken.PrivateKey
}

// keys are the stored test keys: five of 2,048 bits, then one of 3,072.
func keys(t testing.TB) []*blindtoken.PrivateKey {
	t.Helper()
	stored.Lock()
	defer stored.Unlock()
	if stored.keys != nil {
		return stored.keys
	}
	var file struct {
		Keys []struct{ P, Q string }
	}
	readJSON(t, "testdata/keys.json", &file)
	for _, k := range file.Keys {
		der, err := x509.MarshalPKCS8PrivateKey(fromPrimes(t, integer(t, k.P), integer(t, k.Q)))
		if err != nil {
			t.Fatal(err)
		}
		private, err := blindtoken.ParsePKCS8(der)
		if err != nil {
			t.Fatal(err)
		}
		stored.keys = append(stored.keys, private)
	}
	return stored.keys
}

func scope() blindtoken.Scope {
	return blindtoken.Scope{ChainID: "test-0011223344556677", Election: [32]byte{1, 2, 3}, Class: 4, Panel: 5}
}

func secret(t testing.TB, first byte) *blindtoken.Secret {
	t.Helper()
	b := make([]byte, blindtoken.SecretSize)
	b[0] = first
	s, err := blindtoken.SecretFromBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
