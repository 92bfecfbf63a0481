package bitproof_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/group"
)

func vectorOf(what string, st *bitproof.Statement, r, c, proof []byte) vector {
	v := vector{
		What: what, ChainID: st.ChainID, Election: hex.EncodeToString(st.Election[:]), Context: hex.EncodeToString(st.Context),
		Shape: vectorShapeOf(st.Shape), ShapeBytes: hex.EncodeToString(st.Shape.Encode()),
		R: hex.EncodeToString(r), C: hex.EncodeToString(c), Proof: hex.EncodeToString(proof),
	}
	for _, k := range st.Keys {
		v.Keys = append(v.Keys, k.Point().String())
	}
	return v
}

// honest makes a vector of class ok.
func honest(t *testing.T, what string, st *bitproof.Statement, bits []bool) vector {
	ct, proof, err := bitproof.Prove(fives{}, st, bits)
	if err != nil {
		t.Fatal(err)
	}
	e, p := ct.Encode(), proof.Encode()
	v := vectorOf(what, st, e[:32], e[32:], p)
	y := refY(st, e[:32], e[32:], p[:32], p[32:64])
	x := refWide(refHash("bitproof/x", st, y.Bytes(), p[64:96], p[96:128]))
	v.Class, v.Bits, v.Y, v.X = "ok", bits, hex.EncodeToString(y.Bytes()), hex.EncodeToString(x.Bytes())
	return v
}

func makeBallotVectors(t *testing.T) any {
	oneOfThree, marked := oneOf(t, 3, 1)
	out := []vector{honest(t, "one of three", oneOfThree, marked)}
	add := func(what string, shape bitproof.Shape, bits []bool, err error) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, honest(t, what, statementFor(t, shape), bits))
	}
	bits, err := bitproof.ChoiceBits(6, 1, 6, []bool{true, false, true, false, false, true})
	add("approval of one to six of six", bitproof.Choice(6, 1, 6), bits, err)
	blank, err := bitproof.ChoiceBits(2, 0, 1, []bool{false, false})
	add("blank, at most one of two", bitproof.Choice(2, 0, 1), blank, err)
	points, err := bitproof.PointsBits(3, 10, true, 4, 20, []uint32{10, 0, 7})
	add("points, 0 to 10 each, 4 to 20 in all", bitproof.Points(3, 10, true, 4, 20), points, err)
	add("two contests", bitproof.Concat(bitproof.Choice(2, 0, 1), bitproof.Points(3, 10, true, 4, 20)), slices.Concat(blank, points), nil)
	full, err := bitproof.ChoiceBits(1, 1, 1, []bool{true})
	add("no freedom at all: one of one", bitproof.Choice(1, 1, 1), full, err)
	return slices.Concat(out, dishonestVectors(t), alteredVectors(out[0]))
}

// dishonestVectors come from the dishonest prover of the second implementation.
func dishonestVectors(t *testing.T) (out []vector) {
	two := bitproof.Concat(bitproof.Choice(2, 1, 1), bitproof.Choice(2, 1, 1))
	for _, c := range []struct {
		what, class string
		shape       bitproof.Shape
		bits        []int64
		cheat       cheat
	}{
		{"over-vote", "rule", bitproof.Choice(3, 1, 1), []int64{1, 1, 0}, cheat{}},
		{"under-vote", "rule", bitproof.Choice(3, 1, 1), []int64{0, 0, 0}, cheat{}},
		{"rule kept only over two contests together", "rule", two, []int64{1, 1, 0, 0}, cheat{}},
		{"bit of two, balanced by a negative one", "bits", bitproof.Choice(3, 1, 1), []int64{2, -1, 0}, cheat{}},
		{"bit of two in a padding", "bits", bitproof.Choice(3, 0, 2), []int64{0, 0, 0, 2, 0}, cheat{}},
		{"detached sum", "link", bitproof.Choice(3, 1, 1), []int64{0, 1, 0}, cheat{shift: []int64{5, 0, 0}}},
		{"five more in one contest, five fewer in another", "link", two, []int64{1, 0, 1, 0}, cheat{shift: []int64{5, 0, -5, 0}}},
		{"the same, powers of y restarted", "link", two, []int64{1, 0, 1, 0}, cheat{shift: []int64{5, 0, -5, 0}, restart: []int{2}}},
	} {
		st := statementFor(t, c.shape)
		sealed := refProve(st, c.bits, c.cheat)
		v := vectorOf(c.what, st, sealed.r, sealed.c, sealed.proof)
		v.Class = c.class
		out = append(out, v)
	}
	return out
}

// alteredVectors change a good ballot, "one of three", in one place each.
func alteredVectors(good vector) (out []vector) {
	good.Bits, good.X, good.Y = nil, "", ""
	alter := func(what, class string, change func(*vector)) {
		v := good
		v.Keys = slices.Clone(good.Keys)
		v.What, v.Class = what, class
		change(&v)
		out = append(out, v)
	}
	at := func(s string, i int, with string) string { return s[:64*i] + with + s[64*i+64:] }
	zero, ff := strings.Repeat("00", 32), strings.Repeat("ff", 32)
	// s + 1 in place of a response: every equation it stands in fails, the first is named.
	next := func(s string, i int) string {
		raw, _ := hex.DecodeString(s[64*i : 64*i+64])
		v, err := group.DecodeScalar(raw)
		if err != nil {
			return ff
		}
		e := v.Add(group.ScalarFromUint64(1)).Encode()
		return at(s, i, hex.EncodeToString(e[:]))
	}
	alter("another chain", "rule", func(v *vector) { v.ChainID = "test-7766554433221100" })
	alter("another election", "rule", func(v *vector) { v.Election = zero })
	alter("another context", "rule", func(v *vector) { v.Context = hex.EncodeToString([]byte("stolen")) })
	alter("another target", "rule", func(v *vector) {
		v.Shape = vectorShapeOf(ptr(bitproof.Choice(3, 2, 2)))
		v.ShapeBytes = hex.EncodeToString(ptr(bitproof.Choice(3, 2, 2)).Encode())
	})
	alter("rule left out", "bits", func(v *vector) {
		free := bitproof.Points(3, 1, false, 0, 0)
		v.Shape, v.ShapeBytes = vectorShapeOf(&free), hex.EncodeToString(free.Encode())
	})
	alter("target out of reach", "shape", func(v *vector) {
		bad := bitproof.Choice(3, 1, 1)
		bad.Constraints[0].Target = 4
		v.Shape, v.ShapeBytes = vectorShapeOf(&bad), hex.EncodeToString(bad.Encode())
	})
	alter("options permuted", "rule", func(v *vector) { v.C = v.C[64:128] + v.C[:64] + v.C[128:] })
	alter("two keys exchanged", "link", func(v *vector) { v.Keys[0], v.Keys[1] = v.Keys[1], v.Keys[0] })
	alter("identity as a key", "identity", func(v *vector) { v.Keys[0] = zero })
	alter("R the identity", "identity", func(v *vector) { v.R = zero })
	alter("R not canonical", "encoding", func(v *vector) { v.R = ff })
	alter("R one byte short", "length", func(v *vector) { v.R = v.R[:62] })
	for i, name := range []string{"C_1", "C_2", "C_3"} {
		alter(name+" the identity", "identity", func(v *vector) { v.C = at(v.C, i, zero) })
		alter(name+" not canonical", "encoding", func(v *vector) { v.C = at(v.C, i, ff) })
	}
	alter("C_3 left out", "length", func(v *vector) { v.C = v.C[:128] })
	for i, name := range []string{"V", "A", "F1", "F2", "f_1", "f_2", "f_3", "z", "u"} {
		alter(name+" not canonical", "encoding", func(v *vector) { v.Proof = at(v.Proof, i, ff) })
		if i < 4 {
			alter(name+" the identity", "rule", func(v *vector) { v.Proof = at(v.Proof, i, zero) })
		}
	}
	alter("f_1 one more", "rule", func(v *vector) { v.Proof = next(v.Proof, 4) })
	alter("z one more", "bits", func(v *vector) { v.Proof = next(v.Proof, 7) })
	alter("u one more", "randomness", func(v *vector) { v.Proof = next(v.Proof, 8) })
	alter("proof one byte short", "length", func(v *vector) { v.Proof = v.Proof[:len(v.Proof)-2] })
	alter("proof one byte long", "length", func(v *vector) { v.Proof += "00" })
	alter("proof of another length", "length", func(v *vector) { v.Proof = v.Proof[64:] })
	return out
}

func ptr(s bitproof.Shape) *bitproof.Shape { return &s }
