//go:build amd64 && !purego

package lanes

import "encoding/binary"

// Encode writes the ristretto255 encodings of eight points (RFC 9496, 4.3.2).
// It takes the same time for all of them.
func Encode(points *[8]*Point, encodings *[8][32]byte) {
	var x, y, z, t Eight
	for l, p := range points {
		for i := range x {
			x[i][l], y[i][l], z[i][l], t[i][l] = p.X[i], p.Y[i], p.Z[i], p.T[i]
		}
	}
	for _, e := range []*Eight{&x, &y, &z, &t} {
		e.carry()
	}
	var u1, u2, w, root Eight
	u1.add(&z, &y)
	w.sub(&z, &y)
	mul(&u1, &u1, &w)
	mul(&u2, &x, &y)
	square(&w, &u2, 1)
	mul(&w, &w, &u1)
	root.inverseRoot(&w) // of either sign: s is made even, and inverseZ has it twice
	var den1, inverse, inverseZ, rotatedX, rotatedY, rotatedInverse Eight
	mul(&den1, &root, &u1)
	mul(&inverse, &root, &u2)
	mul(&inverseZ, &den1, &inverse)
	mul(&inverseZ, &inverseZ, &t)
	mul(&rotatedX, &y, &rootsI)
	mul(&rotatedY, &x, &rootsI)
	mul(&rotatedInverse, &den1, &enchanted)
	mul(&w, &t, &inverseZ)
	rotate := w.odd()
	x.choose(&rotatedX, rotate)
	y.choose(&rotatedY, rotate)
	inverse.choose(&rotatedInverse, rotate)
	mul(&w, &x, &inverseZ)
	var negated, s Eight
	negated.sub(&zeros, &y)
	y.choose(&negated, w.odd())
	s.sub(&z, &y)
	mul(&s, &s, &inverse)
	s.absolute()
	for l := range encodings {
		r := s.at(l).reduced()
		b := encodings[l][:]
		binary.LittleEndian.PutUint64(b[0:], r[0]|r[1]<<51)
		binary.LittleEndian.PutUint64(b[8:], r[1]>>13|r[2]<<38)
		binary.LittleEndian.PutUint64(b[16:], r[2]>>26|r[3]<<25)
		binary.LittleEndian.PutUint64(b[24:], r[3]>>39|r[4]<<12)
	}
}

// odd has a 1 for each lane that is negative.
func (e *Eight) odd() (bits [8]uint64) {
	for l := range bits {
		bits[l] = e.at(l).reduced()[0] & 1
	}
	return bits
}
