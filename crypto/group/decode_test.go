package group_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/gtank/ristretto255"
	"pgregory.net/rapid"

	"github.com/urna-vote/urna/crypto/group"
)

// sameVerdicts decodes encodings together and one by one: verdict, place of
// the first fault and every coordinate must agree, in a sum and in a product
// that use them.
func sameVerdicts(t rapid.TB, b []byte) {
	t.Helper()
	n := len(b) / group.Size
	together := make([]group.Point, n)
	at, err := group.DecodePoints(together, b)
	for i := range n {
		in := b[i*group.Size : (i+1)*group.Size]
		one, oneErr := group.DecodePoint(in)
		_, otherErr := ristretto255.NewIdentityElement().SetCanonicalBytes(in)
		if (oneErr == nil) != (otherErr == nil) {
			t.Fatalf("%x: %v, second implementation %v", in, oneErr, otherErr)
		}
		if oneErr != nil {
			if at != i || !errors.Is(err, group.ErrNotCanonical) {
				t.Fatalf("decoded together, fault at %d (%v); singly at %d (%v)", at, err, i, oneErr)
			}
			return
		}
		shifted, want := together[i].Add(group.Basepoint()), one.Add(group.Basepoint())
		fresh := together[i].Add(group.Identity()) // has no remembered encoding
		if !together[i].Equal(one) || !fresh.Equal(one) || fresh.Encode() != [group.Size]byte(in) || !shifted.Equal(want) {
			t.Fatalf("element %d, %x, decodes to %s together and %s singly", i, in, fresh, one)
		}
	}
	if err != nil || at != n {
		t.Fatalf("decoded together, fault at %d (%v); singly none", at, err)
	}
}

func drawEncoding(t *rapid.T) []byte {
	kind := rapid.IntRange(0, 9).Draw(t, "kind")
	b := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "bytes")
	switch {
	case kind == 0: // three of four such numbers are no encoding
		b[0] &^= 1
		b[31] &= 0x7f
	case kind == 1: // near the prime
		for i := range b[1:] {
			b[i+1] = 0xff
		}
		b[31] = 0x7f
	case kind == 2: // small numbers
		clear(b[1:])
	case kind > 2:
		e := group.BaseMul(group.ScalarFromUniform64([64]byte(append(b, b...)))).Encode()
		return e[:]
	}
	return b
}

func TestPointsDecodeTogetherAsTheyDoSingly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		for range rapid.IntRange(0, 19).Draw(t, "n") {
			b = append(b, drawEncoding(t)...)
		}
		sameVerdicts(t, b)
	})
}

func TestBadEncodingsOfRFC9496AreRefusedInEveryLane(t *testing.T) {
	var v rfc9496
	readVectors(t, "rfc9496.json", &v)
	var good []byte
	for _, m := range v.Multiples {
		good = append(good, unhex(t, m)...)
	}
	sameVerdicts(t, good)
	for _, bad := range v.Bad {
		for lane := range 9 {
			b := append([]byte(nil), good[:9*group.Size]...)
			copy(b[lane*group.Size:], unhex(t, bad.Encoding))
			sameVerdicts(t, b)
			at, err := group.DecodePoints(make([]group.Point, 9), b)
			if at != lane || !errors.Is(err, group.ErrNotCanonical) {
				t.Fatalf("%s (%s) in lane %d: fault at %d, %v", bad.Encoding, bad.Why, lane, at, err)
			}
		}
	}
}

func slicesOf(encodings [][group.Size]byte) (out [][]byte) {
	for i := range encodings {
		out = append(out, encodings[i][:])
	}
	return out
}

func TestElementsEncodeTogetherAsTheyDoSingly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var points []*group.Point
		var want [][group.Size]byte
		for range rapid.IntRange(0, 19).Draw(t, "n") {
			p := group.BaseMul(drawScalar(t, "scalar"))
			switch rapid.IntRange(0, 6).Draw(t, "kind") {
			case 0:
				p = group.Identity()
			case 1:
				p = p.Sub(p) // the identity in other coordinates
			case 2:
				p = p.Neg()
			case 3:
				p = p.Add(group.Basepoint())
			case 4:
				p = group.HashToGroup([]byte("urna/test"), []byte{byte(len(points))})
			case 5:
				p = p.WithEncoding()
			}
			e := p.Encode()
			if _, err := ristretto255.NewIdentityElement().SetCanonicalBytes(e[:]); err != nil {
				t.Fatal(err)
			}
			points, want = append(points, &p), append(want, e)
		}
		var values []group.Point
		for _, p := range points {
			values = append(values, *p)
		}
		if got := group.EncodePoints(values); !bytes.Equal(got, bytes.Join(slicesOf(want), nil)) {
			t.Fatalf("elements encode to %x, singly to %x", got, want)
		}
		group.ComputeEncodings(points...)
		for i, p := range points {
			if p.Encode() != want[i] {
				t.Fatalf("element %d of %d encodes to %s together, %x singly", i, len(points), p, want[i])
			}
		}
	})
}

func TestPointsAreRefusedByLength(t *testing.T) {
	for _, n := range []int{0, 31, 33, 63, 65, 96} {
		if _, err := group.DecodePoints(make([]group.Point, 2), make([]byte, n)); !errors.Is(err, group.ErrLength) {
			t.Errorf("%d bytes for two elements: %v", n, err)
		}
	}
}

func FuzzDecodePointsTogether(f *testing.F) {
	e := group.Basepoint().Encode()
	f.Add(append(e[:], e[:]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		sameVerdicts(t, b[:len(b)/group.Size*group.Size])
	})
}

func BenchmarkEncode(b *testing.B) {
	p := group.BaseMul(group.ScalarFromUint64(7))
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			p.Encode()
		}
	})
	b.Run("sixteen", func(b *testing.B) {
		var copies [16]group.Point
		var points []*group.Point
		for i := range copies {
			points = append(points, &copies[i])
		}
		for b.Loop() {
			for i := range copies {
				copies[i] = p
			}
			group.ComputeEncodings(points...)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(16*b.N), "ns/element")
	})
}

func BenchmarkDecode(b *testing.B) {
	in := make([]byte, 0, 16*group.Size)
	for i := range 16 {
		e := group.BaseMul(group.ScalarFromUint64(uint64(i + 2))).Encode()
		in = append(in, e[:]...)
	}
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			if _, err := group.DecodePoint(in[:group.Size]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sixteen", func(b *testing.B) {
		into := make([]group.Point, 16)
		for b.Loop() {
			if _, err := group.DecodePoints(into, in); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(16*b.N), "ns/element")
	})
}
