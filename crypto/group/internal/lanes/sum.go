//go:build amd64 && !purego

package lanes

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
	digits   []int16
	buckets  [2][]Coordinates
}

// Sum returns Σ scalars[i]·points[i] by the method of Pippenger, in time that
// depends on the scalars, which are below 2^253. Two windows of the scalars
// are summed side by side.
func Sum(scalars [][4]uint64, points []*Point, s *Scratch) Point {
	w := widthFor(len(points))
	windows := (254 + w - 1) / w // one bit more than scalars have: the last carry fits
	windows += windows & 1
	s.prepare(points, w, windows)
	for i := range scalars {
		s.cut(scalars[i], i, len(points), w, windows)
	}
	total := neutral
	for window := windows - 2; window >= 0; window -= 2 {
		low, high := s.columns(window, len(points))
		for range w {
			double(&total)
		}
		addPoint(&total, &high)
		for range w {
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
		windows := (254 + w - 1) / w
		windows += windows & 1
		if cost := windows * (n + 8<<(w-1)); cost < best {
			best, width = cost, w
		}
	}
	return width
}

func (s *Scratch) prepare(points []*Point, w, windows int) {
	n := len(points)
	s.prepared = grown(s.prepared, n)
	s.digits = grown(s.digits, n*windows)
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

// cut writes the digits of a scalar, each in (-2^(w-1), 2^(w-1)], window by
// window; those of one window stand together for all scalars.
func (s *Scratch) cut(scalar [4]uint64, i, n, w, windows int) {
	half, mask := uint64(1)<<(w-1), uint64(1)<<w-1
	var carry uint64
	for window := range windows {
		bit := window * w
		var v uint64
		if limb := bit / 64; limb < 4 {
			v = scalar[limb] >> (bit % 64)
			if limb < 3 && bit%64+w > 64 {
				v |= scalar[limb+1] << (64 - bit%64)
			}
		}
		v = v&mask + carry
		carry = 0
		digit := int16(v)
		if v > half {
			digit, carry = int16(int(v)-1<<w), 1
		}
		s.digits[window*n+i] = digit
	}
}

// columns returns the sums of two windows: Σ digit·point of each. Bucket 0
// takes what a window with digit zero has to add while the other has more.
func (s *Scratch) columns(window, n int) (low, high Coordinates) {
	first, second := s.buckets[0], s.buckets[1]
	for i := range first {
		first[i], second[i] = neutral, neutral
	}
	digitsLow := s.digits[window*n : (window+1)*n]
	digitsHigh := s.digits[(window+1)*n : (window+2)*n][:len(digitsLow)]
	for i, a := range digitsLow {
		b := digitsHigh[i]
		if a == 0 && b == 0 {
			continue
		}
		// The sign of a digit, spread over the lanes of its half.
		signA, signB := a>>15, b>>15
		negative := uint64(uint8(signA)&0x0f | uint8(signB)&0xf0)
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
