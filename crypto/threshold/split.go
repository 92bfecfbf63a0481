package threshold

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/group"
)

// Split makes the key of dealer mode: one dealer, index 0, for all.
func Split(p Params, seed *Seed) (*Dealing, error) {
	return newDealing(p, 0, seed)
}

// Part is the key share of trustee j of a split key.
func (d *Dealing) Part(j int) (*KeyShare, error) {
	if d.dealer != 0 {
		return nil, fmt.Errorf("take part %d: the deal is one of several: %w", j, ErrIndex)
	}
	if err := d.params.checkTrustee("receiver", j); err != nil {
		return nil, fmt.Errorf("take part %d: %w", j, err)
	}
	return &KeyShare{index: j, values: d.shares(j).values}, nil
}

// SplitKey checks what a split published and makes its public key.
func SplitKey(p Params, commitments, proofs []byte) (*JointKey, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("check split key: %w", err)
	}
	if err := verifyPublic(p, 0, &Deal{Commitments: commitments, Proofs: proofs}); err != nil {
		return nil, fmt.Errorf("check split key: %w", err)
	}
	c, err := DecodeCommitments(p, commitments)
	if err != nil {
		return nil, fmt.Errorf("check split key: %w", err)
	}
	return combine(p, []Dealt{{Dealer: 0, Commitments: c}})
}

// Assemble rebuilds the whole key of a split from any t parts or more, in
// ascending order of their indices, and checks it against the public one.
func Assemble(p Params, parts []*KeyShare, key *JointKey) (*KeyShare, error) {
	if len(parts) < p.T {
		return nil, fmt.Errorf("assemble key from %d parts, threshold %d: %w", len(parts), p.T, ErrTooFew)
	}
	parts = parts[:p.T]
	indices := make([]int, len(parts))
	for j, part := range parts {
		if len(part.values) != p.Slots {
			return nil, fmt.Errorf("assemble key: part %d has %d slots of %d: %w", part.index, len(part.values), p.Slots, ErrLength)
		}
		indices[j] = part.index
	}
	lambda, err := Lagrange(indices)
	if err != nil {
		return nil, fmt.Errorf("assemble key: %w", err)
	}
	whole := &KeyShare{index: 0, values: make([]group.Scalar, p.Slots)}
	for j, part := range parts {
		for i, v := range part.values {
			whole.values[i] = whole.values[i].Add(lambda[j].Mul(v))
		}
	}
	if err := whole.check(key.Slots); err != nil {
		return nil, fmt.Errorf("assemble key: %w", err)
	}
	return whole, nil
}
