package threshold_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/sealbox"
	"github.com/urna-vote/urna/crypto/threshold"
)

func cloneDeal(d *threshold.Deal) *threshold.Deal {
	out := &threshold.Deal{Commitments: bytes.Clone(d.Commitments), Proofs: bytes.Clone(d.Proofs)}
	for _, box := range d.Sealed {
		out.Sealed = append(out.Sealed, bytes.Clone(box))
	}
	return out
}

func (c *ceremony) point(dealer, slot, coefficient int) group.Point {
	c.t.Helper()
	at := ((slot-1)*c.params.T + coefficient) * 32
	p, err := group.DecodePoint(c.deals[dealer-1].Commitments[at : at+32])
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}

func setPoint(d *threshold.Deal, p threshold.Params, slot, coefficient int, to group.Point) {
	e := to.Encode()
	copy(d.Commitments[((slot-1)*p.T+coefficient)*32:], e[:])
}

// A late dealer has seen all the others' deals and publishes commitments of whose
// polynomials it knows nothing.
func TestALateDealerCannotUseAnothersCommitments(t *testing.T) {
	c := deal(t, params(3, 2, 2))
	copied := cloneDeal(c.deals[0])
	copied.Sealed = c.deals[2].Sealed
	if err := threshold.VerifyDeal(c.params, 3, copied); !errors.Is(err, threshold.ErrPossession) {
		t.Errorf("the deal of another: %v", err)
	}
	slotOnly := cloneDeal(c.deals[2])
	setPoint(slotOnly, c.params, 2, 0, c.point(1, 2, 0))
	copy(slotOnly.Proofs[64:], c.deals[0].Proofs[64:])
	if err := threshold.VerifyDeal(c.params, 3, slotOnly); !errors.Is(err, threshold.ErrPossession) {
		t.Errorf("one slot of another: %v", err)
	}
	negated := cloneDeal(c.deals[2])
	setPoint(negated, c.params, 1, 0, c.point(1, 1, 0).Neg())
	if err := threshold.VerifyDeal(c.params, 3, negated); !errors.Is(err, threshold.ErrPossession) {
		t.Errorf("the negated slot of another: %v", err)
	}
	// K_2 := K_1, by which the difference of the two counts could be read.
	equal := cloneDeal(c.deals[2])
	others := func(slot int) group.Point { return c.point(1, slot, 0).Add(c.point(2, slot, 0)) }
	setPoint(equal, c.params, 2, 0, c.point(3, 1, 0).Add(others(1)).Sub(others(2)))
	copy(equal.Proofs[64:], equal.Proofs[:64])
	if err := threshold.VerifyDeal(c.params, 3, equal); !errors.Is(err, threshold.ErrPossession) {
		t.Errorf("two equal slot keys: %v", err)
	}
}

func TestProofsAreBoundToDealerAndSlot(t *testing.T) {
	c := deal(t, params(3, 2, 2))
	if err := threshold.VerifyDeal(c.params, 2, c.deals[0]); !errors.Is(err, threshold.ErrPossession) {
		t.Errorf("the deal of trustee 1 as that of 2: %v", err)
	}
	swapped := cloneDeal(c.deals[0])
	copy(swapped.Proofs, c.deals[0].Proofs[64:])
	copy(swapped.Proofs[64:], c.deals[0].Proofs[:64])
	if err := threshold.VerifyDeal(c.params, 1, swapped); !errors.Is(err, threshold.ErrPossession) {
		t.Errorf("proofs of the slots swapped: %v", err)
	}
	both := cloneDeal(swapped)
	half := c.params.T * 32
	copy(both.Commitments, c.deals[0].Commitments[half:])
	copy(both.Commitments[half:], c.deals[0].Commitments[:half])
	if err := threshold.VerifyDeal(c.params, 1, both); !errors.Is(err, threshold.ErrPossession) {
		t.Errorf("slots swapped with their proofs: %v", err)
	}
	higher := cloneDeal(c.deals[0])
	setPoint(higher, c.params, 1, 1, group.Basepoint())
	if err := threshold.VerifyDeal(c.params, 1, higher); !errors.Is(err, threshold.ErrPossession) {
		t.Errorf("another coefficient under the same proofs: %v", err)
	}
}

// Two false proofs whose errors cancel in a sum without weights.
func TestErrorsThatCancelAreFound(t *testing.T) {
	c := deal(t, params(2, 2, 2))
	bad := cloneDeal(c.deals[0])
	one := group.ScalarFromUint64(1)
	for slot, change := range []group.Scalar{one, one.Neg()} {
		at := slot*64 + 32
		s, err := group.DecodeScalar(bad.Proofs[at : at+32])
		if err != nil {
			t.Fatal(err)
		}
		e := s.Add(change).Encode()
		copy(bad.Proofs[at:], e[:])
	}
	if err := threshold.VerifyDeal(c.params, 1, bad); !errors.Is(err, threshold.ErrPossession) {
		t.Fatal(err)
	}
}

func TestMalformedDealsAreRefusedWithTheirClass(t *testing.T) {
	c := deal(t, params(3, 2, 2))
	bad := bytes.Repeat([]byte{0xff}, 32)
	for name, m := range map[string]struct {
		change func(*threshold.Deal)
		want   error
	}{
		"identity as slot key":         {func(d *threshold.Deal) { setPoint(d, c.params, 2, 0, group.Identity()) }, group.ErrIdentity},
		"one key in two slots":         {func(d *threshold.Deal) { setPoint(d, c.params, 2, 0, c.point(1, 1, 0)) }, threshold.ErrDuplicate},
		"commitment not canonical":     {func(d *threshold.Deal) { copy(d.Commitments[96:], bad) }, group.ErrNotCanonical},
		"T not canonical":              {func(d *threshold.Deal) { copy(d.Proofs[64:], bad) }, group.ErrNotCanonical},
		"s not canonical":              {func(d *threshold.Deal) { copy(d.Proofs[96:], bad) }, group.ErrNotCanonical},
		"a coefficient missing":        {func(d *threshold.Deal) { d.Commitments = d.Commitments[32:] }, threshold.ErrLength},
		"a coefficient more":           {func(d *threshold.Deal) { d.Commitments = append(d.Commitments, make([]byte, 64)...) }, threshold.ErrLength},
		"trailing byte in commitments": {func(d *threshold.Deal) { d.Commitments = append(d.Commitments, 0) }, threshold.ErrLength},
		"a proof missing":              {func(d *threshold.Deal) { d.Proofs = d.Proofs[64:] }, threshold.ErrLength},
		"trailing byte in proofs":      {func(d *threshold.Deal) { d.Proofs = append(d.Proofs, 0) }, threshold.ErrLength},
		"a box missing":                {func(d *threshold.Deal) { d.Sealed = d.Sealed[1:] }, threshold.ErrLength},
		"a box more":                   {func(d *threshold.Deal) { d.Sealed = append(d.Sealed, d.Sealed[0]) }, threshold.ErrLength},
		"a box too short":              {func(d *threshold.Deal) { d.Sealed[1] = d.Sealed[1][1:] }, threshold.ErrLength},
		"a box too long":               {func(d *threshold.Deal) { d.Sealed[1] = append(d.Sealed[1], 0) }, threshold.ErrLength},
	} {
		d := cloneDeal(c.deals[0])
		m.change(d)
		if err := threshold.VerifyDeal(c.params, 1, d); !errors.Is(err, m.want) {
			t.Errorf("%s: %v, want %v", name, err, m.want)
		}
		if threshold.CommitHash(c.params, 1, d) == threshold.CommitHash(c.params, 1, c.deals[0]) {
			t.Errorf("%s: the hash of the deal stays", name)
		}
	}
	for _, dealer := range []int{-1, 0, 4} {
		if err := threshold.VerifyDeal(c.params, dealer, c.deals[0]); !errors.Is(err, threshold.ErrIndex) {
			t.Errorf("dealer %d: %v", dealer, err)
		}
	}
	for _, p := range []threshold.Params{params(0, 0, 1), params(21, 3, 1), params(3, 4, 1), params(3, 0, 1), params(3, 2, 0), params(3, 2, 1<<16+1)} {
		if err := threshold.VerifyDeal(p, 1, c.deals[0]); !errors.Is(err, threshold.ErrParams) {
			t.Errorf("%d of %d, %d slots: %v", p.T, p.N, p.Slots, err)
		}
	}
}

// place writes out the fields of the specification that info begins with.
func place(label string, p threshold.Params, dealer, receiver int, commitments []byte) []byte {
	u64 := func(v int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }
	common := [][]byte{[]byte(p.ChainID), p.Election[:],
		u64(int(p.Zone)), u64(int(p.Attempt)), u64(p.N), u64(p.T), u64(p.Slots), p.TrusteeListHash[:]}
	join := func(fields ...[]byte) (out []byte) {
		for _, f := range fields {
			out = append(append(out, u64(len(f))...), f...)
		}
		return out
	}
	hashed := append([][]byte{[]byte("urna/v1/threshold/commitments")}, common...)
	sum := sha512.Sum512(join(append(hashed, u64(dealer), commitments)...))
	fields := append([][]byte{[]byte(label)}, common...)
	return join(append(fields, u64(dealer), u64(receiver), sum[:32])...)
}

func TestADealerWithWrongSharesIsFoundByTheReceiver(t *testing.T) {
	c := deal(t, params(3, 2, 2))
	d := cloneDeal(c.deals[0])
	info := place("urna/v1/threshold/shares", c.params, 1, 2, d.Commitments)
	try := func(name string, plain []byte, want error) {
		t.Helper()
		box, err := c.public[1].Seal(info, plain)
		if err != nil {
			t.Fatal(err)
		}
		d.Sealed[1] = box
		if _, err := threshold.OpenShares(c.params, 1, 2, d, c.keys[1]); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	right, err := c.dealings[0].Publish(2)
	if err != nil {
		t.Fatal(err)
	}
	others, err := c.dealings[0].Publish(3)
	if err != nil {
		t.Fatal(err)
	}
	one := bytes.Clone(right)
	one[40] ^= 1
	try("the right shares", right, nil)
	try("the shares of another trustee", others, threshold.ErrShares)
	try("one bit of slot 2", one, threshold.ErrShares)
	try("shares not reduced", bytes.Repeat([]byte{0xff}, 64), group.ErrNotCanonical)
	try("too few shares", right[:32], threshold.ErrLength)
	try("a byte more", append(bytes.Clone(right), 0), threshold.ErrLength)
}

func TestABoxOfAnotherPlaceIsFoundByTheReceiver(t *testing.T) {
	c := deal(t, params(3, 2, 2))
	// The dealer seals to trustee 2 the shares of trustee 3, in the right place.
	foreign, err := c.dealings[0].Deal([]*sealbox.PublicKey{c.public[0], c.public[1], c.public[1]})
	if err != nil {
		t.Fatal(err)
	}
	d := cloneDeal(c.deals[0])
	d.Sealed[1] = foreign.Sealed[2]
	if _, err := threshold.OpenShares(c.params, 1, 2, d, c.keys[1]); !errors.Is(err, threshold.ErrOpen) {
		t.Errorf("box made for another index: %v", err)
	}
	// Boxes of a deal with other polynomials do not open under these commitments.
	other, err := threshold.NewDealing(c.params, 1, seed(t, 99))
	if err != nil {
		t.Fatal(err)
	}
	box, err := other.Deal(c.public)
	if err != nil {
		t.Fatal(err)
	}
	d.Sealed[1] = box.Sealed[1]
	if _, err := threshold.OpenShares(c.params, 1, 2, d, c.keys[1]); !errors.Is(err, threshold.ErrOpen) {
		t.Errorf("box of another deal: %v", err)
	}
}
