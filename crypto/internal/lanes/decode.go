//go:build amd64 && !purego

package lanes

import "encoding/binary"

// Point is an element in extended coordinates: x = X/Z, y = Y/Z, T = XY/Z.
type Point struct{ X, Y, Z, T Limbs }

// Constants of the curve: d, the even square root of -1, and the other roots
// of unity that a square root can be off by.
var (
	one     = Limbs{1}
	minus1  = Limbs{2251799813685228, mask51, mask51, mask51, mask51}
	rootOf1 = Limbs{1718705420411056, 234908883556509, 2233514472574048, 2117202627021982, 765476049583133}
	minusI  = Limbs{533094393274173, 2016890930128738, 18285341111199, 134597186663265, 1486323764102114}

	ones   = all(one)
	curveD = all(Limbs{929955233495203, 466365720129213, 1662059464998953, 2033849074728123, 1442794654840575})
	rootsI = all(rootOf1)
	// enchanted is 1/√(-1 - d).
	enchanted = all(Limbs{278908739862762, 821645201101625, 8113234426968, 1777959178193151, 2118520810568447})
	zeros     Eight
)

// Decode reads eight encodings of ristretto255; ok says which of them are one.
// The points of the others are not set.
func Decode(encodings *[8][32]byte, points *[8]Point) (ok [8]bool) {
	var s Eight
	for l := range encodings {
		var limbs Limbs
		if limbs, ok[l] = readField(&encodings[l]); !ok[l] || limbs[0]&1 == 1 {
			ok[l] = false
			continue // the lane computes with zero
		}
		for i := range limbs {
			s[i][l] = limbs[i]
		}
	}
	var ss, u1, u2, u2u2, v, w Eight
	square(&ss, &s, 1)
	u1.sub(&ones, &ss)
	u2.add(&ones, &ss)
	square(&u2u2, &u2, 1)
	square(&v, &u1, 1)
	mul(&v, &v, &curveD)
	v.add(&v, &u2u2)
	v.sub(&zeros, &v) // -(d·u1² + u2²)
	mul(&w, &v, &u2u2)

	var root, x, y, t Eight
	isSquare := root.inverseRoot(&w)
	mul(&x, &root, &u2) // 1/√v
	mul(&y, &root, &x)
	mul(&y, &y, &v) // 1/u2
	mul(&y, &y, &u1)
	mul(&x, &x, &s)
	x.add(&x, &x)
	x.absolute()
	mul(&t, &x, &y)
	for l := range points {
		ok[l] = ok[l] && isSquare[l] == 1 && t.at(l).reduced()[0]&1 == 0 && y.at(l).reduced() != Limbs{}
		if ok[l] {
			points[l] = Point{X: x.at(l), Y: y.at(l), Z: one, T: t.at(l)}
		}
	}
	return ok
}

// readField reads a field element below 2^255 - 19.
func readField(b *[32]byte) (Limbs, bool) {
	w0, w1 := binary.LittleEndian.Uint64(b[0:]), binary.LittleEndian.Uint64(b[8:])
	w2, w3 := binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
	x := Limbs{w0 & mask51, (w0>>51 | w1<<13) & mask51, (w1>>38 | w2<<26) & mask51, (w2>>25 | w3<<39) & mask51, w3 >> 12}
	return x, w3>>63 == 0 && x.reduced() == x
}

// inverseRoot sets e to one of the two values of 1/√w, or of 1/√(i·w) if w is
// no square, and says in which lanes w is one. Of zero it makes zero, no square.
func (e *Eight) inverseRoot(w *Eight) (isSquare [8]uint64) {
	var w3, w7, check, turned Eight
	square(&w3, w, 1)
	mul(&w3, &w3, w)
	square(&w7, &w3, 1)
	mul(&w7, &w7, w)
	e.power22523(&w7)
	mul(e, e, &w3)
	square(&check, e, 1)
	mul(&check, &check, w) // a fourth root of unity, or 0
	mul(&turned, e, &rootsI)
	var turn [8]uint64
	for l := range turn {
		c := check.at(l).reduced()
		turn[l] = c.isEqual(minus1) | c.isEqual(minusI)
		isSquare[l] = c.isEqual(one) | c.isEqual(minus1)
	}
	e.choose(&turned, turn)
	return isSquare
}

// absolute negates the lanes that are negative (odd).
func (e *Eight) absolute() {
	var negated Eight
	negated.sub(&zeros, e)
	e.choose(&negated, e.odd())
}
