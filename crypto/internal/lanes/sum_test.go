//go:build amd64 && !purego

package lanes

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestDigitsAreTheScalar puts scalars together again from their digits, at
// every width and at the largest scalars.
func TestDigitsAreTheScalar(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	order := [4]uint64{0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 1 << 60}
	for w := 4; w <= 13; w++ {
		c := newCutting(w)
		for i := range 200 {
			scalar := [4]uint64{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64() >> 3}
			switch i {
			case 0:
				scalar = order
			case 1:
				scalar = [4]uint64{}
			case 2:
				scalar = [4]uint64{^uint64(0), ^uint64(0), ^uint64(0), 1<<61 - 1}
			}
			shifted := c.shift(&scalar)
			got := new(big.Int)
			for window := c.windows - 2; window >= 0; window -= 2 {
				low, high := c.digits(&shifted, window)
				for _, digit := range []int{high, low} {
					if digit < -1<<(w-1) || digit > 1<<(w-1) {
						t.Fatalf("width %d: digit %d has no bucket", w, digit)
					}
					got.Lsh(got, uint(w)).Add(got, big.NewInt(int64(digit)))
				}
			}
			want := new(big.Int)
			for k := 3; k >= 0; k-- {
				want.Lsh(want, 64).Add(want, new(big.Int).SetUint64(scalar[k]))
			}
			if got.Cmp(want) != 0 {
				t.Fatalf("width %d: digits of %v make %v", w, want, got)
			}
		}
	}
}

// TestEmptySumIsNeutral is the one sum that callers of package group never ask for.
func TestEmptySumIsNeutral(t *testing.T) {
	if missing(t) {
		return
	}
	sum := Sum(nil, nil, new(Scratch))
	if sum.X.reduced() != (Limbs{}) || sum.T.reduced() != (Limbs{}) || sum.Y.reduced() != sum.Z.reduced() {
		t.Errorf("the empty sum is %v", sum)
	}
}
