package threshold

import (
	"fmt"
	"math/bits"

	"github.com/urna-vote/urna/crypto/group"
)

// Commitments are the decoded commitments of one deal: for each slot the
// coefficients of its polynomial times B, the constant one first.
type Commitments struct {
	slots [][]group.Point
}

// DecodeCommitments reads 32·L·t bytes. Refused besides other lengths and
// non-canonical elements: the identity as the key of a slot, and one key in two
// slots.
func DecodeCommitments(p Params, b []byte) (*Commitments, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("decode commitments: %w", err)
	}
	if want := p.Slots * p.T * group.Size; len(b) != want {
		return nil, fmt.Errorf("decode commitments of %d bytes, need %d: %w", len(b), want, ErrLength)
	}
	c := &Commitments{slots: make([][]group.Point, p.Slots)}
	seen := make(map[[group.Size]byte]int, p.Slots)
	for i := range c.slots {
		c.slots[i] = make([]group.Point, p.T)
		if first, ok := seen[[group.Size]byte(b)]; ok {
			return nil, fmt.Errorf("decode commitments, slots %d and %d: %w", first+1, i+1, ErrDuplicate)
		}
		seen[[group.Size]byte(b)] = i
		for k := range c.slots[i] {
			decode := group.DecodePoint
			if k == 0 {
				decode = group.DecodeNonIdentity
			}
			var err error
			if c.slots[i][k], err = decode(b[:group.Size]); err != nil {
				return nil, fmt.Errorf("decode commitments, slot %d, coefficient %d: %w", i+1, k, err)
			}
			b = b[group.Size:]
		}
	}
	return c, nil
}

// Encode is the encoding that DecodeCommitments reads.
func (c *Commitments) Encode() []byte {
	b := make([]byte, 0, len(c.slots)*len(c.slots[0])*group.Size)
	for i := range c.slots {
		b = append(b, encodePoints(c.slots[i])...)
	}
	return b
}

// at is the polynomial of a slot at trustee j, times B.
func (c *Commitments) at(slot, j int) group.Point {
	coefficients := c.slots[slot]
	sum := coefficients[len(coefficients)-1]
	for k := len(coefficients) - 2; k >= 0; k-- {
		sum = multiple(sum, j).Add(coefficients[k])
	}
	return sum
}

// multiple is j·p for a small j from 1 on, much cheaper than a full multiplication.
func multiple(p group.Point, j int) group.Point {
	sum := p
	for i := bits.Len(uint(j)) - 2; i >= 0; i-- {
		sum = sum.Add(sum)
		if j>>i&1 == 1 {
			sum = sum.Add(p)
		}
	}
	return sum
}

func encodePoints(ps []group.Point) []byte {
	b := make([]byte, 0, len(ps)*group.Size)
	for i := range ps {
		e := ps[i].Encode()
		b = append(b, e[:]...)
	}
	return b
}

func decodePoints(b []byte, n int, decode func([]byte) (group.Point, error)) ([]group.Point, error) {
	if len(b) != n*group.Size {
		return nil, fmt.Errorf("%d bytes, need %d: %w", len(b), n*group.Size, ErrLength)
	}
	ps := make([]group.Point, n)
	for i := range ps {
		var err error
		if ps[i], err = decode(b[i*group.Size : (i+1)*group.Size]); err != nil {
			return nil, fmt.Errorf("slot %d: %w", i+1, err)
		}
	}
	return ps, nil
}
