package envelope_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/x/envelope"
)

// acknowledged is what a node gives for n transactions that it admits together.
func acknowledged(t *testing.T, n int) []envelope.Ack {
	t.Helper()
	key := sign.NewPrivateKey([32]byte{7})
	hashes := make([][32]byte, n)
	for i := range hashes {
		hashes[i] = [32]byte{byte(i), byte(i >> 8), 1}
	}
	tree := envelope.AckTree(hashes)
	signature := key.Sign(envelope.AckBytes("urna-test-1", tree.Root(), uint64(n), 40, 60))
	out := make([]envelope.Ack, n)
	for i := range out {
		place, err := tree.Inclusion(uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		out[i] = envelope.Ack{ChainID: "urna-test-1", Hash: hashes[i], Height: 40, Deadline: 60, Place: place, Key: key.Public(), Signature: signature}
	}
	return out
}

func TestOneSignatureAcknowledgesEveryTransactionOfABatch(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 64, 1000} {
		for i, a := range acknowledged(t, n) {
			if n > 10 && i%97 != 0 {
				continue
			}
			if err := a.Verify(); err != nil {
				t.Errorf("%d of %d: %v", i, n, err)
			}
			if n == 1 && len(a.Place.Path) != 0 {
				t.Errorf("one alone has a path of %d", len(a.Place.Path))
			}
		}
	}
}

func TestAlteredAcknowledgementsAreRefused(t *testing.T) {
	other := acknowledged(t, 6)[2]
	for name, alter := range map[string]func(a *envelope.Ack){
		"another transaction":      func(a *envelope.Ack) { a.Hash[0] ^= 1 },
		"another chain":            func(a *envelope.Ack) { a.ChainID = "urna-test-2" },
		"another place":            func(a *envelope.Ack) { a.Place.Index = 3 },
		"a place beyond the batch": func(a *envelope.Ack) { a.Place.Index = 9 },
		"another count":            func(a *envelope.Ack) { a.Place.Size = 6 },
		"no count":                 func(a *envelope.Ack) { a.Place.Size = 0 },
		"an altered path":          func(a *envelope.Ack) { a.Place.Path[1][5] ^= 1 },
		"a short path":             func(a *envelope.Ack) { a.Place.Path = a.Place.Path[1:] },
		"a long path":              func(a *envelope.Ack) { a.Place.Path = append(a.Place.Path, merkle.Hash{}) },
		"the root for a leaf":      func(a *envelope.Ack) { a.Place = merkle.InclusionProof{Index: 0, Size: 1} },
		"a path of another root":   func(a *envelope.Ack) { a.Place = other.Place },
		"another height":           func(a *envelope.Ack) { a.Height, a.Deadline = 41, 61 },
		"a later deadline":         func(a *envelope.Ack) { a.Deadline = 61 },
		"another key":              func(a *envelope.Ack) { a.Key = sign.NewPrivateKey([32]byte{8}).Public() },
		"another signature":        func(a *envelope.Ack) { a.Signature[40] ^= 1 },
		"a signature of another":   func(a *envelope.Ack) { a.Signature = other.Signature },
		"a height before all":      func(a *envelope.Ack) { a.Height, a.Deadline = -1, 19 },
	} {
		a := acknowledged(t, 5)[2]
		a.Place.Path = slices.Clone(a.Place.Path)
		alter(&a)
		if err := a.Verify(); !errors.Is(err, envelope.ErrAck) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
