package threshold_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/threshold"
)

func TestAnyEightOfFifteenDecryptAndNoSevenDo(t *testing.T) {
	const n, threshold_, slots = 15, 8, 2
	c := deal(t, params(n, threshold_, slots))
	key := c.combine()
	r, ciphertext := encrypted(key.Slots)
	var partials []threshold.Partial
	for j := 1; j <= n; j++ {
		p, err := c.share(j, key).Decrypt(r, upTo(slots))
		if err != nil {
			t.Fatal(err)
		}
		partials = append(partials, p)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		order := random.Perm(n)
		subset := slices.Clone(order[:threshold_])
		slices.Sort(subset)
		var chosen []threshold.Partial
		for _, j := range subset {
			chosen = append(chosen, partials[j])
		}
		joined, err := threshold.CombinePartials(threshold_, chosen)
		if err != nil || !decrypts(ciphertext, joined) {
			t.Fatalf("trustees %v do not decrypt: %v", subset, err)
		}
		fewer := slices.Delete(slices.Clone(chosen), 3, 4)
		if _, err := threshold.CombinePartials(threshold_, fewer); !errors.Is(err, threshold.ErrTooFew) {
			t.Fatalf("seven of %v: %v", subset, err)
		}
		joined, err = threshold.CombinePartials(threshold_-1, fewer)
		if err != nil || decrypts(ciphertext, joined) {
			t.Fatalf("seven of %v decrypt: %v", subset, err)
		}
	}
}

func TestOneWrongByteOfAPartialSpoilsTheSumAndAnotherSetDoesNot(t *testing.T) {
	c := deal(t, params(4, 2, 3))
	key := c.combine()
	r, ciphertext := encrypted(key.Slots)
	var partials []threshold.Partial
	for j := 1; j <= 4; j++ {
		p, err := c.share(j, key).Decrypt(r, upTo(3))
		if err != nil {
			t.Fatal(err)
		}
		partials = append(partials, p)
	}
	partials[0].Points[1] = partials[0].Points[1].Add(group.Basepoint())
	joined, err := threshold.CombinePartials(2, partials[:2])
	if err != nil || decrypts(ciphertext, joined) {
		t.Fatalf("a wrong partial decryption decrypts: %v", err)
	}
	joined, err = threshold.CombinePartials(2, partials[1:])
	if err != nil || !decrypts(ciphertext, joined) {
		t.Fatalf("the others do not decrypt: %v", err)
	}
	if _, err := threshold.CombinePartials(2, []threshold.Partial{partials[1], partials[1]}); !errors.Is(err, threshold.ErrIndex) {
		t.Errorf("one trustee twice: %v", err)
	}
	short := threshold.Partial{Index: 3, Points: partials[2].Points[:2]}
	if _, err := threshold.CombinePartials(2, []threshold.Partial{partials[1], short}); !errors.Is(err, threshold.ErrLength) {
		t.Errorf("a slot is missing: %v", err)
	}
}

func TestKeyOfQualifiedDealersOnly(t *testing.T) {
	c := deal(t, params(5, 3, 2))
	all, some := c.combine(), c.combine(1, 3, 5)
	if all.Slots[0].Equal(some.Slots[0]) {
		t.Fatal("leaving dealers out does not change the key")
	}
	// Trustee 2 is out as a dealer and still holds a share.
	r, ciphertext := encrypted(some.Slots)
	var partials []threshold.Partial
	for _, j := range []int{2, 3, 4} {
		p, err := c.share(j, some, 1, 3, 5).Decrypt(r, upTo(2))
		if err != nil {
			t.Fatal(err)
		}
		partials = append(partials, p)
	}
	joined, err := threshold.CombinePartials(3, partials)
	if err != nil || !decrypts(ciphertext, joined) {
		t.Fatal(err)
	}
	two := []threshold.Dealt{{Dealer: 1, Commitments: c.commitments(1)}, {Dealer: 3, Commitments: c.commitments(3)}}
	if _, err := threshold.Combine(c.params, two); !errors.Is(err, threshold.ErrTooFew) {
		t.Errorf("two dealers of three: %v", err)
	}
	twice := append(slices.Clone(two), two[1])
	if _, err := threshold.Combine(c.params, twice); !errors.Is(err, threshold.ErrIndex) {
		t.Errorf("one dealer twice: %v", err)
	}
}

func TestSharesOfOtherDealersDoNotFitAChangedKey(t *testing.T) {
	c := deal(t, params(3, 2, 1))
	key := c.combine()
	other := c.combine(1, 2)
	var shares []*threshold.Shares
	for d := 1; d <= 3; d++ {
		s, err := threshold.OpenShares(c.params, d, 2, c.deals[d-1], c.keys[1])
		if err != nil {
			t.Fatal(err)
		}
		shares = append(shares, s)
	}
	if _, err := threshold.NewKeyShare(c.params, 2, shares, other); !errors.Is(err, threshold.ErrKey) {
		t.Errorf("a changed joint key: %v", err)
	}
	if _, err := threshold.NewKeyShare(c.params, 2, shares[:2], key); !errors.Is(err, threshold.ErrKey) {
		t.Errorf("a share is missing: %v", err)
	}
	if _, err := threshold.NewKeyShare(c.params, 3, shares, key); !errors.Is(err, threshold.ErrIndex) {
		t.Errorf("shares of another trustee: %v", err)
	}
	k, err := threshold.NewKeyShare(c.params, 2, shares, key)
	if err != nil {
		t.Fatal(err)
	}
	back, err := threshold.KeyShareFromBytes(2, k.Reveal(), key.Verification[1])
	if err != nil || !bytes.Equal(back.Reveal(), k.Reveal()) {
		t.Fatal(err)
	}
	if _, err := threshold.KeyShareFromBytes(1, k.Reveal(), key.Verification[0]); !errors.Is(err, threshold.ErrKey) {
		t.Errorf("restored as another trustee's: %v", err)
	}
}

func TestLostKeysAreResealedAndNothingBecomesPublic(t *testing.T) {
	c := deal(t, params(5, 3, 2))
	key := c.combine()
	r, ciphertext := encrypted(key.Slots)
	var partials []threshold.Partial
	for _, lost := range []int{2, 4} {
		var shares []*threshold.Shares
		for d := 1; d <= 5; d++ {
			// The registered key is gone: what it opens, a fresh key does not.
			fresh, err := c.seeds[lost-1].FreshSealingKey(c.params, d)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := threshold.OpenShares(c.params, d, lost, c.deals[d-1], fresh); !errors.Is(err, threshold.ErrOpen) {
				t.Fatalf("fresh key opens the first box: %v", err)
			}
			box, err := c.dealings[d-1].Reseal(lost, fresh.Public())
			if err != nil {
				t.Fatal(err)
			}
			s, err := threshold.OpenResealed(c.params, d, lost, c.deals[d-1], box, fresh)
			if err != nil {
				t.Fatal(err)
			}
			published, err := c.dealings[d-1].Publish(lost)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(box, published[:32]) {
				t.Fatal("the answer shows a share")
			}
			for who, other := range c.keys {
				if _, err := threshold.OpenResealed(c.params, d, lost, c.deals[d-1], box, other); !errors.Is(err, threshold.ErrOpen) {
					t.Fatalf("trustee %d opens the answer to %d: %v", who+1, lost, err)
				}
			}
			shares = append(shares, s)
		}
		k, err := threshold.NewKeyShare(c.params, lost, shares, key)
		if err != nil {
			t.Fatal(err)
		}
		p, err := k.Decrypt(r, upTo(2))
		if err != nil {
			t.Fatal(err)
		}
		partials = append(partials, p)
	}
	p, err := c.share(5, key).Decrypt(r, upTo(2))
	if err != nil {
		t.Fatal(err)
	}
	joined, err := threshold.CombinePartials(3, append(partials, p))
	if err != nil || !decrypts(ciphertext, joined) {
		t.Fatalf("the ceremony did not end well: %v", err)
	}
}

func TestBoxesOpenOnlyInTheirPlace(t *testing.T) {
	c := deal(t, params(3, 2, 2))
	swapped := *c.deals[0]
	swapped.Sealed = [][]byte{c.deals[0].Sealed[1], c.deals[0].Sealed[0], c.deals[1].Sealed[2]}
	for j := 1; j <= 3; j++ {
		if _, err := threshold.OpenShares(c.params, 1, j, &swapped, c.keys[j-1]); !errors.Is(err, threshold.ErrOpen) {
			t.Errorf("trustee %d opens a box that is not its own or of another deal: %v", j, err)
		}
	}
	for name, change := range map[string]func(*threshold.Params){
		"chain":    func(p *threshold.Params) { p.ChainID += "x" },
		"election": func(p *threshold.Params) { p.Election[0]++ },
		"zone":     func(p *threshold.Params) { p.Zone++ },
		"attempt":  func(p *threshold.Params) { p.Attempt++ },
		"list":     func(p *threshold.Params) { p.TrusteeListHash[0]++ },
	} {
		p := c.params
		change(&p)
		if _, err := threshold.OpenShares(p, 1, 2, c.deals[0], c.keys[1]); !errors.Is(err, threshold.ErrOpen) {
			t.Errorf("another %s: %v", name, err)
		}
		if err := threshold.VerifyDeal(p, 1, c.deals[0]); !errors.Is(err, threshold.ErrPossession) {
			t.Errorf("deal in another %s: %v", name, err)
		}
	}
	if _, err := threshold.OpenResealed(c.params, 1, 2, c.deals[0], c.deals[0].Sealed[1], c.keys[1]); !errors.Is(err, threshold.ErrOpen) {
		t.Errorf("first box passes for an answer: %v", err)
	}
}

func TestPublishedSharesAreCheckedByAnybody(t *testing.T) {
	c := deal(t, params(3, 2, 4))
	shares, err := c.dealings[0].Publish(2)
	if err != nil {
		t.Fatal(err)
	}
	commitments := c.deals[0].Commitments
	if _, err := threshold.VerifyShares(c.params, 1, 2, commitments, shares); err != nil {
		t.Fatal(err)
	}
	if _, err := threshold.VerifyShares(c.params, 1, 3, commitments, shares); !errors.Is(err, threshold.ErrShares) {
		t.Errorf("shares of another trustee: %v", err)
	}
	if _, err := threshold.VerifyShares(c.params, 1, 2, c.deals[1].Commitments, shares); !errors.Is(err, threshold.ErrShares) {
		t.Errorf("commitments of another dealer: %v", err)
	}
	for slot := range 4 {
		bad := bytes.Clone(shares)
		bad[slot*32] ^= 1
		if _, err := threshold.VerifyShares(c.params, 1, 2, commitments, bad); !errors.Is(err, threshold.ErrShares) {
			t.Errorf("slot %d changed: %v", slot+1, err)
		}
		for i := range 32 {
			bad[slot*32+i] = 0xff
		}
		if _, err := threshold.VerifyShares(c.params, 1, 2, commitments, bad); !errors.Is(err, group.ErrNotCanonical) {
			t.Errorf("slot %d not reduced: %v", slot+1, err)
		}
	}
	// Two errors that cancel in the plain sum do not in the weighted one.
	one := group.ScalarFromUint64(1)
	bad := bytes.Clone(shares)
	for slot, change := range []group.Scalar{one, one.Neg()} {
		s, err := group.DecodeScalar(bad[slot*32 : slot*32+32])
		if err != nil {
			t.Fatal(err)
		}
		e := s.Add(change).Encode()
		copy(bad[slot*32:], e[:])
	}
	if _, err := threshold.VerifyShares(c.params, 1, 2, commitments, bad); !errors.Is(err, threshold.ErrShares) {
		t.Errorf("errors that cancel: %v", err)
	}
	if _, err := threshold.VerifyShares(c.params, 1, 2, commitments, shares[1:]); !errors.Is(err, threshold.ErrLength) {
		t.Errorf("short: %v", err)
	}
}

func TestACrashedTrusteeResumesWithTheSameDeal(t *testing.T) {
	c := deal(t, params(3, 2, 2))
	again, err := threshold.NewDealing(c.params, 1, c.seeds[0])
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Commitments(), c.deals[0].Commitments) || !bytes.Equal(again.Proofs(), c.deals[0].Proofs) {
		t.Fatal("the same seed makes another deal")
	}
	// Whatever the trustees agreed on otherwise must change every coefficient.
	for name, change := range map[string]func(*threshold.Params){
		"list":      func(p *threshold.Params) { p.TrusteeListHash[31]++ },
		"threshold": func(p *threshold.Params) { p.T++ },
		"attempt":   func(p *threshold.Params) { p.Attempt++ },
		"zone":      func(p *threshold.Params) { p.Zone++ },
		"election":  func(p *threshold.Params) { p.Election[31]++ },
		"chain":     func(p *threshold.Params) { p.ChainID += "x" },
		"trustees":  func(p *threshold.Params) { p.N++ },
		"slots":     func(p *threshold.Params) { p.Slots++ },
	} {
		p := c.params
		change(&p)
		other, err := threshold.NewDealing(p, 1, c.seeds[0])
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+32 <= len(c.deals[0].Commitments); i += 32 {
			if bytes.Contains(other.Commitments(), c.deals[0].Commitments[i:i+32]) {
				t.Errorf("another %s: a coefficient is used again", name)
			}
		}
	}
}

func TestCeremoniesOfAllSizesEndWell(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(rt, "n")
		p := params(n, rapid.IntRange(1, n).Draw(rt, "t"), rapid.IntRange(1, 4).Draw(rt, "slots"))
		c := deal(t, p)
		key := c.combine()
		r, ciphertext := encrypted(key.Slots)
		order := rapid.Permutation(upTo(n)).Draw(rt, "who")[:p.T]
		slices.Sort(order)
		var partials []threshold.Partial
		for _, j := range order {
			d, err := c.share(j, key).Decrypt(r, upTo(p.Slots))
			if err != nil {
				rt.Fatal(err)
			}
			partials = append(partials, d)
		}
		joined, err := threshold.CombinePartials(p.T, partials)
		if err != nil || !decrypts(ciphertext, joined) {
			rt.Fatalf("trustees %v of %d do not decrypt: %v", order, n, err)
		}
	})
}
