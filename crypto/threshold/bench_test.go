package threshold_test

import (
	"testing"

	"github.com/urna-vote/urna/crypto/threshold"
)

// A large ceremony: 20 trustees, 11 needed, 100 slots.
func large(b *testing.B) *ceremony {
	c := register(b, params(20, 11, 100))
	d, err := threshold.NewDealing(c.params, 1, c.seeds[0])
	if err != nil {
		b.Fatal(err)
	}
	deal, err := d.Deal(c.public)
	if err != nil {
		b.Fatal(err)
	}
	c.dealings, c.deals = []*threshold.Dealing{d}, []*threshold.Deal{deal}
	return c
}

func BenchmarkDeal(b *testing.B) {
	c := large(b)
	for b.Loop() {
		d, err := threshold.NewDealing(c.params, 1, c.seeds[0])
		if err != nil {
			b.Fatal(err)
		}
		if _, err := d.Deal(c.public); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyDeal(b *testing.B) {
	c := large(b)
	for b.Loop() {
		if err := threshold.VerifyDeal(c.params, 1, c.deals[0]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenShares(b *testing.B) {
	c := large(b)
	for b.Loop() {
		if _, err := threshold.OpenShares(c.params, 1, 7, c.deals[0], c.keys[6]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCombineTwentyDeals(b *testing.B) {
	c := large(b)
	var dealt []threshold.Dealt
	for d := 1; d <= 20; d++ {
		dealt = append(dealt, threshold.Dealt{Dealer: d, Commitments: c.commitments(1)})
	}
	for b.Loop() {
		if _, err := threshold.Combine(c.params, dealt); err != nil {
			b.Fatal(err)
		}
	}
}
