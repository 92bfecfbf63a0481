package threshold_test

import (
	"crypto/rand"
	"errors"
	"testing"

	"github.com/urna-vote/urna/crypto/dleq"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/threshold"
)

// A wrong partial decryption is found by its proof, its trustee is known, and the
// count goes on with another.
func TestAWrongPartialDecryptionNamesItsTrustee(t *testing.T) {
	c := deal(t, params(4, 3, 3))
	key := c.combine()
	r, ciphertext := encrypted(key.Slots)
	slots := []int{1, 3}
	const wrong = 2
	var good []threshold.Partial
	for j := 1; j <= 4; j++ {
		share := c.share(j, key)
		p, err := share.Decrypt(r, slots)
		if err != nil {
			t.Fatal(err)
		}
		secrets, err := share.Secrets(slots)
		if err != nil {
			t.Fatal(err)
		}
		st := dleq.Statement{Purpose: dleq.Share, ChainID: c.params.ChainID, Election: c.params.Election, Context: []byte{byte(j)}, R: r,
			Keys: []group.Point{key.Verification[j-1][0], key.Verification[j-1][2]}, Shares: p.Points}
		proof, err := dleq.Prove(rand.Reader, st, secrets)
		if err != nil {
			t.Fatal(err)
		}
		if j == wrong {
			p.Points[1] = p.Points[1].Add(group.Basepoint())
		}
		err = dleq.Verify(st, proof)
		if (err != nil) != (j == wrong) || (err != nil && !errors.Is(err, dleq.ErrProof)) {
			t.Fatalf("trustee %d: %v", j, err)
		}
		if err == nil {
			good = append(good, p)
		}
	}
	joined, err := threshold.CombinePartials(3, good)
	if err != nil || !decrypts([]group.Point{ciphertext[0]}, joined[:1]) {
		t.Fatalf("the others do not decrypt: %v", err)
	}
	two := group.BaseMul(group.ScalarFromUint64(2))
	if !ciphertext[2].Sub(joined[1]).Equal(two) {
		t.Fatal("the others do not decrypt slot 3")
	}
}

func TestAShareIsUsedForSlotsInOrder(t *testing.T) {
	c := deal(t, params(2, 2, 3))
	share := c.share(1, c.combine())
	for _, slots := range [][]int{{0}, {4}, {2, 1}, {1, 1}, {-1}} {
		if _, err := share.Decrypt(group.Basepoint(), slots); !errors.Is(err, threshold.ErrIndex) {
			t.Errorf("slots %v: %v", slots, err)
		}
	}
}
