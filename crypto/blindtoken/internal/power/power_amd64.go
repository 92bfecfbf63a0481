//go:build amd64 && !purego

package power

import (
	"encoding/binary"
	"math/big"

	"golang.org/x/sys/cpu"
)

// Size is the length of a modulus and of its residues in bytes.
const Size = 256

// A number is 40 limbs of 52 bits; R = 2^2080 is above four times a modulus,
// so that products of numbers below twice the modulus need no subtraction.
const (
	limbCount = 40
	limbBits  = 52
	limbMask  = 1<<limbBits - 1
)

type number [limbCount]uint64

// Modulus is an odd number of 2,048 bits with what was computed for it. It is
// immutable.
type Modulus struct {
	n, squareOfR number
	factor       uint64 // -1/n modulo 2^52
}

// Available reports whether this machine can.
func Available() bool {
	return cpu.X86.HasAVX512F && cpu.X86.HasAVX512IFMA
}

// NewModulus prepares an odd modulus of exactly 2,048 bits.
func NewModulus(n *big.Int) *Modulus {
	if n.BitLen() != 8*Size || n.Bit(0) == 0 {
		panic("power: modulus is not an odd number of 2,048 bits")
	}
	word := new(big.Int).Lsh(big.NewInt(1), limbBits)
	square := new(big.Int).Lsh(big.NewInt(1), 2*limbCount*limbBits)
	inverse := new(big.Int).ModInverse(n, word)
	m := &Modulus{n: fromBig(n), squareOfR: fromBig(square.Mod(square, n))}
	m.factor = -inverse.Uint64() & limbMask
	return m
}

func fromBig(v *big.Int) number {
	var b [Size]byte
	v.FillBytes(b[:])
	return fromBytes(&b)
}

// Of sets out to s^65537 modulo m, big-endian both. It reports false, and sets
// nothing, if s is zero or not below the modulus.
func (m *Modulus) Of(out, s *[Size]byte) bool {
	base := fromBytes(s)
	if base == (number{}) || !base.below(&m.n) {
		return false
	}
	var x number
	m.multiply(&x, &base, &m.squareOfR) // s·R
	for range 16 {
		m.multiply(&x, &x, &x)
	}
	m.multiply(&x, &x, &base) // s^65536·R · s / R
	if !x.below(&m.n) {
		x.subtract(&m.n)
	}
	x.encode(out)
	return true
}

// multiply sets out to a·b/R modulo m, below twice the modulus.
func (m *Modulus) multiply(out, a, b *number) {
	montgomery(out, a, b, &m.n, m.factor)
	var carry uint64
	for i, limb := range out {
		limb += carry
		out[i], carry = limb&limbMask, limb>>limbBits
	}
}

// montgomery leaves limbs of up to 60 bits.
//
//go:noescape
func montgomery(out, a, b, n *number, factor uint64)

func fromBytes(b *[Size]byte) (out number) {
	var padded [Size + 8]byte // little-endian, with room to read beyond the end
	for i, v := range b {
		padded[Size-1-i] = v
	}
	for i := range out {
		bit := i * limbBits
		if bit >= 8*Size {
			break
		}
		out[i] = binary.LittleEndian.Uint64(padded[bit/8:]) >> (bit % 8) & limbMask
	}
	return out
}

// encode writes a number below 2^2048.
func (x *number) encode(out *[Size]byte) {
	var word, have uint64
	next := 0
	for i := Size - 1; i >= 0; i-- {
		if have < 8 {
			word |= x[next] << have
			have += limbBits
			next++
		}
		out[i] = byte(word)
		word >>= 8
		have -= 8
	}
}

func (x *number) below(y *number) bool {
	for i := limbCount - 1; i >= 0; i-- {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return false
}

// subtract takes y, which is not above x, from x.
func (x *number) subtract(y *number) {
	var borrow uint64
	for i := range x {
		limb := x[i] - y[i] - borrow
		x[i], borrow = limb&limbMask, limb>>63
	}
}
