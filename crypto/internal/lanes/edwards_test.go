//go:build amd64 && !purego

package lanes

import (
	"math/rand/v2"
	"testing"

	"github.com/oasisprotocol/curve25519-voi/curve"
)

// TestEdwardsPointsDecodeAsInTheLibrary compares verdicts and points for
// random, special and real encodings.
func TestEdwardsPointsDecodeAsInTheLibrary(t *testing.T) {
	if missing(t) {
		return
	}
	r := rand.New(rand.NewPCG(11, 12))
	special := make([][32]byte, 0, 80)
	for d := range 40 { // y around 0 and around 2^255 - 19, with both signs
		var low, high [32]byte
		low[0] = byte(d)
		for i := range high {
			high[i] = 0xff
		}
		high[0] -= byte(d)
		low[31], high[31] = byte(d%2)<<7, 0x7f|byte(d/2%2)<<7
		special = append(special, low, high)
	}
	for round := range 400 {
		var in [8][32]byte
		for l := range in {
			if r.IntN(3) == 0 {
				in[l] = special[r.IntN(len(special))]
				continue
			}
			for i := range in[l] {
				in[l][i] = byte(r.Uint32())
			}
		}
		if round < 10 {
			copy(in[:], special[8*round:])
		}
		var points [8]Point
		ok := DecodeEdwards(&in, &points)
		for l := range in {
			c := curve.CompressedEdwardsY(in[l])
			var p curve.EdwardsPoint
			_, err := p.SetCompressedY(&c)
			if want := err == nil && c.IsCanonicalVartime(); ok[l] != want {
				t.Fatalf("%x: accepted %t, the library %t", in[l], ok[l], want)
			}
			if !ok[l] {
				continue
			}
			if points[l].IsSmallOrder() != p.IsSmallOrder() || HasSmallOrderY(&in[l]) != p.IsSmallOrder() {
				t.Fatalf("%x: small order %t, by its y %t, the library %t", in[l], points[l].IsSmallOrder(), HasSmallOrderY(&in[l]), p.IsSmallOrder())
			}
			// y and the sign of x are those of the encoding, and x fits y.
			x, y := points[l].X.reduced(), points[l].Y.reduced()
			again := in[l]
			again[31] &= 0x7f
			limbs, _ := readField(&again)
			if y != limbs || x[0]&1 != uint64(in[l][31]>>7) || !onCurve(&points[l]) {
				t.Fatalf("%x decodes to x = %v, y = %v", in[l], x, y)
			}
		}
	}
}

// onCurve reports y² - x² = 1 + d·x²·y² and t = x·y.
func onCurve(p *Point) bool {
	x, y, tt := all(p.X), all(p.Y), all(p.T)
	var xx, yy, left, right, xy Eight
	square(&xx, &x, 1)
	square(&yy, &y, 1)
	left.sub(&yy, &xx)
	mul(&right, &xx, &yy)
	mul(&right, &right, &curveD)
	right.add(&right, &ones)
	mul(&xy, &x, &y)
	return left.at(0).reduced() == right.at(0).reduced() && xy.at(0).reduced() == tt.at(0).reduced()
}
