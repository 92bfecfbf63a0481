package bitproof_test

// A second implementation of the specification in doc.go, written for reading
// and over another library. It is honest by default; the fields of cheat make
// it the dishonest prover of the must-fail tests. It shares nothing with the
// package but the types of the statement.

import (
	"crypto/sha512"
	"encoding/binary"
	"errors"

	ristretto "github.com/gtank/ristretto255"

	"github.com/urna-vote/urna/crypto/bitproof"
)

type (
	refScalar = *ristretto.Scalar
	refPoint  = *ristretto.Element
)

// refHash is the transcript.
func refHash(purpose string, st *bitproof.Statement, fields ...[]byte) [64]byte {
	var in []byte
	for _, f := range append([][]byte{[]byte("urna/v1/" + purpose), []byte(st.ChainID), st.Election[:]}, fields...) {
		in = binary.BigEndian.AppendUint64(in, uint64(len(f)))
		in = append(in, f...)
	}
	return sha512.Sum512(in)
}

func refWide(b [64]byte) refScalar {
	s, err := ristretto.NewScalar().SetUniformBytes(b[:])
	if err != nil {
		panic(err)
	}
	return s
}

func refInt(v int64) refScalar {
	var b [32]byte
	if v < 0 {
		return ristretto.NewScalar().Negate(refInt(-v))
	}
	binary.LittleEndian.PutUint64(b[:], uint64(v))
	s, err := ristretto.NewScalar().SetCanonicalBytes(b[:])
	if err != nil {
		panic(err)
	}
	return s
}

func refDecode(b []byte) refPoint {
	p, err := ristretto.NewIdentityElement().SetCanonicalBytes(b)
	if err != nil {
		panic(err)
	}
	return p
}

func refGenerator(tag string, i int) refPoint {
	dst := []byte("urna/v1/bitproof/" + tag)
	dst = append(dst, byte(len(dst)))
	msg := binary.BigEndian.AppendUint32(make([]byte, 128), uint32(i))
	b0 := sha512.Sum512(append(append(msg, 0, 64, 0), dst...))
	b1 := sha512.Sum512(append(append(b0[:], 1), dst...))
	p, err := ristretto.NewIdentityElement().SetUniformBytes(b1[:])
	if err != nil {
		panic(err)
	}
	return p
}

func add(a, b refScalar) refScalar           { return ristretto.NewScalar().Add(a, b) }
func sub(a, b refScalar) refScalar           { return ristretto.NewScalar().Subtract(a, b) }
func mul(a, b refScalar) refScalar           { return ristretto.NewScalar().Multiply(a, b) }
func plus(a, b refPoint) refPoint            { return ristretto.NewElement().Add(a, b) }
func times(s refScalar, p refPoint) refPoint { return ristretto.NewElement().ScalarMult(s, p) }
func base(s refScalar) refPoint              { return ristretto.NewElement().ScalarBaseMult(s) }

func refShape(s *bitproof.Shape) []byte {
	u32 := func(out []byte, v int) []byte { return binary.BigEndian.AppendUint32(out, uint32(v)) }
	terms := func(out []byte, ts []bitproof.Term) []byte {
		out = u32(out, len(ts))
		for _, t := range ts {
			out = u32(u32(out, t.Bit), int(t.Weight))
		}
		return out
	}
	out := u32(u32(nil, s.Bits), len(s.Forms))
	for _, f := range s.Forms {
		out = terms(out, f)
	}
	out = u32(out, len(s.Constraints))
	for _, c := range s.Constraints {
		out = u32(terms(out, c.Terms), int(c.Target))
	}
	return out
}

// refSealed is a ballot on the wire.
type refSealed struct {
	r, c, proof []byte
	x, y        refScalar
}

// cheat says where the prover departs from the specification.
type cheat struct {
	shift    []int64 // added to the message of each slot, but not to its form
	restart  []int   // slots (from 0) at which the prover restarts the powers of y in F2
	maskFree bool    // masks do not solve the constraints
	offset   int64   // in units of B: taken from A, added to F1
}

// refProve seals arbitrary integers in place of bits.
func refProve(st *bitproof.Statement, bits []int64, ch cheat) refSealed {
	n, draws := len(bits), 0
	draw := func() refScalar {
		draws++
		return refWide(refHash("test/draw", st, binary.BigEndian.AppendUint64(nil, uint64(draws))))
	}
	r, rho, alpha, s := draw(), draw(), draw(), draw()
	a := refMasks(st.Shape, draw, ch.maskFree)
	v, commitment := base(rho), base(alpha)
	for i, b := range bits {
		g, h := refGenerator("G", i+1), refGenerator("H", i+1)
		d1 := mul(a[i], refInt(1-2*b))
		d0 := ristretto.NewScalar().Negate(mul(a[i], a[i]))
		v = plus(v, plus(times(refInt(b), g), times(d1, h)))
		commitment = plus(commitment, plus(times(a[i], g), times(d0, h)))
	}
	commitment = plus(commitment, base(refInt(-ch.offset)))
	out := refSealed{r: base(r).Bytes()}
	var keys []refPoint
	for o, f := range st.Shape.Forms {
		var m int64
		for _, t := range f {
			m += int64(t.Weight) * bits[t.Bit]
		}
		if ch.shift != nil {
			m += ch.shift[o]
		}
		e := st.Keys[o].Point().Encode()
		keys = append(keys, refDecode(e[:]))
		out.c = append(out.c, plus(times(r, keys[o]), base(refInt(m))).Bytes()...)
	}
	out.y = refY(st, out.r, out.c, v.Bytes(), commitment.Bytes())
	powers := refPowers(out.y, len(keys), ch.restart)
	link, joint := refInt(0), ristretto.NewIdentityElement()
	for o, f := range st.Shape.Forms {
		link = add(link, mul(powers[o], refEvaluate(f, a)))
		joint = plus(joint, times(powers[o], keys[o]))
	}
	f1, f2 := base(add(s, refInt(ch.offset))), plus(base(link), times(s, joint))
	out.x = refWide(refHash("bitproof/x", st, out.y.Bytes(), f1.Bytes(), f2.Bytes()))
	for _, p := range []refPoint{v, commitment, f1, f2} {
		out.proof = append(out.proof, p.Bytes()...)
	}
	for i := range n {
		out.proof = append(out.proof, add(a[i], mul(out.x, refInt(bits[i]))).Bytes()...)
	}
	out.proof = append(out.proof, add(alpha, mul(out.x, rho)).Bytes()...)
	out.proof = append(out.proof, add(s, mul(out.x, r)).Bytes()...)
	return out
}

// refMasks solves each constraint for its first bit of weight 1 that no other has.
func refMasks(shape *bitproof.Shape, draw func() refScalar, free bool) []refScalar {
	count := make([]int, shape.Bits)
	for _, c := range shape.Constraints {
		for _, t := range c.Terms {
			count[t.Bit]++
		}
	}
	a := make([]refScalar, shape.Bits)
	for i := range a {
		a[i] = draw()
	}
	if free {
		return a
	}
	for _, c := range shape.Constraints {
		for _, t := range c.Terms {
			if t.Weight == 1 && count[t.Bit] == 1 {
				a[t.Bit] = refInt(0)
				a[t.Bit] = ristretto.NewScalar().Negate(refEvaluate(c.Terms, a))
				break
			}
		}
	}
	return a
}

func refEvaluate(terms []bitproof.Term, values []refScalar) refScalar {
	sum := refInt(0)
	for _, t := range terms {
		sum = add(sum, mul(refInt(int64(t.Weight)), values[t.Bit]))
	}
	return sum
}

func refPowers(y refScalar, n int, restart []int) []refScalar {
	out := make([]refScalar, n)
	power := refInt(1)
	for o := range out {
		for _, at := range restart {
			if at == o {
				power = refInt(1)
			}
		}
		power = mul(power, y)
		out[o] = power
	}
	return out
}

func refY(st *bitproof.Statement, r, c, v, a []byte) refScalar {
	fields := [][]byte{st.Context, refShape(st.Shape), r, binary.BigEndian.AppendUint64(nil, uint64(len(c)/32))}
	for i := 0; i < len(c); i += 32 {
		fields = append(fields, c[i:i+32])
	}
	return refWide(refHash("bitproof/y", st, append(fields, v, a)...))
}

var (
	errRefRule = errors.New("(4)")
	errRef1    = errors.New("(1)")
	errRef2    = errors.New("(2)")
	errRef3    = errors.New("(3)")
)

// refVerify checks well-formed bytes by the four equations as written.
func refVerify(st *bitproof.Statement, sealed refSealed) error {
	n, forms := st.Shape.Bits, len(st.Shape.Forms)
	chunk := func(i int) []byte { return sealed.proof[32*i : 32*i+32] }
	scalarAt := func(i int) refScalar {
		s, err := ristretto.NewScalar().SetCanonicalBytes(chunk(i))
		if err != nil {
			panic(err)
		}
		return s
	}
	v, a, f1, f2 := refDecode(chunk(0)), refDecode(chunk(1)), refDecode(chunk(2)), refDecode(chunk(3))
	f := make([]refScalar, n)
	for i := range f {
		f[i] = scalarAt(4 + i)
	}
	z, u := scalarAt(4+n), scalarAt(5+n)
	y := refY(st, sealed.r, sealed.c, chunk(0), chunk(1))
	x := refWide(refHash("bitproof/x", st, y.Bytes(), chunk(2), chunk(3)))
	for _, c := range st.Shape.Constraints {
		if refEvaluate(c.Terms, f).Equal(mul(x, refInt(int64(c.Target)))) != 1 {
			return errRefRule
		}
	}
	right := base(z)
	for i := range f {
		right = plus(right, times(f[i], refGenerator("G", i+1)))
		right = plus(right, times(mul(f[i], sub(x, f[i])), refGenerator("H", i+1)))
	}
	if plus(times(x, v), a).Equal(right) != 1 {
		return errRef1
	}
	if plus(times(x, refDecode(sealed.r)), f1).Equal(base(u)) != 1 {
		return errRef2
	}
	powers := refPowers(y, forms, nil)
	left, link, joint := f2, refInt(0), ristretto.NewIdentityElement()
	for o, form := range st.Shape.Forms {
		e := st.Keys[o].Point().Encode()
		left = plus(left, times(mul(x, powers[o]), refDecode(sealed.c[32*o:32*o+32])))
		joint = plus(joint, times(powers[o], refDecode(e[:])))
		link = add(link, mul(powers[o], refEvaluate(form, f)))
	}
	if left.Equal(plus(base(link), times(u, joint))) != 1 {
		return errRef3
	}
	return nil
}
