package group_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha512"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/gtank/ristretto255"
	"pgregory.net/rapid"

	"github.com/urna-vote/urna/crypto/group"
)

func drawScalar(t *rapid.T, name string) group.Scalar {
	return group.ScalarFromUniform64([64]byte(rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, name)))
}

func otherScalar(t rapid.TB, s group.Scalar) *ristretto255.Scalar {
	e := s.Encode()
	o, err := ristretto255.NewScalar().SetCanonicalBytes(e[:])
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestArithmeticAgreesWithSecondImplementation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawScalar(t, "a"), drawScalar(t, "b"), drawScalar(t, "c")
		oa, ob, oc := otherScalar(t, a), otherScalar(t, b), otherScalar(t, c)
		p, q := group.BaseMul(a), group.BaseMul(b)
		op, oq := ristretto255.NewElement().ScalarBaseMult(oa), ristretto255.NewElement().ScalarBaseMult(ob)
		table := group.NewTable(p)
		for name, pair := range map[string][2]any{
			"base product":   {p, op},
			"sum":            {p.Add(q), ristretto255.NewElement().Add(op, oq)},
			"difference":     {p.Sub(q), ristretto255.NewElement().Subtract(op, oq)},
			"negative":       {p.Neg(), ristretto255.NewElement().Negate(op)},
			"product":        {p.Mul(c), ristretto255.NewElement().ScalarMult(oc, op)},
			"table product":  {table.Mul(c), ristretto255.NewElement().ScalarMult(oc, op)},
			"multi-scalar":   {group.MultiScalarVartime([]group.Scalar{a, b}, []group.Point{q, p}), ristretto255.NewElement().VarTimeMultiScalarMult([]*ristretto255.Scalar{oa, ob}, []*ristretto255.Element{oq, op})},
			"scalar sum":     {a.Add(b), ristretto255.NewScalar().Add(oa, ob)},
			"scalar diff":    {a.Sub(b), ristretto255.NewScalar().Subtract(oa, ob)},
			"scalar product": {a.Mul(b), ristretto255.NewScalar().Multiply(oa, ob)},
			"scalar neg":     {a.Neg(), ristretto255.NewScalar().Negate(oa)},
		} {
			if got, want := encodingOf(pair[0]), encodingOf(pair[1]); !bytes.Equal(got, want) {
				t.Fatalf("%s: %x, second implementation %x", name, got, want)
			}
		}
	})
}

func TestReductionAgreesWithSecondImplementation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "bytes")
		want, err := ristretto255.NewScalar().SetUniformBytes(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := group.ScalarFromUniform64([64]byte(b)); !bytes.Equal(encodingOf(got), want.Bytes()) {
			t.Fatalf("%x reduces to %x, second implementation %x", b, got.Encode(), want.Bytes())
		}
	})
}

func encodingOf(v any) []byte {
	switch v := v.(type) {
	case group.Point:
		e := v.Encode()
		return e[:]
	case group.Scalar:
		e := v.Encode()
		return e[:]
	case *ristretto255.Element:
		return v.Bytes()
	case *ristretto255.Scalar:
		return v.Bytes()
	}
	panic(fmt.Sprintf("no encoding of %T", v))
}

// expandXMD is expand_message_xmd of RFC 9380, 5.3.1, for SHA-512 and 64 bytes.
func expandXMD(dst, msg []byte) []byte {
	dstPrime := append(bytes.Clone(dst), byte(len(dst)))
	first := append(make([]byte, 128), msg...)
	first = append(first, 0, 64, 0)
	b0 := sha512.Sum512(append(first, dstPrime...))
	b1 := sha512.Sum512(append(append(b0[:], 1), dstPrime...))
	return b1[:]
}

func TestHashToGroupAgreesWithSecondImplementation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dst := rapid.SliceOfN(rapid.Byte(), 1, 255).Draw(t, "dst")
		msg := rapid.SliceOf(rapid.Byte()).Draw(t, "msg")
		want, err := ristretto255.NewIdentityElement().SetUniformBytes(expandXMD(dst, msg))
		if err != nil {
			t.Fatal(err)
		}
		if got := group.HashToGroup(dst, msg); !bytes.Equal(encodingOf(got), want.Bytes()) {
			t.Fatalf("hash to group %s, second implementation %x", got, want.Bytes())
		}
	})
}

func TestDecodeAgreesWithSecondImplementation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "bytes")
		_, err := group.DecodePoint(b)
		_, otherErr := ristretto255.NewIdentityElement().SetCanonicalBytes(b)
		if (err == nil) != (otherErr == nil) {
			t.Fatalf("element: %v, second implementation %v", err, otherErr)
		}
		_, err = group.DecodeScalar(b)
		_, otherErr = ristretto255.NewScalar().SetCanonicalBytes(b)
		if (err == nil) != (otherErr == nil) {
			t.Fatalf("scalar: %v, second implementation %v", err, otherErr)
		}
	})
}

func TestZeroValueIsIdentityAndRefusedWhereIdentityIs(t *testing.T) {
	var zero group.Point
	if !zero.IsIdentity() || !zero.Equal(group.Identity()) || zero.Equal(group.Basepoint()) || group.Basepoint().Equal(zero) {
		t.Error("the zero value does not behave as the identity")
	}
	if got := zero.Add(group.Basepoint()); !got.Equal(group.Basepoint()) {
		t.Errorf("0 + B = %s", got)
	}
	e := zero.Encode()
	if p, err := group.DecodePoint(e[:]); err != nil || !p.IsIdentity() {
		t.Errorf("decode identity: %v", err)
	}
	if _, err := group.DecodeNonIdentity(e[:]); !errors.Is(err, group.ErrIdentity) {
		t.Errorf("decode identity where refused: %v, want ErrIdentity", err)
	}
}

func TestDecodeRefusesWrongLength(t *testing.T) {
	for _, n := range []int{0, 31, 33, 64} {
		if _, err := group.DecodePoint(make([]byte, n)); !errors.Is(err, group.ErrLength) {
			t.Errorf("element of %d bytes: %v", n, err)
		}
		if _, err := group.DecodeScalar(make([]byte, n)); !errors.Is(err, group.ErrLength) {
			t.Errorf("scalar of %d bytes: %v", n, err)
		}
	}
}

func TestDecodeRefusesScalarNotBelowOrder(t *testing.T) {
	order := unhex(t, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	below := bytes.Clone(order)
	below[0]--
	highBit := make([]byte, 32)
	highBit[31] = 0x80
	for name, c := range map[string]struct {
		b  []byte
		ok bool
	}{"order": {order, false}, "order minus one": {below, true}, "high bit": {highBit, false}, "all ones": {bytes.Repeat([]byte{0xff}, 32), false}} {
		if _, err := group.DecodeScalar(c.b); (err == nil) != c.ok || (err != nil && !errors.Is(err, group.ErrNotCanonical)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestScalarsAtTheEdgesAgreeWithIntegers holds the arithmetic to math/big where
// carries and the last subtraction decide.
func TestScalarsAtTheEdgesAgreeWithIntegers(t *testing.T) {
	order, _ := new(big.Int).SetString("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed", 16)
	var numbers []*big.Int
	for _, shift := range []uint{0, 63, 64, 127, 128, 191, 192, 251, 252} {
		for d := range int64(5) {
			n := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), shift), big.NewInt(d-2))
			numbers = append(numbers, n.Mod(n, order), new(big.Int).Sub(order, big.NewInt(d+1)))
		}
	}
	scalarOf := func(n *big.Int) group.Scalar {
		e := n.FillBytes(make([]byte, group.Size))
		slices.Reverse(e)
		s, err := group.DecodeScalar(e)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, a := range numbers {
		for _, b := range numbers {
			s, u := scalarOf(a), scalarOf(b)
			for name, pair := range map[string]struct {
				got  group.Scalar
				want *big.Int
			}{
				"sum": {s.Add(u), new(big.Int).Add(a, b)}, "difference": {s.Sub(u), new(big.Int).Sub(a, b)},
				"product": {s.Mul(u), new(big.Int).Mul(a, b)}, "product of a factor": {s.Factor().Mul(u), new(big.Int).Mul(a, b)},
			} {
				if !pair.got.Equal(scalarOf(pair.want.Mod(pair.want, order))) {
					t.Fatalf("%s of %v and %v is %x", name, a, b, pair.got.Encode())
				}
			}
		}
	}
	for _, b := range [][64]byte{{}, [64]byte(bytes.Repeat([]byte{0xff}, 64)), {63: 0xff}, {31: 0xff}, [64]byte(append(make([]byte, 32), bytes.Repeat([]byte{0xff}, 32)...))} {
		wide := slices.Clone(b[:])
		slices.Reverse(wide)
		n := new(big.Int).SetBytes(wide)
		if got := group.ScalarFromUniform64(b); !got.Equal(scalarOf(n.Mod(n, order))) {
			t.Errorf("%x reduces to %x", b, got.Encode())
		}
	}
}

func TestInverseTimesScalarIsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawScalar(t, "a")
		inv, err := a.Inverse()
		if a.IsZero() {
			if !errors.Is(err, group.ErrZero) {
				t.Fatalf("inverse of zero: %v", err)
			}
			return
		}
		if err != nil || !inv.Mul(a).Equal(group.ScalarFromUint64(1)) {
			t.Fatalf("inverse: %v", err)
		}
	})
	if _, err := (group.Scalar{}).Inverse(); !errors.Is(err, group.ErrZero) {
		t.Errorf("inverse of zero: %v", err)
	}
}

func TestMultiScalarMatchesSumOfProductsAtEverySize(t *testing.T) {
	for _, n := range []int{0, 1, 2, 17, 23, 24, 25, 189, 190, 520, 820, 3001} { // the algorithm or its width changes between these
		want := group.Identity()
		var ss []group.Scalar
		var ps []group.Point
		for i := range n {
			s, err := group.RandomScalar(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			p := group.HashToGroup([]byte("urna/test"), fmt.Append(nil, i))
			if i%7 == 3 {
				p = group.Identity()
			}
			ss, ps, want = append(ss, s), append(ps, p), want.Add(p.Mul(s))
		}
		if !group.MultiScalarVartime(ss, ps).Equal(want) {
			t.Errorf("multi-scalar multiplication of %d terms is wrong", n)
		}
		if !group.MultiScalar(ss, ps).Equal(want) {
			t.Errorf("constant-time multi-scalar multiplication of %d terms is wrong", n)
		}
	}
}

// TestSumsOfEdgesAgreeWithSecondImplementation sums terms with the scalars and
// points at which digits, signs and buckets are special.
func TestSumsOfEdgesAgreeWithSecondImplementation(t *testing.T) {
	one := group.ScalarFromUint64(1)
	scalars := []group.Scalar{{}, one, one.Neg(), one.Add(one), one.Add(one).Neg()}
	for shift := uint(3); shift < 252; shift += 8 {
		var wide [64]byte
		wide[shift/8] = 1 << (shift % 8)
		s := group.ScalarFromUniform64(wide)
		scalars = append(scalars, s, s.Sub(one), s.Neg())
	}
	points := []group.Point{group.Identity(), group.Basepoint(), group.Basepoint().Neg(), group.HashToGroup([]byte("urna/test"), nil)}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{1, 2, 23, 24, 25, 64, 200, 301}).Draw(t, "n")
		ss, ps := make([]group.Scalar, n), make([]group.Point, n)
		os, op := make([]*ristretto255.Scalar, n), make([]*ristretto255.Element, n)
		for i := range ss {
			ss[i] = rapid.SampledFrom(scalars).Draw(t, "scalar")
			ps[i] = rapid.SampledFrom(points).Draw(t, "point")
			if i%3 == 2 {
				ss[i], ps[i] = ss[i].Mul(ss[i-1]), ps[i-1].Add(ps[i-2])
			}
			os[i] = otherScalar(t, ss[i])
			e := ps[i].Encode()
			var err error
			if op[i], err = ristretto255.NewIdentityElement().SetCanonicalBytes(e[:]); err != nil {
				t.Fatal(err)
			}
		}
		want := ristretto255.NewIdentityElement().VarTimeMultiScalarMult(os, op)
		if got := group.MultiScalarVartime(ss, ps); !bytes.Equal(encodingOf(got), want.Bytes()) {
			t.Fatalf("sum of %d terms is %s, second implementation %x", n, got, want.Bytes())
		}
	})
}

func TestSelectPicksByBit(t *testing.T) {
	a, b := group.Identity(), group.Basepoint()
	if !group.SelectPoint(0, a, b).Equal(a) || !group.SelectPoint(1, a, b).Equal(b) {
		t.Error("select picked the wrong element")
	}
}

func TestScalarNeverPrintsItsValue(t *testing.T) {
	s := group.ScalarFromUint64(0xdecafbad)
	type holder struct{ S group.Scalar }
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%x %+v %#v %d %s %q", s, s, s, s, s, s), fmt.Sprintf("%+v", holder{s}), fmt.Sprintf("%v", &s)} {
		if strings.Contains(strings.ToLower(text), "adfbcade") || strings.Contains(text, "173") || !strings.Contains(text, "redacted") {
			t.Errorf("printed %q", text)
		}
	}
}

func FuzzDecodePoint(f *testing.F) {
	b := group.Basepoint().Encode()
	f.Add(b[:])
	f.Add(make([]byte, 32))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := group.DecodePoint(in)
		if err != nil {
			return
		}
		fresh := p.Add(group.Identity()).Encode() // drops the remembered encoding
		if !bytes.Equal(fresh[:], in) {
			t.Fatalf("%x decodes and encodes to %x", in, fresh)
		}
	})
}

func FuzzDecodeScalar(f *testing.F) {
	f.Add(make([]byte, 32))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := group.DecodeScalar(in)
		if err != nil {
			return
		}
		if e := s.Add(group.Scalar{}).Encode(); !bytes.Equal(e[:], in) {
			t.Fatalf("%x decodes and encodes to %x", in, e)
		}
	})
}

func BenchmarkMul(b *testing.B) {
	s, p := group.ScalarFromUniform64([64]byte{1, 2, 3}), group.HashToGroup([]byte("b"), nil)
	t := group.NewTable(p)
	b.Run("variable base", func(b *testing.B) {
		for b.Loop() {
			p.Mul(s)
		}
	})
	b.Run("table", func(b *testing.B) {
		for b.Loop() {
			t.Mul(s)
		}
	})
	for _, n := range []int{10, 72, 220} {
		ss, ps := make([]group.Scalar, n), make([]group.Point, n)
		for i := range ss {
			ss[i], ps[i] = s, p
		}
		b.Run(fmt.Sprintf("constant-time sum of %d", n), func(b *testing.B) {
			for b.Loop() {
				group.MultiScalar(ss, ps)
			}
		})
		b.Run(fmt.Sprintf("public sum of %d", n), func(b *testing.B) {
			for b.Loop() {
				group.MultiScalarVartime(ss, ps)
			}
		})
	}
	b.Run("make table", func(b *testing.B) {
		for b.Loop() {
			group.NewTable(p)
		}
	})
	b.Run("scalar product", func(b *testing.B) {
		for b.Loop() {
			s.Mul(s)
		}
	})
	b.Run("factor product", func(b *testing.B) {
		f := s.Factor()
		for b.Loop() {
			s = f.Mul(s)
		}
	})
	b.Run("scalar sum", func(b *testing.B) {
		for b.Loop() {
			s.Add(s)
		}
	})
	b.Run("hash to group", func(b *testing.B) {
		for b.Loop() {
			group.HashToGroup([]byte("b"), nil)
		}
	})
}
