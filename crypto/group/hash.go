package group

import (
	"crypto"
	_ "crypto/sha512" // registers crypto.SHA512 for the expander

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/primitives/h2c"
)

// HashToGroup maps a message to an element of which nobody knows the discrete
// logarithm to any other: suite ristretto255_XMD:SHA-512_R255MAP_RO_ of
// RFC 9380, appendix B, with the domain separation tag dst.
func HashToGroup(dst, message []byte) Point {
	p, err := h2c.Ristretto255_XMD_R255MAP_RO(crypto.SHA512, dst, message)
	if err != nil {
		panic("group: hash to group: " + err.Error()) // SHA-512 and 64 bytes always satisfy the expander
	}
	return fromInner(*p)
}

// FromUniform64 maps 64 uniform bytes to a uniform element (RFC 9496, 4.3.4).
func FromUniform64(b [64]byte) Point {
	var p curve.RistrettoPoint
	if _, err := p.SetUniformBytes(b[:]); err != nil {
		panic("group: 64 uniform bytes refused: " + err.Error())
	}
	return fromInner(p)
}
