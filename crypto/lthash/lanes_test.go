package lthash

import (
	"math/rand/v2"
	"testing"
)

func TestLanesOfAMachineAreThoseOfAny(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 7))
	for range 200 {
		var a, b [words]uint64
		var from [Size]byte
		for i := range a {
			a[i] = rng.Uint64()
		}
		for i := range from {
			from[i] = byte(rng.Uint32())
		}
		b = a
		addLanes(&a, &from)
		addLanesGeneric(&b, &from)
		if a != b {
			t.Fatal("sums differ")
		}
		subtractLanes(&a, &from)
		subtractLanes(&a, &from)
		subtractLanesGeneric(&b, &from)
		subtractLanesGeneric(&b, &from)
		if a != b {
			t.Fatal("differences differ")
		}
	}
}
