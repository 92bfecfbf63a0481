package threshold_test

import (
	"bytes"
	"testing"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/threshold"
)

func FuzzDecodeCommitments(f *testing.F) {
	c := deal(f, params(2, 2, 2))
	f.Add(c.deals[0].Commitments)
	f.Add(make([]byte, 128))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := threshold.DecodeCommitments(c.params, b)
		if err != nil {
			return
		}
		if !bytes.Equal(k.Encode(), b) {
			t.Fatal("decoded commitments encode to other bytes")
		}
	})
}

// Nobody without the polynomials makes a deal that passes, and a deal that passes
// with other bytes than the dealer's would be a second spelling of it.
func FuzzVerifyDeal(f *testing.F) {
	c := deal(f, params(2, 2, 2))
	good := c.deals[0]
	f.Add(good.Commitments, good.Proofs)
	f.Add(good.Commitments, make([]byte, 128))
	f.Add(make([]byte, 128), good.Proofs)
	f.Fuzz(func(t *testing.T, commitments, proofs []byte) {
		d := &threshold.Deal{Commitments: commitments, Proofs: proofs, Sealed: good.Sealed}
		same := bytes.Equal(commitments, good.Commitments) && bytes.Equal(proofs, good.Proofs)
		if err := threshold.VerifyDeal(c.params, 1, d); (err == nil) != same {
			t.Fatalf("verdict %v on a deal whose bytes are the dealer's: %v", err, same)
		}
	})
}

func FuzzVerifyShares(f *testing.F) {
	c := deal(f, params(2, 2, 2))
	good, err := c.dealings[0].Publish(1)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := threshold.VerifyShares(c.params, 1, 1, c.deals[0].Commitments, b); (err == nil) != bytes.Equal(b, good) {
			t.Fatalf("verdict %v", err)
		}
	})
}

// No box but the dealer's opens in its place. The box is a stored one, since
// sealing again gives another.
func FuzzOpenShares(f *testing.F) {
	c := register(f, vectorParams())
	v := readVectors(f)
	good := unhex(f, v.Deals[0].Sealed[0])
	f.Add(good)
	f.Add(unhex(f, v.Deals[1].Sealed[0]))
	commitments := unhex(f, v.Deals[0].Commitments)
	f.Fuzz(func(t *testing.T, box []byte) {
		d := &threshold.Deal{Commitments: commitments, Sealed: [][]byte{box, box, box}}
		if _, err := threshold.OpenShares(c.params, 1, 1, d, c.keys[0]); (err == nil) != bytes.Equal(box, good) {
			t.Fatalf("verdict %v", err)
		}
	})
}

func FuzzDecodeKeys(f *testing.F) {
	c := deal(f, params(2, 2, 2))
	key := c.combine()
	f.Add(key.EncodeSlots())
	f.Add(append(key.EncodeVerification(1)[:32:32], make([]byte, 32)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		slots, err := threshold.DecodeSlotKeys(2, b)
		if err == nil && !bytes.Equal((&threshold.JointKey{Slots: slots}).EncodeSlots(), b) {
			t.Fatal("decoded slot keys encode to other bytes")
		}
		x, err := threshold.DecodeVerificationKeys(2, b)
		if err == nil && !bytes.Equal((&threshold.JointKey{Verification: [][]group.Point{x}}).EncodeVerification(1), b) {
			t.Fatal("decoded verification keys encode to other bytes")
		}
	})
}
