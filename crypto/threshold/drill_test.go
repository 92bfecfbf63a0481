package threshold_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/urna-vote/urna/crypto/threshold"
)

func TestTheDrillIsOpenedByAnyThresholdAndByEverybody(t *testing.T) {
	c := deal(t, params(4, 3, 3))
	key := c.combine()
	r, sealed := threshold.Drill(c.params.ChainID, c.params.Election, c.params.Zone, key.Slots)
	var partials []threshold.Partial
	for _, j := range []int{1, 2, 4} {
		p, err := c.share(j, key).Decrypt(r, upTo(3))
		if err != nil {
			t.Fatal(err)
		}
		partials = append(partials, p)
	}
	joined, err := threshold.CombinePartials(3, partials)
	if err != nil {
		t.Fatal(err)
	}
	for i := range joined {
		if !joined[i].Equal(sealed[i]) {
			t.Errorf("slot %d of the drill does not open", i+1)
		}
	}
	other, _ := threshold.Drill(c.params.ChainID, c.params.Election, c.params.Zone+1, key.Slots)
	if other.Equal(r) {
		t.Error("two zones share a drill")
	}
}

func TestNonceTestsAKey(t *testing.T) {
	c := register(t, params(3, 2, 1))
	nonce := [threshold.NonceSize]byte{5}
	box, err := threshold.SealNonce(c.params, 1, 2, c.public[1], nonce)
	if err != nil {
		t.Fatal(err)
	}
	got, err := threshold.OpenNonce(c.params, 1, 2, c.keys[1], box, threshold.NonceHash(nonce))
	if err != nil || got != nonce {
		t.Fatal(err)
	}
	if _, err := threshold.OpenNonce(c.params, 3, 2, c.keys[1], box, threshold.NonceHash(nonce)); !errors.Is(err, threshold.ErrOpen) {
		t.Errorf("another sender: %v", err)
	}
	if _, err := threshold.OpenNonce(c.params, 1, 2, c.keys[1], box, [32]byte{}); !errors.Is(err, threshold.ErrOpen) {
		t.Errorf("another hash: %v", err)
	}
}

func TestSecretsPrintNothing(t *testing.T) {
	c := deal(t, params(2, 2, 1))
	key := c.combine()
	share := c.share(1, key)
	shares, err := threshold.OpenShares(c.params, 1, 1, c.deals[0], c.keys[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{c.seeds[0], *c.seeds[0], c.dealings[0], *c.dealings[0], share, *share, shares, *shares} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			if got := fmt.Sprintf(verb, v); len(got) > 25 || got[0] != '[' {
				t.Errorf("%T with %s prints %q", v, verb, got)
			}
		}
	}
}
