package threshold_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/urna-vote/urna/crypto/threshold"
)

// Trustees 2 and 3 name one HPKE key. Whoever holds it opens each box in its own
// place only, so a box moved to the other's place, or to another dealer's name,
// opens for nobody.
func TestBoxesUnderASharedKeyOpenInTheirOwnPlaceOnly(t *testing.T) {
	c := register(t, params(3, 2, 2))
	shared := c.keys[1]
	c.public[2] = shared.Public()
	for d := 1; d <= 2; d++ {
		dealing, err := threshold.NewDealing(c.params, d, c.seeds[d-1])
		if err != nil {
			t.Fatal(err)
		}
		deal, err := dealing.Deal(c.public)
		if err != nil {
			t.Fatal(err)
		}
		c.dealings, c.deals = append(c.dealings, dealing), append(c.deals, deal)
	}
	first := c.deals[0]
	for _, receiver := range []int{2, 3} {
		if _, err := threshold.OpenShares(c.params, 1, receiver, first, shared); err != nil {
			t.Fatalf("receiver %d, own place: %v", receiver, err)
		}
	}
	refuses := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, threshold.ErrOpen) {
			t.Errorf("%s: %v", what, err)
		}
	}
	swapped := *first
	swapped.Sealed = slices.Clone(first.Sealed)
	swapped.Sealed[1], swapped.Sealed[2] = swapped.Sealed[2], swapped.Sealed[1]
	for _, receiver := range []int{2, 3} {
		_, err := threshold.OpenShares(c.params, 1, receiver, &swapped, shared)
		refuses("the other receiver's box", err)
	}
	copied := *c.deals[1]
	copied.Sealed = first.Sealed
	_, err := threshold.OpenShares(c.params, 2, 2, &copied, shared)
	refuses("another dealer's box", err)

	box, err := c.dealings[0].Reseal(3, shared.Public())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := threshold.OpenResealed(c.params, 1, 3, first, box, shared); err != nil {
		t.Fatalf("resealed, own place: %v", err)
	}
	_, err = threshold.OpenResealed(c.params, 1, 2, first, box, shared)
	refuses("a box resealed to the other", err)
	moved := *first
	moved.Sealed = slices.Clone(first.Sealed)
	moved.Sealed[2] = box
	_, err = threshold.OpenShares(c.params, 1, 3, &moved, shared)
	refuses("a resealed box as the first", err)

	nonce := [threshold.NonceSize]byte{9}
	test, err := threshold.SealNonce(c.params, 1, 3, shared.Public(), nonce)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := threshold.OpenNonce(c.params, 1, 3, shared, test, threshold.NonceHash(nonce)); err != nil {
		t.Fatalf("nonce, own place: %v", err)
	}
	_, err = threshold.OpenNonce(c.params, 1, 2, shared, test, threshold.NonceHash(nonce))
	refuses("a nonce sealed to the other", err)

	again := c.params
	again.Attempt++
	_, err = threshold.OpenShares(again, 1, 2, first, shared)
	refuses("a box of another attempt", err)
}
