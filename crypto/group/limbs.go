package group

import (
	"encoding/binary"
	"math/bits"

	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// limbs is an integer below 2^256, lowest limb first.
type limbs [4]uint64

// The group order q, -1/q modulo 2^64, and powers of R = 2^256 modulo q.
const (
	order0      = 0x5812631a5cf5d3ed
	order1      = 0x14def9dea2f79cd6
	order3      = 1 << 60 // limb 2 is zero
	orderFactor = 0xd2b51da312547e1b
)

var (
	oneR  = limbs{0xd6ec31748d98951d, 0xc6ef5bf4737dcf70, 0xfffffffffffffffe, 0x0fffffffffffffff}
	oneR2 = limbs{0xa40611e3449c0f01, 0xd00e1ba768859347, 0xceec73d217f5be65, 0x0399411b7c309a3d}
)

// The functions below take the same time for all numbers.

// montgomery returns a·b/R modulo q, below q. One of the two must be below q.
func montgomery(a, b *limbs) limbs {
	var p0, p1, p2, p3, p4, p5, p6, p7, top uint64
	p0, p1, p2, p3, p4 = row(a[0], b, 0, 0, 0, 0)
	p1, p2, p3, p4, p5 = row(a[1], b, p1, p2, p3, p4)
	p2, p3, p4, p5, p6 = row(a[2], b, p2, p3, p4, p5)
	p3, p4, p5, p6, p7 = row(a[3], b, p3, p4, p5, p6)
	p1, p2, p3, p4, top = clearLimb(p0, p1, p2, p3, p4, 0)
	p2, p3, p4, p5, top = clearLimb(p1, p2, p3, p4, p5, top)
	p3, p4, p5, p6, top = clearLimb(p2, p3, p4, p5, p6, top)
	p4, p5, p6, p7, _ = clearLimb(p3, p4, p5, p6, p7, top)
	return belowOrder(limbs{p4, p5, p6, p7}) // a·b < R·q, so this is below 2q
}

// row returns p + x·b in five limbs.
func row(x uint64, b *limbs, p0, p1, p2, p3 uint64) (r0, r1, r2, r3, r4 uint64) {
	h0, l0 := bits.Mul64(x, b[0])
	h1, l1 := bits.Mul64(x, b[1])
	h2, l2 := bits.Mul64(x, b[2])
	h3, l3 := bits.Mul64(x, b[3])
	l1, c := bits.Add64(l1, h0, 0)
	l2, c = bits.Add64(l2, h1, c)
	l3, c = bits.Add64(l3, h2, c)
	r4 = h3 + c
	r0, c = bits.Add64(l0, p0, 0)
	r1, c = bits.Add64(l1, p1, c)
	r2, c = bits.Add64(l2, p2, c)
	r3, c = bits.Add64(l3, p3, c)
	return r0, r1, r2, r3, r4 + c
}

// clearLimb adds the multiple of q to p that makes p0 zero, and the carry of
// the round before to p4; it returns p1..p4 and the carry above them.
func clearLimb(p0, p1, p2, p3, p4, carry uint64) (r1, r2, r3, r4, top uint64) {
	m := p0 * orderFactor
	h0, l0 := bits.Mul64(m, order0)
	h1, l1 := bits.Mul64(m, order1)
	l1, c := bits.Add64(l1, h0, 0)
	h1 += c
	_, c = bits.Add64(p0, l0, 0)
	r1, c = bits.Add64(p1, l1, c)
	r2, c = bits.Add64(p2, h1, c)
	r3, c = bits.Add64(p3, m<<60, c)
	r4, top = bits.Add64(p4, m>>4, c)
	r4, c = bits.Add64(r4, carry, 0)
	return r1, r2, r3, r4, top + c
}

// belowOrder returns a, which is below 2q, modulo q.
func belowOrder(a limbs) limbs {
	less, borrow := minusOrder(&a)
	keep := -borrow // all ones if a is below q
	for i := range a {
		less[i] ^= (less[i] ^ a[i]) & keep
	}
	return less
}

func minusOrder(a *limbs) (out limbs, borrow uint64) {
	out[0], borrow = bits.Sub64(a[0], order0, 0)
	out[1], borrow = bits.Sub64(a[1], order1, borrow)
	out[2], borrow = bits.Sub64(a[2], 0, borrow)
	out[3], borrow = bits.Sub64(a[3], order3, borrow)
	return out, borrow
}

func addLimbs(a, b *limbs) (sum limbs) {
	var c uint64
	sum[0], c = bits.Add64(a[0], b[0], 0)
	sum[1], c = bits.Add64(a[1], b[1], c)
	sum[2], c = bits.Add64(a[2], b[2], c)
	sum[3], _ = bits.Add64(a[3], b[3], c)
	return belowOrder(sum)
}

func subLimbs(a, b *limbs) (out limbs) {
	var c uint64
	out[0], c = bits.Sub64(a[0], b[0], 0)
	out[1], c = bits.Sub64(a[1], b[1], c)
	out[2], c = bits.Sub64(a[2], b[2], c)
	out[3], c = bits.Sub64(a[3], b[3], c)
	back := -c // all ones if b was larger
	out[0], c = bits.Add64(out[0], order0&back, 0)
	out[1], c = bits.Add64(out[1], order1&back, c)
	out[2], c = bits.Add64(out[2], 0, c)
	out[3], _ = bits.Add64(out[3], order3&back, c)
	return out
}

func readLimbs(b []byte) limbs {
	return limbs{
		binary.LittleEndian.Uint64(b[0:]), binary.LittleEndian.Uint64(b[8:]),
		binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:]),
	}
}

func (a *limbs) encode() (out [Size]byte) {
	for i, l := range a {
		binary.LittleEndian.PutUint64(out[8*i:], l)
	}
	return out
}

// library is the library's form of a scalar.
func (s *Scalar) library() *scalar.Scalar {
	e := s.n.encode()
	var out scalar.Scalar
	if _, err := out.SetBits(e[:]); err != nil {
		panic("group: scalar does not fit the library's: " + err.Error())
	}
	return &out
}
