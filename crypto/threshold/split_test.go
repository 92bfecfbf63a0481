package threshold_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/urna-vote/urna/crypto/threshold"
)

func TestASplitKeyIsRebuiltFromAnyThresholdOfParts(t *testing.T) {
	p := params(5, 3, 2)
	d, err := threshold.Split(p, seed(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	key, err := threshold.SplitKey(p, d.Commitments(), d.Proofs())
	if err != nil {
		t.Fatal(err)
	}
	var parts []*threshold.KeyShare
	for j := 1; j <= 5; j++ {
		part, err := d.Part(j)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := threshold.KeyShareFromBytes(j, part.Reveal(), key.Verification[j-1]); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	r, ciphertext := encrypted(key.Slots)
	for _, chosen := range [][]int{{0, 1, 2}, {0, 2, 4}, {2, 3, 4}, {0, 1, 2, 3, 4}} {
		var some []*threshold.KeyShare
		var partials []threshold.Partial
		for _, j := range chosen {
			some = append(some, parts[j])
			partial, err := parts[j].Decrypt(r, upTo(2))
			if err != nil {
				t.Fatal(err)
			}
			partials = append(partials, partial)
		}
		whole, err := threshold.Assemble(p, some, key)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := whole.Decrypt(r, upTo(2))
		if err != nil || !decrypts(ciphertext, opened.Points) {
			t.Fatalf("the whole key does not decrypt: %v", err)
		}
		joined, err := threshold.CombinePartials(3, partials)
		if err != nil || !decrypts(ciphertext, joined) {
			t.Fatalf("the parts do not decrypt: %v", err)
		}
	}
	if _, err := threshold.Assemble(p, parts[:2], key); !errors.Is(err, threshold.ErrTooFew) {
		t.Errorf("two parts of three: %v", err)
	}
	reversed := slices.Clone(parts)
	slices.Reverse(reversed)
	if _, err := threshold.Assemble(p, reversed, key); !errors.Is(err, threshold.ErrIndex) {
		t.Errorf("parts out of order: %v", err)
	}
	other, err := threshold.Split(p, seed(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := other.Part(3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := threshold.Assemble(p, []*threshold.KeyShare{parts[0], parts[1], foreign}, key); !errors.Is(err, threshold.ErrKey) {
		t.Errorf("a part of another key: %v", err)
	}
}

func TestASplitIsNoDealAndADealNoSplit(t *testing.T) {
	c := deal(t, params(3, 2, 1))
	if _, err := threshold.SplitKey(c.params, c.deals[0].Commitments, c.deals[0].Proofs); !errors.Is(err, threshold.ErrPossession) {
		t.Errorf("a deal passes for a split: %v", err)
	}
	if _, err := c.dealings[0].Part(1); !errors.Is(err, threshold.ErrIndex) {
		t.Errorf("a part of a deal: %v", err)
	}
	d, err := threshold.Split(c.params, c.seeds[0])
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(d.Commitments(), c.deals[0].Commitments) {
		t.Error("split and deal of one seed are the same")
	}
	as := &threshold.Deal{Commitments: d.Commitments(), Proofs: d.Proofs(), Sealed: c.deals[0].Sealed}
	if err := threshold.VerifyDeal(c.params, 1, as); !errors.Is(err, threshold.ErrPossession) {
		t.Errorf("a split passes for a deal: %v", err)
	}
}
