//go:build amd64 && !purego

package lanes

// Eight is eight field elements: limb i of lane l is at [i][l].
type Eight [5][8]uint64

// Limbs is one element, as of one lane.
type Limbs [5]uint64

const mask51 = 1<<51 - 1

// 16·(2^255 - 19) by limbs: added before a subtraction, it keeps limbs from
// going below zero.
var sixteenP = Limbs{16 * (1<<51 - 19), 16 * mask51, 16 * mask51, 16 * mask51, 16 * mask51}

// all is the element x in every lane.
func all(x Limbs) (out Eight) {
	for i := range out {
		for l := range out[i] {
			out[i][l] = x[i]
		}
	}
	return out
}

// carry brings limbs below 2^61 below 2^51 + 2^15 again.
func (e *Eight) carry() {
	for l := range 8 {
		c0, c1, c2, c3, c4 := e[0][l], e[1][l], e[2][l], e[3][l], e[4][l]
		e[0][l] = c0&mask51 + 19*(c4>>51)
		e[1][l] = c1&mask51 + c0>>51
		e[2][l] = c2&mask51 + c1>>51
		e[3][l] = c3&mask51 + c2>>51
		e[4][l] = c4&mask51 + c3>>51
	}
}

// add sets e to a + b.
func (e *Eight) add(a, b *Eight) {
	for i := range e {
		for l := range e[i] {
			e[i][l] = a[i][l] + b[i][l]
		}
	}
	e.carry()
}

// sub sets e to a - b.
func (e *Eight) sub(a, b *Eight) {
	for i := range e {
		for l := range e[i] {
			e[i][l] = a[i][l] + sixteenP[i] - b[i][l]
		}
	}
	e.carry()
}

// choose replaces each lane of e by that of b where the bit of the lane is 1.
func (e *Eight) choose(b *Eight, bits [8]uint64) {
	for i := range e {
		for l := range e[i] {
			e[i][l] ^= (e[i][l] ^ b[i][l]) & -bits[l]
		}
	}
}

// at is the element in a lane.
func (e *Eight) at(l int) Limbs {
	return Limbs{e[0][l], e[1][l], e[2][l], e[3][l], e[4][l]}
}

// reduced is the element as the one number below 2^255 - 19.
func (x Limbs) reduced() Limbs {
	for range 2 { // after the first round each limb but the lowest is below 2^51 + 1
		x[1] += x[0] >> 51
		x[2] += x[1] >> 51
		x[3] += x[2] >> 51
		x[4] += x[3] >> 51
		top := x[4] >> 51
		for i := range x {
			x[i] &= mask51
		}
		x[0] += 19 * top
	}
	// x is below 2^255 + 19 now. Adding 19 carries out of 2^255 exactly if x
	// is not below 2^255 - 19.
	q := (x[0] + 19) >> 51
	q = (x[1] + q) >> 51
	q = (x[2] + q) >> 51
	q = (x[3] + q) >> 51
	q = (x[4] + q) >> 51
	x[0] += 19 * q
	x[1] += x[0] >> 51
	x[2] += x[1] >> 51
	x[3] += x[2] >> 51
	x[4] += x[3] >> 51
	for i := range x {
		x[i] &= mask51
	}
	return x
}

// isEqual is 1 if two reduced elements are the same and 0 otherwise.
func (x Limbs) isEqual(y Limbs) uint64 {
	var d uint64
	for i := range x {
		d |= x[i] ^ y[i]
	}
	return (d - 1) >> 63 // d is below 2^51: only 0 borrows
}

// power22523 sets e to a^(2^252 - 3), the heart of a square root.
func (e *Eight) power22523(a *Eight) {
	var t0, t1, t2 Eight
	square(&t0, a, 1)   // 2
	square(&t1, &t0, 2) // 8
	mul(&t1, a, &t1)    // 9
	mul(&t0, &t0, &t1)  // 11
	square(&t0, &t0, 1) // 22
	mul(&t0, &t1, &t0)  // 2^5 - 1
	square(&t1, &t0, 5)
	mul(&t0, &t1, &t0) // 2^10 - 1
	square(&t1, &t0, 10)
	mul(&t1, &t1, &t0) // 2^20 - 1
	square(&t2, &t1, 20)
	mul(&t1, &t2, &t1) // 2^40 - 1
	square(&t1, &t1, 10)
	mul(&t0, &t1, &t0) // 2^50 - 1
	square(&t1, &t0, 50)
	mul(&t1, &t1, &t0) // 2^100 - 1
	square(&t2, &t1, 100)
	mul(&t1, &t2, &t1) // 2^200 - 1
	square(&t1, &t1, 50)
	mul(&t0, &t1, &t0) // 2^250 - 1
	square(&t0, &t0, 2)
	mul(e, &t0, a)
}
