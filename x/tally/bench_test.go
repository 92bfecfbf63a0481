package tally_test

import (
	"testing"

	"github.com/urna-vote/urna/crypto/group"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/tally"
)

// BenchmarkWrongResult is what a wrong Result of 1,000 slots and 8 trustees costs
// when it is the first, and when the opening of the sums is known.
func BenchmarkWrongResult(b *testing.B) {
	const slots, trustees = 1000, 8
	points := make([]byte, 0, slots*group.Size)
	for i := range slots {
		p := group.BaseMul(group.ScalarFromUint64(uint64(i + 1))).Encode()
		points = append(points, p[:]...)
	}
	units := &tallyv1.Units{Units: []*tallyv1.Unit{{Ballots: 10, R: points[:group.Size], C: points}}}
	var indices []uint32
	var shares []*tallyv1.DecryptionShare
	for j := range uint32(trustees) {
		indices = append(indices, j+1)
		shares = append(shares, &tallyv1.DecryptionShare{Partials: []*tallyv1.PartialDecryption{{Points: points, Proof: make([]byte, 96)}}})
	}
	result := &tallyv1.Result{ElectionId: make([]byte, 32), Trustees: indices, Units: []*tallyv1.UnitCounts{{Counts: append(make([]uint64, slots-1), 1)}}}
	hash := tally.OpeningHash("bench", [32]byte{}, 0, units, indices, shares)
	verify := func(b *testing.B, o *tally.Opening) {
		if tally.NewResultFact("bench", result, o).Verify() == nil {
			b.Fatal("accepted")
		}
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			verify(b, tally.NewOpening(hash, units, indices, shares))
		}
	})
	b.Run("further", func(b *testing.B) {
		o := tally.NewOpening(hash, units, indices, shares)
		verify(b, o)
		for b.Loop() {
			verify(b, o)
		}
	})
}
