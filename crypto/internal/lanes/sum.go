//go:build amd64 && !purego

package lanes

import "math/bits"

// Coordinates is a point limb by limb: [i][c] is limb i of X, Y, Z, T, or of a
// prepared point's Y-X, Y+X, 2Z, 2dT.
type Coordinates [5][4]uint64

var (
	neutral = Coordinates{{0, 1, 1, 0}}
	// Products with these prepare a point.
	factors = func() (f Coordinates) {
		var twice Eight
		twice.add(&curveD, &curveD)
		for i, limb := range twice.at(0).reduced() {
			f[i][3] = limb
		}
		f[0][0], f[0][1], f[0][2] = 1, 1, 2
		return f
	}()
)

// Scratch is the memory of sums, to be used again by one sum after another.
type Scratch struct {
	prepared []Coordinates
	shifted  [][5]uint64
	buckets  [2][]Coordinates
}

// cutting says how scalars are cut into digits: windows of w bits, two of
// which are summed side by side. Half a window is added to each of them
// beforehand and taken off its digit, so that digits are in -2^(w-1)..2^(w-1)
// and need half as many buckets. The last windows, which hold less than w bits
// of a scalar, are left as they are.
type cutting struct {
	w, windows int
	signed     int // windows from here on are left as they are
	offset     [4]uint64
}

const scalarBits = 253

func newCutting(w int) cutting {
	c := cutting{w: w, windows: (scalarBits + w) / w, signed: scalarBits / w} // room for one bit more: a carry
	c.windows += c.windows & 1
	for window := range c.signed {
		bit := window*w + w - 1
		c.offset[bit/64] |= 1 << (bit % 64)
	}
	return c
}

// shift adds what digits have taken off.
func (c *cutting) shift(scalar *[4]uint64) (out [5]uint64) {
	var carry uint64
	for i := range c.offset {
		out[i], carry = bits.Add64(scalar[i], c.offset[i], carry)
	}
	return out // a scalar and the offset are below 2^253 both
}

// digits are those of two windows, the first of which is even.
func (c *cutting) digits(shifted *[5]uint64, window int) (low, high int) {
	bit := window * c.w
	if bit >= 256 {
		return 0, 0
	}
	limb := bit / 64
	v := shifted[limb]>>(bit%64) | shifted[limb+1]<<(64-bit%64)
	mask := 1<<c.w - 1
	low, high = int(v)&mask, int(v>>c.w)&mask
	if window < c.signed {
		low -= 1 << (c.w - 1)
	}
	if window+1 < c.signed {
		high -= 1 << (c.w - 1)
	}
	return low, high
}

// Sum returns Σ scalars[i]·points[i] by the method of Pippenger, in time that
// depends on the scalars, which are below 2^253.
func Sum(scalars [][4]uint64, points []*Point, s *Scratch) Point {
	c := newCutting(widthFor(len(points)))
	s.prepare(points, c.w)
	for i := range scalars {
		s.shifted[i] = c.shift(&scalars[i])
	}
	total := neutral
	for window := c.windows - 2; window >= 0; window -= 2 {
		low, high := s.columns(&c, window)
		for range c.w {
			double(&total)
		}
		addPoint(&total, &high)
		for range c.w {
			double(&total)
		}
		addPoint(&total, &low)
	}
	return total.point()
}

// widthFor is the width of windows at which a sum of n terms takes the least
// additions, if emptying a bucket costs as much as eight.
func widthFor(n int) int {
	best, width := 1<<62, 0
	for w := 4; w <= 13; w++ {
		if cost := newCutting(w).windows * (n + 8<<(w-1)); cost < best {
			best, width = cost, w
		}
	}
	return width
}

func (s *Scratch) prepare(points []*Point, w int) {
	n := len(points)
	s.prepared, s.shifted = grown(s.prepared, n), grown(s.shifted, n)
	for h := range s.buckets {
		s.buckets[h] = grown(s.buckets[h], 1<<(w-1)+1)
	}
	var none Coordinates
	for i := 0; i < n; i += 2 {
		a := points[i].coordinates()
		if i+1 == n {
			preparePair(&s.prepared[i], &none, &a, &a, &factors)
			break
		}
		b := points[i+1].coordinates()
		preparePair(&s.prepared[i], &s.prepared[i+1], &a, &b, &factors)
	}
}

func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// columns returns the sums of two windows: Σ digit·point of each. Bucket 0
// takes what a window with digit zero has to add while the other has more.
func (s *Scratch) columns(c *cutting, window int) (low, high Coordinates) {
	first, second := s.buckets[0], s.buckets[1]
	for i := range first {
		first[i], second[i] = neutral, neutral
	}
	for i := range s.shifted {
		a, b := c.digits(&s.shifted[i], window)
		if a == 0 && b == 0 {
			continue
		}
		// The sign of a digit, spread over the lanes of its half.
		signA, signB := a>>63, b>>63
		negative := uint64(signA&0x0f | signB&0xf0)
		p := &s.prepared[i]
		addPair(&first[(a^signA)-signA], &second[(b^signB)-signB], p, p, negative)
	}
	return s.weigh()
}

// weigh returns Σ k·bucket_k of both windows, as the sum of all sums of buckets
// from the last down.
func (s *Scratch) weigh() (low, high Coordinates) {
	first, second := s.buckets[0], s.buckets[1]
	low, high = neutral, neutral
	runA, runB := neutral, neutral
	var p, q Coordinates
	for k := len(first) - 1; k > 0; k-- {
		preparePair(&p, &q, &first[k], &second[k], &factors)
		addPair(&runA, &runB, &p, &q, 0)
		preparePair(&p, &q, &runA, &runB, &factors)
		addPair(&low, &high, &p, &q, 0)
	}
	return low, high
}

func double(a *Coordinates) { addPoint(a, a) }

// addPoint sets a to a + b. The other half of the registers adds to nothing.
func addPoint(a, b *Coordinates) {
	var p, q Coordinates
	other := neutral
	preparePair(&p, &q, b, b, &factors)
	addPair(a, &other, &p, &q, 0)
}

func (p *Point) coordinates() (c Coordinates) {
	for i := range c {
		c[i] = [4]uint64{p.X[i], p.Y[i], p.Z[i], p.T[i]}
	}
	return c
}

func (c *Coordinates) point() (p Point) {
	for i := range c {
		p.X[i], p.Y[i], p.Z[i], p.T[i] = c[i][0], c[i][1], c[i][2], c[i][3]
	}
	return p
}
