//go:build amd64 && !purego

package lanes

// Basepoint is the generator of RFC 8032, y = 4/5 and x even.
var Basepoint = Point{
	X: Limbs{1738742601995546, 1146398526822698, 2070867633025821, 562264141797630, 587772402128613},
	Y: Limbs{1801439850948184, 1351079888211148, 450359962737049, 900719925474099, 1801439850948198},
	Z: one,
	T: Limbs{1841354044333475, 16398895984059, 755974180946558, 900171276175154, 1821297809914039},
}

// DecodeEdwards reads eight encodings of points of the curve itself (RFC 8032,
// 5.1.3), of any order; ok says which of them are one. Only canonical
// encodings are: y below 2^255 - 19, and no sign of x = 0.
func DecodeEdwards(encodings *[8][32]byte, points *[8]Point) (ok [8]bool) {
	var y Eight
	var sign [8]uint64
	for l := range encodings {
		b := encodings[l]
		sign[l] = uint64(b[31] >> 7)
		b[31] &= 0x7f
		var limbs Limbs
		if limbs, ok[l] = readField(&b); !ok[l] {
			continue // the lane computes with zero
		}
		for i := range limbs {
			y[i][l] = limbs[i]
		}
	}
	// x² = u/v = (y² - 1)/(d·y² + 1)
	var yy, u, v, x, t Eight
	square(&yy, &y, 1)
	u.sub(&yy, &ones)
	mul(&v, &yy, &curveD)
	v.add(&v, &ones)
	isSquare := x.rootOfRatio(&u, &v)
	var turn [8]uint64
	for l := range turn {
		xl := x.at(l).reduced()
		turn[l] = xl[0]&1 ^ sign[l]
		ok[l] = ok[l] && isSquare[l] == 1 && (xl != Limbs{} || sign[l] == 0)
	}
	var negated Eight
	negated.sub(&zeros, &x)
	x.choose(&negated, turn)
	mul(&t, &x, &y)
	for l := range points {
		if ok[l] {
			points[l] = Point{X: x.at(l), Y: y.at(l), Z: one, T: t.at(l)}
		}
	}
	return ok
}

// rootOfRatio sets e to a square root of u/v and says in which lanes there is
// one; v is not zero, as -1/d is no square.
func (e *Eight) rootOfRatio(u, v *Eight) (isSquare [8]uint64) {
	var v3, uv7, check, turned Eight
	square(&v3, v, 1)
	mul(&v3, &v3, v)
	square(&uv7, &v3, 1)
	mul(&uv7, &uv7, v)
	mul(&uv7, &uv7, u)
	e.power22523(&uv7)
	mul(e, e, &v3)
	mul(e, e, u)
	square(&check, e, 1)
	mul(&check, &check, v) // u or -u, if u/v is a square
	mul(&turned, e, &rootsI)
	var minusU Eight
	minusU.sub(&zeros, u)
	var turn [8]uint64
	for l := range turn {
		c := check.at(l).reduced()
		straight := c.isEqual(u.at(l).reduced())
		turn[l] = c.isEqual(minusU.at(l).reduced())
		isSquare[l] = straight | turn[l]
	}
	e.choose(&turned, turn)
	return isSquare
}

// IsSmallOrder reports whether eight times the point is the neutral element.
func (p *Point) IsSmallOrder() bool {
	c := p.coordinates()
	for range 3 {
		double(&c)
	}
	q := c.point()
	return q.X.reduced() == Limbs{} && q.Y.reduced() == q.Z.reduced()
}

// The y coordinates of the points of order eight.
var (
	orderEightY      = Limbs{2166873539340326, 1778179147085316, 1886209374839743, 1223329526802818, 105300633354275}
	orderEightMinusY = Limbs{84926274344903, 473620666599931, 365590438845504, 1028470286882429, 2146499180330972}
)

// HasSmallOrderY reports whether an encoding has the y of a point of small
// order, whichever its sign: the five canonical ones are stated below.
func HasSmallOrderY(encoding *[32]byte) bool {
	b := *encoding
	b[31] &= 0x7f
	limbs, canonical := readField(&b)
	return canonical && (limbs == Limbs{} || limbs == one || limbs == minus1 || limbs == orderEightY || limbs == orderEightMinusY)
}
