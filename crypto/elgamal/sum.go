package elgamal

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/group"
)

// Sum is the running total of ciphertexts over some slots, for instance those
// of one contest. A ballot's R is added to the sum of each of its contests.
type Sum struct {
	R group.Point
	C []group.Point
}

// NewSum returns the empty total of n slots: all identities.
func NewSum(n int) *Sum { return &Sum{C: make([]group.Point, n)} }

// Add adds a ballot's R and its elements of these slots.
func (s *Sum) Add(r group.Point, c []group.Point) error {
	if len(c) != len(s.C) {
		return fmt.Errorf("add to sum of %d slots: %d elements: %w", len(s.C), len(c), ErrLength)
	}
	s.R = s.R.Add(r)
	for i := range c {
		s.C[i] = s.C[i].Add(c[i])
	}
	return nil
}

// Sub takes out what Add added: a later ballot replaces it.
func (s *Sum) Sub(r group.Point, c []group.Point) error {
	if len(c) != len(s.C) {
		return fmt.Errorf("subtract from sum of %d slots: %d elements: %w", len(s.C), len(c), ErrLength)
	}
	s.R = s.R.Sub(r)
	for i := range c {
		s.C[i] = s.C[i].Sub(c[i])
	}
	return nil
}

// Clone returns an independent copy.
func (s *Sum) Clone() *Sum {
	return &Sum{R: s.R, C: append([]group.Point(nil), s.C...)}
}

// Encode returns R ‖ C_1 ‖ … ‖ C_n.
func (s *Sum) Encode() []byte {
	return group.EncodePoints(append([]group.Point{s.R}, s.C...))
}

// DecodeSum reads a sum of n slots. The identity is allowed everywhere: it is
// the sum of no ballots. Refusals: ErrLength and those of package group.
func DecodeSum(n int, b []byte) (*Sum, error) {
	if !holds(b, n, 1) {
		return nil, fmt.Errorf("decode sum: %d bytes do not hold R and %d slots: %w", len(b), n, ErrLength)
	}
	points, err := decodeAny(b)
	if err != nil {
		return nil, fmt.Errorf("decode sum: element %w", err)
	}
	return &Sum{R: points[0], C: points[1:]}, nil
}

// DecryptShare returns D_i = x_i·R for each secret share x_i, in constant time.
func DecryptShare(secrets []group.Scalar, r group.Point) []group.Point {
	const paysFrom = 5 // a table costs about four multiplications
	mul := r.Mul
	if len(secrets) >= paysFrom {
		mul = group.NewTable(r).Mul
	}
	out := make([]group.Point, len(secrets))
	for i, x := range secrets {
		out[i] = mul(x).WithEncoding()
	}
	return out
}

// Messages returns the points m_i·B = C_i - D_i, D_i being the combined shares
// x_i·R of all slots.
func (s *Sum) Messages(combined []group.Point) ([]group.Point, error) {
	if len(combined) != len(s.C) {
		return nil, fmt.Errorf("decrypt sum of %d slots: %d combined shares: %w", len(s.C), len(combined), ErrLength)
	}
	out := make([]group.Point, len(s.C))
	for i := range s.C {
		out[i] = s.C[i].Sub(combined[i])
	}
	return out, nil
}
