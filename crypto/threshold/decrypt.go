package threshold

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/transcript"
)

// Partial is a trustee's partial decryption of one R over some slots, whose proof
// has been checked.
type Partial struct {
	Index  int
	Points []group.Point // D_{j,i} = x_{j,i}·R
}

// Decrypt is the partial decryption of R for the given slots, from 1 and
// ascending, in constant time.
func (k *KeyShare) Decrypt(r group.Point, slots []int) (Partial, error) {
	secrets, err := k.Secrets(slots)
	if err != nil {
		return Partial{}, fmt.Errorf("decrypt: %w", err)
	}
	table := group.NewTable(r)
	points := make([]group.Point, len(secrets))
	for i, x := range secrets {
		points[i] = table.Mul(x).WithEncoding()
	}
	return Partial{Index: k.index, Points: points}, nil
}

// CombinePartials joins the partial decryptions of any t or more trustees into
// x_i·R. Of more than t, the t with the lowest indices are used; all t give the
// same if they are right. Partials come in ascending order of indices.
func CombinePartials(t int, partials []Partial) ([]group.Point, error) {
	if t < 1 || len(partials) < t {
		return nil, fmt.Errorf("join %d partial decryptions, threshold %d: %w", len(partials), t, ErrTooFew)
	}
	partials = partials[:t]
	indices := make([]int, t)
	for j, p := range partials {
		if len(p.Points) != len(partials[0].Points) {
			return nil, fmt.Errorf("join partial decryption of trustee %d over %d slots with one over %d: %w",
				p.Index, len(p.Points), len(partials[0].Points), ErrLength)
		}
		indices[j] = p.Index
	}
	lambda, err := Lagrange(indices)
	if err != nil {
		return nil, fmt.Errorf("join partial decryptions: %w", err)
	}
	out := make([]group.Point, len(partials[0].Points))
	column := make([]group.Point, t)
	for i := range out {
		for j := range partials {
			column[j] = partials[j].Points[i]
		}
		out[i] = group.MultiScalarVartime(lambda, column)
	}
	return out, nil
}

// Lagrange are the coefficients at zero for the given indices, which ascend:
// λ_j = Π m/(m−j) over the other indices m.
func Lagrange(indices []int) ([]group.Scalar, error) {
	out := make([]group.Scalar, len(indices))
	previous := 0
	for a, j := range indices {
		if j <= previous || j > MaxTrustees {
			return nil, fmt.Errorf("Lagrange coefficients: index %d after %d: %w", j, previous, ErrIndex)
		}
		previous = j
		top, bottom := group.ScalarFromUint64(1), group.ScalarFromUint64(1)
		for _, m := range indices {
			if m != j {
				top = top.Mul(group.ScalarFromUint64(uint64(m)))
				bottom = bottom.Mul(group.ScalarFromUint64(uint64(m)).Sub(group.ScalarFromUint64(uint64(j))))
			}
		}
		inverse, err := bottom.Inverse()
		if err != nil {
			return nil, fmt.Errorf("Lagrange coefficients of %v: %w", indices, ErrIndex)
		}
		out[a] = top.Mul(inverse)
	}
	return out, nil
}

// Drill is the ciphertext on which trustees show before issuing that they can
// decrypt: (r·B, r·K_i) with r that everybody can compute.
func Drill(chainID string, election [32]byte, zone uint32, keys []group.Point) (r group.Point, c []group.Point) {
	t := transcript.New(drillLabel, chainID, election)
	t.AppendUint64(uint64(zone))
	t.AppendPoints(keys)
	secret := t.Challenge()
	c = make([]group.Point, len(keys))
	for i := range keys {
		c[i] = keys[i].Mul(secret).WithEncoding()
	}
	return group.BaseMul(secret).WithEncoding(), c
}
