//go:build amd64 && !purego

package lanes

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

var prime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))

// interesting limbs: the ends of what functions take, and anything between.
func drawLimb(r *rand.Rand) uint64 {
	switch r.IntN(6) {
	case 0:
		return 0
	case 1:
		return mask51
	case 2:
		return 1<<51 + 1<<15 - 1
	case 3:
		return r.Uint64N(4)
	}
	return r.Uint64N(1<<51 + 1<<15)
}

func draw(r *rand.Rand) (e Eight) {
	for i := range e {
		for l := range e[i] {
			e[i][l] = drawLimb(r)
		}
	}
	return e
}

func number(x Limbs) *big.Int {
	sum := new(big.Int)
	for i := 4; i >= 0; i-- {
		sum.Lsh(sum, 51).Add(sum, new(big.Int).SetUint64(x[i]))
	}
	return sum
}

func modulo(n *big.Int) *big.Int { return n.Mod(n, prime) }

// missing says that there is nothing to test here: the machine lacks the
// instructions, and package group does not use this one.
func missing(t testing.TB) bool {
	t.Helper()
	if !Available() {
		t.Log("this machine has no AVX-512 IFMA")
	}
	return !Available()
}

// TestLanesAgreeWithIntegers holds every operation to math/big, at the ends of
// what limbs may be too.
func TestLanesAgreeWithIntegers(t *testing.T) {
	if missing(t) {
		return
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		a, b := draw(r), draw(r)
		times := 1 + r.Uint64N(5)
		var product, power, sum, difference Eight
		mul(&product, &a, &b)
		square(&power, &a, times)
		sum.add(&a, &b)
		difference.sub(&a, &b)
		for l := range 8 {
			x, y := number(a.at(l)), number(b.at(l))
			exponent := new(big.Int).Lsh(big.NewInt(1), uint(times))
			for name, pair := range map[string][2]any{
				"product": {product.at(l), new(big.Int).Mul(x, y)}, "power": {power.at(l), new(big.Int).Exp(x, exponent, prime)},
				"sum": {sum.at(l), new(big.Int).Add(x, y)}, "difference": {difference.at(l), new(big.Int).Sub(x, y)},
			} {
				got, want := pair[0].(Limbs), modulo(pair[1].(*big.Int))
				for i, limb := range got {
					if limb >= 1<<51+1<<15 {
						t.Fatalf("%s of %v and %v: limb %d is %d", name, a.at(l), b.at(l), i, limb)
					}
				}
				if number(got.reduced()).Cmp(want) != 0 {
					t.Fatalf("%s of %v and %v is %v, want %v", name, x, y, number(got.reduced()), want)
				}
			}
		}
	}
}

func TestReducedIsTheOneSmallNumber(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	check := func(x Limbs) {
		if got, want := number(x.reduced()), modulo(number(x)); got.Cmp(want) != 0 {
			t.Fatalf("%v reduces to %v, want %v", x, got, want)
		}
	}
	for d := range uint64(64) { // around the prime and around 2^255
		check(Limbs{mask51 - 40 + d, mask51, mask51, mask51, mask51})
		check(Limbs{d, 0, 0, 0, 1 << 51})
		check(Limbs{d})
	}
	for range 10000 {
		check(Limbs{drawLimb(r), drawLimb(r), drawLimb(r), drawLimb(r), drawLimb(r)})
	}
}

func TestInverseRootOfSquaresAndOthers(t *testing.T) {
	if missing(t) {
		return
	}
	r := rand.New(rand.NewPCG(5, 6))
	half := new(big.Int).Rsh(prime, 1)
	for range 100 {
		w := draw(r)
		for i := range w {
			w[i][3] = 0
		}
		var root, check Eight
		isSquare := root.inverseRoot(&w)
		square(&check, &root, 1)
		mul(&check, &check, &w)
		for l := range 8 {
			symbol := new(big.Int).Exp(number(w.at(l)), half, prime)
			if want := symbol.Cmp(big.NewInt(1)) == 0; want != (isSquare[l] == 1) {
				t.Fatalf("lane %d: square is %d, Euler's criterion says %t", l, isSquare[l], want)
			}
			if isSquare[l] == 1 && check.at(l).reduced() != one {
				t.Fatalf("lane %d: root² · w is %v", l, check.at(l).reduced())
			}
		}
	}
}

func BenchmarkEight(b *testing.B) {
	if missing(b) {
		return
	}
	r := rand.New(rand.NewPCG(7, 8))
	x, y := draw(r), draw(r)
	b.Run("product", func(b *testing.B) {
		for b.Loop() {
			mul(&x, &x, &y)
		}
	})
	b.Run("square", func(b *testing.B) {
		for b.Loop() {
			square(&x, &x, 1)
		}
	})
	b.Run("100 squares", func(b *testing.B) {
		for b.Loop() {
			square(&x, &x, 100)
		}
	})
	b.Run("sum", func(b *testing.B) {
		for b.Loop() {
			x.add(&x, &y)
		}
	})
	b.Run("decode", func(b *testing.B) {
		var in [8][32]byte
		var out [8]Point
		for b.Loop() {
			Decode(&in, &out)
		}
	})
}
