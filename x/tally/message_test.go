package tally_test

import (
	"bytes"
	"testing"

	"github.com/urna-vote/urna/crypto/group"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

func FuzzDecode(f *testing.F) {
	point := group.Basepoint().Encode()
	f.Add(ledger.MustEncode(&tallyv1.DecryptionShare{ElectionId: make([]byte, 32), Partials: []*tallyv1.PartialDecryption{
		{Points: point[:], Proof: make([]byte, 96)}, {},
	}}))
	f.Add(ledger.MustEncode(&tallyv1.Result{ElectionId: make([]byte, 32), Trustees: []uint32{1, 2}, Units: []*tallyv1.UnitCounts{{Counts: []uint64{5, 0}}}}))
	f.Fuzz(func(t *testing.T, body []byte) {
		if m, err := tally.DecodeShare(body); err == nil {
			s := m.(*tally.Share)
			if !bytes.Equal(ledger.MustEncode(s.Message), body) {
				t.Fatal("a second spelling of a share is accepted")
			}
			if tally.ValidateShare(ledger.Context{}, &ledger.Tx{Message: m}) == nil && len(s.Partials) != len(s.Message.Partials) {
				t.Fatal("a share is accepted without its parts")
			}
		}
		if m, err := tally.DecodeResult(body); err == nil && !bytes.Equal(ledger.MustEncode(m.(*tally.Counts).Message), body) {
			t.Fatal("a second spelling of a result is accepted")
		}
	})
}

func TestPartialReadsBack(t *testing.T) {
	point := group.Basepoint().Encode()
	m := &tallyv1.PartialDecryption{Points: append(point[:], point[:]...), Proof: make([]byte, 96)}
	p, err := tally.DecodePartial(m)
	if err != nil {
		t.Fatal(err)
	}
	if again := p.Encode(); !bytes.Equal(again.Points, m.Points) || !bytes.Equal(again.Proof, m.Proof) {
		t.Fatal("another partial decryption comes back")
	}
	for name, bad := range map[string]*tallyv1.PartialDecryption{
		"points only": {Points: point[:]}, "proof only": {Proof: make([]byte, 96)},
		"torn points": {Points: point[1:], Proof: make([]byte, 96)}, "short proof": {Points: point[:], Proof: make([]byte, 95)},
	} {
		if _, err := tally.DecodePartial(bad); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	if p, err := tally.DecodePartial(&tallyv1.PartialDecryption{}); p != nil || err != nil {
		t.Error("an empty partial is not empty")
	}
}
