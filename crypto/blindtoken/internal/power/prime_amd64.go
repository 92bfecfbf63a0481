//go:build amd64 && !purego

package power

import (
	"fmt"
	"io"
	"math/big"
)

// A residue modulo a prime of 1,024 bits is 20 limbs of 52 bits, padded to
// whole registers; R = 2^1040 is above four times the prime.
const (
	halfBits  = 1024
	halfLimbs = 20
	window    = 4
)

type half [24]uint64

// Prime is a prime of 1,024 bits with a secret exponent. It is immutable.
type Prime struct {
	p                 *big.Int
	n, squareOfR, one half // one is R modulo the prime
	factor            uint64
	exponent          [halfBits / window]byte // digits of four bits, highest first
}

// NewPrime prepares s^d modulo p, or returns nil if p is not an odd number of
// exactly 1,024 bits, d does not fit it, or the machine cannot.
func NewPrime(p, d *big.Int) *Prime {
	if !Available() || p.BitLen() != halfBits || p.Bit(0) == 0 || d.Sign() < 0 || d.BitLen() > halfBits {
		return nil
	}
	r := new(big.Int).Lsh(big.NewInt(1), halfLimbs*limbBits)
	word := new(big.Int).Lsh(big.NewInt(1), limbBits)
	out := &Prime{p: p, n: halfFrom(p), one: halfFrom(new(big.Int).Mod(r, p))}
	out.squareOfR = halfFrom(r.Mod(r.Mul(r, r), p))
	out.factor = -new(big.Int).ModInverse(p, word).Uint64() & limbMask
	digits := d.FillBytes(make([]byte, halfBits/8))
	for i, b := range digits {
		out.exponent[2*i], out.exponent[2*i+1] = b>>4, b&15
	}
	return out
}

// Format prints a redaction for every verb.
func (*Prime) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "power.Prime(redacted)")
}

// Of returns s^d modulo p. The multiplications and the choice of what to
// multiply by take the same time for all exponents; reducing s and the result
// is left to math/big, whose time depends on them.
func (p *Prime) Of(s *big.Int) *big.Int {
	var table [1 << window]half
	base := halfFrom(new(big.Int).Mod(s, p.p))
	table[0] = p.one
	p.multiply(&table[1], &base, &p.squareOfR)
	for i := 2; i < len(table); i++ {
		p.multiply(&table[i], &table[i-1], &table[1])
	}
	x := p.one
	for _, digit := range p.exponent {
		for range window {
			p.multiply(&x, &x, &x)
		}
		chosen := choose(&table, digit)
		p.multiply(&x, &x, &chosen)
	}
	p.multiply(&x, &x, &half{1}) // without R
	out := x.number()
	return out.Mod(out, p.p)
}

// choose reads the whole table.
func choose(table *[1 << window]half, digit byte) (out half) {
	for i := range table {
		differs := uint64(i) ^ uint64(digit)
		mask := (differs - 1) >> 63 * ^uint64(0) // differs is below 16: only 0 borrows
		for k := range halfLimbs {
			out[k] |= table[i][k] & mask
		}
	}
	return out
}

func (p *Prime) multiply(out, a, b *half) {
	montgomeryHalf(out, a, b, &p.n, p.factor)
	var carry uint64
	for i := range halfLimbs {
		limb := out[i] + carry
		out[i], carry = limb&limbMask, limb>>limbBits
	}
}

// montgomeryHalf leaves limbs of up to 60 bits.
//
//go:noescape
func montgomeryHalf(out, a, b, n *half, factor uint64)

func halfFrom(v *big.Int) (out half) {
	var b [Size]byte
	v.FillBytes(b[:])
	n := fromBytes(&b)
	copy(out[:halfLimbs], n[:halfLimbs])
	return out
}

// number is the integer, which may be above the prime.
func (x *half) number() *big.Int {
	var wide number
	copy(wide[:], x[:halfLimbs])
	var b [Size]byte
	wide.encode(&b)
	return new(big.Int).SetBytes(b[:])
}
