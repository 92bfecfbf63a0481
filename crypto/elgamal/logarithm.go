package elgamal

import (
	"fmt"
	"math"

	"github.com/urna-vote/urna/crypto/group"
)

// MaxLogarithm bounds what Logarithm looks for: the table and the time grow
// with the square root.
const MaxLogarithm = 100_000_000

// Logarithm finds counts in the exponent by baby steps and giant steps. It is
// made once for a bound and may then be used by many goroutines.
//
// The table holds j·B for j = 0..m, m the square root of the bound; giant steps
// subtract (m+1)·B until the rest is in the table.
type Logarithm struct {
	max   uint64
	steps uint64 // m: table entries beyond zero
	baby  map[[group.Size]byte]uint32
	giant group.Point // (m+1)·B
}

// NewLogarithm makes the table for logarithms from 0 to max. It takes about
// 4 µs times the square root of max.
func NewLogarithm(max uint64) (*Logarithm, error) {
	if max > MaxLogarithm {
		return nil, fmt.Errorf("make logarithm table: bound %d above %d: %w", max, MaxLogarithm, ErrLogarithm)
	}
	m := uint64(math.Sqrt(float64(max)))
	l := &Logarithm{max: max, steps: m, baby: make(map[[group.Size]byte]uint32, m+1)}
	p := group.Identity()
	for j := uint64(0); j <= m; j++ {
		l.baby[p.Encode()] = uint32(j)
		p = p.Add(group.Basepoint())
	}
	l.giant = p
	return l, nil
}

// Find returns v with v·B = p and v ≤ max, or ErrLogarithm.
func (l *Logarithm) Find(p group.Point) (uint64, error) {
	for base := uint64(0); base <= l.max; base += l.steps + 1 {
		if j, ok := l.baby[p.Encode()]; ok {
			v := base + uint64(j)
			if v > l.max {
				break
			}
			return v, nil
		}
		p = p.Sub(l.giant)
	}
	return 0, fmt.Errorf("find logarithm up to %d: %w", l.max, ErrLogarithm)
}
