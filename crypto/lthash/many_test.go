package lthash_test

import (
	"math/rand/v2"
	"testing"

	"github.com/urna-vote/urna/crypto/lthash"
)

// Every number of pairs and every length around those at which the way to hash
// them changes, in one mixture after the other.
func TestManyPairsTogetherAreThePairsOneByOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 14))
	long := make([]byte, 4096)
	for i := range long {
		long[i] = byte(rng.Uint32())
	}
	sizes := []int{0, 1, 8, 41, 42, 43, 50, 105, 106, 107, 170, 234, 1001, 1002, 1003, 2000}
	for n := range 300 {
		var a lthash.Adder
		var h lthash.Hash
		for range n % 67 {
			size := sizes[rng.IntN(len(sizes))]
			if n%2 == 0 {
				size = 43 + rng.IntN(64) // as nearly all are
			}
			from := rng.IntN(len(long) - size)
			cut := from + rng.IntN(size+1)
			a.Add(long[from:cut], long[cut:from+size])
			h.Add(long[from:cut], long[cut:from+size])
		}
		if sum := a.Sum(); !sum.Equal(&h) {
			t.Fatalf("mixture %d: %d pairs have another digest together", n, n%67)
		}
	}
}

// What was added stays when the sum is asked for in between.
func TestAnAdderGoesOnAfterItsSum(t *testing.T) {
	var a lthash.Adder
	var h lthash.Hash
	for i := range byte(100) {
		a.Add([]byte{1, i}, []byte("value"))
		h.Add([]byte{1, i}, []byte("value"))
		if sum := a.Sum(); !sum.Equal(&h) {
			t.Fatalf("the sum of %d pairs is wrong", i+1)
		}
	}
}

func BenchmarkAddMany(b *testing.B) {
	key, value := make([]byte, 33), make([]byte, 17)
	b.Run("one", func(b *testing.B) {
		var h lthash.Hash
		for b.Loop() {
			key[1]++
			h.Add(key, value)
		}
	})
	b.Run("many", func(b *testing.B) {
		var a lthash.Adder
		for b.Loop() {
			key[1]++
			a.Add(key, value)
		}
	})
}
