//go:build amd64 && !purego

package group

import (
	"sync"
	"unsafe"

	"github.com/oasisprotocol/curve25519-voi/curve"

	"github.com/urna-vote/urna/crypto/internal/lanes"
)

// lanesAtOnce is how many encodings are decoded together.
const lanesAtOnce = 8

// The library has no constructor from coordinates. Its point is four field
// elements X, Y, Z, T of five 51-bit limbs each, as lanes.Point is; the two
// lines fail to compile if the sizes differ, and wide stays false if the
// meaning does.
var (
	_ [unsafe.Sizeof(lanes.Point{}) - unsafe.Sizeof(curve.RistrettoPoint{})]byte
	_ [unsafe.Sizeof(curve.RistrettoPoint{}) - unsafe.Sizeof(lanes.Point{})]byte
)

// wide says that eight encodings may be decoded at once.
var wide = lanes.Available() && layoutIsKnown()

func layoutIsKnown() bool {
	var in [8][Size]byte
	var want, got [8]Point
	for l := range in {
		want[l] = BaseMul(ScalarFromUint64(uint64(l)))
		in[l] = want[l].Encode()
	}
	if decodeWide(got[:], &in) != len(got) {
		return false
	}
	for l := range got {
		// Operations of the library that read each coordinate.
		p, sum := got[l].ref(), fromInner(got[l].inner).Add(want[1])
		if p.Equal(want[l].ref()) != 1 || fromInner(*p).Encode() != in[l] || !sum.Equal(want[l].Add(want[1])) {
			return false
		}
	}
	return true
}

// decodeSome reads at most eight encodings and returns how many were good
// before the first bad one.
func decodeSome(into []Point, b []byte) (good int) {
	if !wide || len(into) == 1 {
		return decodeSingly(into, b)
	}
	var in [8][Size]byte // unused lanes hold the identity
	for i := range into {
		in[i] = [Size]byte(b[i*Size:])
	}
	return decodeWide(into, &in)
}

func decodeWide(into []Point, in *[8][Size]byte) (good int) {
	var points [8]lanes.Point
	ok := lanes.Decode(in, &points)
	for i := range into {
		if !ok[i] {
			return i
		}
		p := &into[i]
		p.inner = *(*curve.RistrettoPoint)(unsafe.Pointer(&points[i]))
		p.encoded, p.holds = in[i], holdsEncoding
	}
	return len(into)
}

// encodeSome encodes at most eight elements.
func encodeSome(points []*Point) {
	if !wide || len(points) == 1 {
		encodeSingly(points)
		return
	}
	encodeWide(points)
}

func encodeWide(points []*Point) {
	var in [8]*lanes.Point
	for l := range in { // the last one fills the unused lanes
		in[l] = (*lanes.Point)(unsafe.Pointer(points[min(l, len(points)-1)].ref()))
	}
	var out [8][Size]byte
	lanes.Encode(&in, &out)
	for l, p := range points {
		if p.holds == holdsPoint {
			p.encoded, p.holds = out[l], holdsEncoding
		}
	}
}

var scratches = sync.Pool{New: func() any { return new(sumScratch) }}

// sumScratch is the memory of a sum.
type sumScratch struct {
	lanes.Scratch
	scalars [][4]uint64
	points  []*lanes.Point
}

// fewTerms is where the library's method for few terms is the quicker one.
const fewTerms = 24

// sumWide is SumVartime where two windows are summed at once; it declines
// short sums and machines that cannot.
func sumWide(scalars []Scalar, points []*Point) (Point, bool) {
	if !wide || len(points) < fewTerms {
		return Point{}, false
	}
	s := scratches.Get().(*sumScratch)
	defer scratches.Put(s)
	s.scalars, s.points = s.scalars[:0], s.points[:0]
	for i := range scalars {
		s.scalars = append(s.scalars, scalars[i].n)
		s.points = append(s.points, (*lanes.Point)(unsafe.Pointer(points[i].ref())))
	}
	sum := lanes.Sum(s.scalars, s.points, &s.Scratch)
	clear(s.points)
	return fromInner(*(*curve.RistrettoPoint)(unsafe.Pointer(&sum))), true
}
