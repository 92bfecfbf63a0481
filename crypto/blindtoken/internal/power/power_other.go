//go:build !amd64 || purego

package power

import "math/big"

// Size is the length of a modulus and of its residues in bytes.
const Size = 256

// Modulus is never made on such a machine.
type Modulus struct{}

// Available reports whether this machine can.
func Available() bool { return false }

// NewModulus must not be called where Available says no.
func NewModulus(*big.Int) *Modulus { panic("power: this machine cannot multiply 52 bits wide") }

// Of must not be called either.
func (*Modulus) Of(_, _ *[Size]byte) bool {
	panic("power: this machine cannot multiply 52 bits wide")
}

// Prime is never made on such a machine.
type Prime struct{}

// NewPrime makes none on such a machine.
func NewPrime(_, _ *big.Int) *Prime { return nil }

// Of must not be called.
func (*Prime) Of(*big.Int) *big.Int {
	panic("power: this machine cannot multiply 52 bits wide")
}
