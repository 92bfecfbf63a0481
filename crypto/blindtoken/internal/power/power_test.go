//go:build amd64 && !purego

package power_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/urna-vote/urna/crypto/blindtoken/internal/power"
)

var exponent = big.NewInt(65537)

// drawModulus draws an odd number of 2,048 bits, now and then of long runs of
// equal bits, where carries run far.
func drawModulus(r *rand.Rand) *big.Int {
	b := make([]byte, power.Size)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	switch r.IntN(4) {
	case 0:
		for i := range b[:200] {
			b[i] = 0xff
		}
	case 1:
		clear(b[1:250])
	}
	b[0] |= 0x80
	b[power.Size-1] |= 1
	return new(big.Int).SetBytes(b)
}

func TestPowerAgreesWithIntegers(t *testing.T) {
	if !power.Available() {
		t.Log("this machine has no AVX-512 IFMA")
		return
	}
	r := rand.New(rand.NewPCG(1, 2))
	one := big.NewInt(1)
	for range 60 {
		n := drawModulus(r)
		m := power.NewModulus(n)
		below := new(big.Int).Sub(n, one)
		for _, s := range []*big.Int{
			new(big.Int), one, big.NewInt(2), below, n, new(big.Int).Add(n, one), new(big.Int).Rsh(n, 1),
			new(big.Int).Sub(new(big.Int).Lsh(one, 2048), one),
			new(big.Int).Mod(drawModulus(r), n), new(big.Int).Mod(drawModulus(r), n), new(big.Int).Mod(drawModulus(r), n),
		} {
			var in, out [power.Size]byte
			s.FillBytes(in[:])
			ok := m.Of(&out, &in)
			if want := s.Sign() > 0 && s.Cmp(n) < 0; ok != want {
				t.Fatalf("%x modulo %x: accepted %t, want %t", s, n, ok, want)
			}
			if !ok {
				if out != [power.Size]byte{} {
					t.Fatal("a refused number has a power")
				}
				continue
			}
			if want := new(big.Int).Exp(s, exponent, n); new(big.Int).SetBytes(out[:]).Cmp(want) != 0 {
				t.Fatalf("%x modulo %x: power is %x, want %x", s, n, out, want)
			}
		}
	}
}

func BenchmarkPower(b *testing.B) {
	if !power.Available() {
		return
	}
	r := rand.New(rand.NewPCG(3, 4))
	n := drawModulus(r)
	m := power.NewModulus(n)
	s := new(big.Int).Rsh(n, 1)
	var in, out [power.Size]byte
	s.FillBytes(in[:])
	b.Run("lanes", func(b *testing.B) {
		for b.Loop() {
			m.Of(&out, &in)
		}
	})
	b.Run("big", func(b *testing.B) {
		for b.Loop() {
			new(big.Int).Exp(s, exponent, n)
		}
	})
}

func TestPowersModuloPrimesAgreeWithIntegers(t *testing.T) {
	if !power.Available() {
		t.Log("this machine has no AVX-512 IFMA")
		return
	}
	r := rand.New(rand.NewPCG(5, 6))
	one := big.NewInt(1)
	draw := func() *big.Int { return new(big.Int).Rsh(drawModulus(r), 1024) }
	top := new(big.Int).Lsh(one, 1023)
	for range 30 {
		p := draw()
		p.Or(p, one).Or(p, top)
		for _, d := range []*big.Int{new(big.Int), one, big.NewInt(16), draw(), new(big.Int).Sub(p, one), new(big.Int).Rsh(draw(), 900)} {
			prime := power.NewPrime(p, d)
			for _, s := range []*big.Int{new(big.Int), one, new(big.Int).Sub(p, one), p, drawModulus(r)} {
				if got, want := prime.Of(s), new(big.Int).Exp(s, d, p); got.Cmp(want) != 0 {
					t.Fatalf("%x to the %x modulo %x is %x, want %x", s, d, p, got, want)
				}
			}
		}
	}
	p := draw()
	if p.Or(p, one).SetBit(p, 1023, 0); power.NewPrime(p, one) != nil {
		t.Error("a prime of fewer bits is prepared")
	}
}

func TestPrimeNeverPrintsItself(t *testing.T) {
	if !power.Available() {
		t.Log("this machine has no AVX-512 IFMA")
		return
	}
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 1024), big.NewInt(105))
	prime := power.NewPrime(p, big.NewInt(0x123456789))
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%d", "%s"} {
		if text := fmt.Sprintf(verb, prime); text != "power.Prime(redacted)" {
			t.Errorf("%s prints %q", verb, text)
		}
	}
}

func BenchmarkPrime(b *testing.B) {
	if !power.Available() {
		return
	}
	r := rand.New(rand.NewPCG(7, 8))
	p := new(big.Int).Rsh(drawModulus(r), 1024)
	p.SetBit(p, 1023, 1).SetBit(p, 0, 1)
	d := new(big.Int).Rsh(p, 1)
	prime := power.NewPrime(p, d)
	b.Run("lanes", func(b *testing.B) {
		for b.Loop() {
			prime.Of(d)
		}
	})
	b.Run("big", func(b *testing.B) {
		for b.Loop() {
			new(big.Int).Exp(d, d, p)
		}
	})
}
