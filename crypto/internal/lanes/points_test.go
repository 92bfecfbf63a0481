//go:build amd64 && !purego

package lanes

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// drawCoordinates draws four unrelated elements: the formulas below hold for
// points and for anything else.
func drawCoordinates(r *rand.Rand, limb func(*rand.Rand) uint64) (c Coordinates) {
	for i := range c {
		for k := range c[i] {
			c[i][k] = limb(r)
		}
	}
	return c
}

func (c *Coordinates) at(k int) Limbs { return Limbs{c[0][k], c[1][k], c[2][k], c[3][k], c[4][k]} }

// expect holds four elements to integers, and their limbs to what the next
// multiplication may take.
func expect(t *testing.T, what string, got *Coordinates, want [4]*big.Int) {
	t.Helper()
	for k := range want {
		limbs := got.at(k)
		for _, limb := range limbs {
			if limb >= 1<<51+1<<15 {
				t.Fatalf("%s: limb %x is too large to be multiplied", what, limb)
			}
		}
		if modulo(number(limbs)).Cmp(modulo(want[k])) != 0 {
			t.Fatalf("%s: element %d is %v, want %x", what, k, limbs, want[k])
		}
	}
}

func product(a, b *big.Int) *big.Int    { return new(big.Int).Mul(a, b) }
func sum(a, b *big.Int) *big.Int        { return new(big.Int).Add(a, b) }
func difference(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }

// TestAdditionsAgreeWithIntegers holds additions to their formulas at the ends
// of what limbs may be, with each half negated and not.
func TestAdditionsAgreeWithIntegers(t *testing.T) {
	if missing(t) {
		return
	}
	r := rand.New(rand.NewPCG(13, 14))
	for i := range 2000 {
		negative := []uint64{0, 0x0f, 0xf0, 0xff}[i%4]
		old := [2]Coordinates{drawCoordinates(r, drawLimb), drawCoordinates(r, drawLimb)}
		prepared := [2]Coordinates{drawCoordinates(r, drawLimb), drawCoordinates(r, drawLimb)}
		got := old
		addPair(&got[0], &got[1], &prepared[0], &prepared[1], negative)
		for h := range got {
			var a, p [4]*big.Int
			for k := range a {
				a[k], p[k] = number(old[h].at(k)), number(prepared[h].at(k))
			}
			if negative>>(4*h)&1 == 1 {
				p[0], p[1] = p[1], p[0]
				p[3].Neg(p[3])
			}
			e1, e2 := product(difference(a[1], a[0]), p[0]), product(sum(a[1], a[0]), p[1])
			e3, e4 := product(a[3], p[3]), product(a[2], p[2])
			e, f, g, hh := difference(e2, e1), difference(e4, e3), sum(e4, e3), sum(e2, e1)
			expect(t, "sum", &got[h], [4]*big.Int{product(e, f), product(g, hh), product(f, g), product(e, hh)})
		}
	}
}

// TestPreparedPointsAgreeWithIntegers: points of other packages come with limbs
// of up to 61 bits.
func TestPreparedPointsAgreeWithIntegers(t *testing.T) {
	if missing(t) {
		return
	}
	r := rand.New(rand.NewPCG(15, 16))
	wide := func(r *rand.Rand) uint64 {
		switch r.IntN(4) {
		case 0:
			return 1<<61 - 1
		case 1:
			return r.Uint64() >> 3
		}
		return drawLimb(r)
	}
	d2 := number(factors.at(3))
	for range 2000 {
		in := [2]Coordinates{drawCoordinates(r, wide), drawCoordinates(r, wide)}
		var out [2]Coordinates
		preparePair(&out[0], &out[1], &in[0], &in[1], &factors)
		for h := range in {
			x, y, z, tt := number(in[h].at(0)), number(in[h].at(1)), number(in[h].at(2)), number(in[h].at(3))
			expect(t, "prepared point", &out[h], [4]*big.Int{difference(y, x), sum(y, x), sum(z, z), product(tt, d2)})
		}
	}
}
