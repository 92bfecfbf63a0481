package bitproof_test

import (
	cryptorand "crypto/rand"
	"testing"

	"github.com/urna-vote/urna/crypto/bitproof"
)

// objectsEach that a ballot of ten options may cost: one for each of its fifteen
// scalars where the library computes.
var objectsEach = 15.5

// A batch takes its memory at once: more ballots cost no more objects.
func TestABatchAllocatesNothingForEachBallot(t *testing.T) {
	st, bits := oneOf(t, 10, 3)
	claim := throughWire(t, mustProve(t, st, bits))
	allocated := func(n int) float64 {
		claims := make([]bitproof.Claim, n)
		for i := range claims {
			claims[i] = claim
		}
		return testing.AllocsPerRun(5, func() {
			if bad := bitproof.VerifyBatch(cryptorand.Reader, claims); len(bad) != 0 {
				t.Fatalf("good ballots %v are refused", bad)
			}
		})
	}
	few, many := allocated(64), allocated(256)
	if each := (many - few) / (256 - 64); each > objectsEach {
		t.Errorf("%.0f objects for 64 ballots, %.0f for 256: %.2f for each more", few, many, each)
	}
}
