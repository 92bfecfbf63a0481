package elgamal_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
)

func secret(slot int) group.Scalar {
	return group.ScalarFromUniform64([64]byte{byte(slot), byte(slot >> 8), 3, 50: 1})
}

func publics(n int) []group.Point {
	out := make([]group.Point, n)
	for i := range out {
		out[i] = group.BaseMul(secret(i + 1))
	}
	return out
}

func vectorOf(t rapid.TB, n int) *elgamal.KeyVector {
	t.Helper()
	v, err := elgamal.NewKeyVector(publics(n))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// encrypt is the definition, for slots 1..n.
func encrypt(r group.Scalar, messages []uint64) *elgamal.Ciphertext {
	ct := &elgamal.Ciphertext{R: group.BaseMul(r)}
	for i, m := range messages {
		ct.C = append(ct.C, publics(i + 1)[i].Mul(r).Add(group.BaseMul(group.ScalarFromUint64(m))))
	}
	return ct
}

func decrypt(t rapid.TB, s *elgamal.Sum, log *elgamal.Logarithm) []uint64 {
	t.Helper()
	secrets := make([]group.Scalar, len(s.C))
	for i := range secrets {
		secrets[i] = secret(i + 1)
	}
	messages, err := s.Messages(elgamal.DecryptShare(secrets, s.R))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]uint64, len(messages))
	for i, m := range messages {
		if out[i], err = log.Find(m); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestSumDecryptsToTheSumOfWhatRemains(t *testing.T) {
	log, err := elgamal.NewLogarithm(10_000)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 7).Draw(t, "slots")
		sum, want := elgamal.NewSum(n), make([]uint64, n)
		for b := range rapid.IntRange(0, 6).Draw(t, "ballots") {
			messages := rapid.SliceOfN(rapid.Uint64Range(0, 1000), n, n).Draw(t, "messages")
			ct := encrypt(group.ScalarFromUint64(uint64(b)+1), messages)
			if err := sum.Add(ct.R, ct.C); err != nil {
				t.Fatal(err)
			}
			if rapid.Bool().Draw(t, "replaced") {
				if err := sum.Sub(ct.R, ct.C); err != nil {
					t.Fatal(err)
				}
				continue
			}
			for i, m := range messages {
				want[i] += m
			}
		}
		back, err := elgamal.DecodeSum(n, sum.Encode())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*elgamal.Sum{sum, back} {
			if got := decrypt(t, s, log); !slices.Equal(got, want) {
				t.Fatalf("counts %v, want %v", got, want)
			}
		}
	})
}

func TestTakingOutEveryBallotLeavesTheEmptySum(t *testing.T) {
	sum := elgamal.NewSum(2)
	a, b := encrypt(group.ScalarFromUint64(5), []uint64{1, 0}), encrypt(group.ScalarFromUint64(6), []uint64{0, 1})
	for _, step := range []error{sum.Add(a.R, a.C), sum.Add(b.R, b.C), sum.Sub(a.R, a.C), sum.Sub(b.R, b.C)} {
		if step != nil {
			t.Fatal(step)
		}
	}
	if !bytes.Equal(sum.Encode(), make([]byte, 96)) || !bytes.Equal(elgamal.NewSum(2).Encode(), make([]byte, 96)) {
		t.Error("the empty sum is not all identities")
	}
}

func TestSumRefusesAnotherNumberOfSlots(t *testing.T) {
	sum := elgamal.NewSum(2)
	ct := encrypt(group.ScalarFromUint64(5), []uint64{1, 0, 0})
	if err := sum.Add(ct.R, ct.C); !errors.Is(err, elgamal.ErrLength) {
		t.Errorf("add: %v", err)
	}
	if err := sum.Sub(ct.R, ct.C[:1]); !errors.Is(err, elgamal.ErrLength) {
		t.Errorf("subtract: %v", err)
	}
	if _, err := sum.Messages(ct.C); !errors.Is(err, elgamal.ErrLength) {
		t.Errorf("decrypt: %v", err)
	}
	if !sum.R.IsIdentity() {
		t.Error("a refused ballot left a trace")
	}
}

func TestCloneIsIndependent(t *testing.T) {
	sum := elgamal.NewSum(1)
	clone := sum.Clone()
	ct := encrypt(group.ScalarFromUint64(5), []uint64{1})
	if err := sum.Add(ct.R, ct.C); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(clone.Encode(), make([]byte, 64)) {
		t.Error("the clone changed")
	}
}

func TestKeyVectorRefusesIdentityAndEqualKeys(t *testing.T) {
	good := publics(3)
	for name, points := range map[string][]group.Point{
		"empty": nil, "identity": {good[0], group.Identity()}, "equal keys": {good[0], good[1], good[0]},
		"equal after addition": {good[0], good[1].Add(good[0]).Sub(good[1])},
	} {
		if _, err := elgamal.NewKeyVector(points); !errors.Is(err, elgamal.ErrKeys) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := elgamal.NewKey(group.Identity()); !errors.Is(err, group.ErrIdentity) {
		t.Errorf("identity as a single key: %v", err)
	}
	encoded := vectorOf(t, 3).Encode()
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"empty": {nil, elgamal.ErrLength}, "truncated": {encoded[:95], elgamal.ErrLength}, "trailing byte": {append(slices.Clone(encoded), 0), elgamal.ErrLength},
		"identity":      {append(slices.Clone(encoded), make([]byte, 32)...), group.ErrIdentity},
		"not canonical": {append(slices.Clone(encoded), bytes.Repeat([]byte{0xff}, 32)...), group.ErrNotCanonical},
		"equal keys":    {append(slices.Clone(encoded), encoded[:32]...), elgamal.ErrKeys},
	} {
		if _, err := elgamal.DecodeKeyVector(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if v, err := elgamal.DecodeKeyVector(encoded); err != nil || !bytes.Equal(v.Encode(), encoded) || v.Len() != 3 {
		t.Errorf("own encoding: %v", err)
	}
}

func TestSelectTakesSlotsFromOneInAscendingOrder(t *testing.T) {
	v := vectorOf(t, 5)
	keys, err := v.Select([]int{1, 3, 5})
	if err != nil {
		t.Fatal(err)
	}
	for i, slot := range []int{1, 3, 5} {
		if !keys[i].Point().Equal(group.BaseMul(secret(slot))) {
			t.Errorf("key %d is not that of slot %d", i, slot)
		}
	}
	for _, slots := range [][]int{{0}, {6}, {-1}, {1, 1}, {2, 1}} {
		if _, err := v.Select(slots); !errors.Is(err, elgamal.ErrSlot) {
			t.Errorf("slots %v: %v", slots, err)
		}
	}
}

func TestPreparedKeysMultiplyAlike(t *testing.T) {
	v := vectorOf(t, 2)
	p := v.Prepared().Prepared()
	plain, _ := v.Select([]int{2})
	fast, _ := p.Select([]int{2})
	s := secret(77)
	if !plain[0].Mul(s).Equal(fast[0].Mul(s)) || !bytes.Equal(v.Encode(), p.Encode()) {
		t.Error("a table changes the product")
	}
}

func TestHashOfKeyVectorDependsOnAllOfIt(t *testing.T) {
	v := vectorOf(t, 3)
	seen := map[[32]byte]string{}
	for name, h := range map[string][32]byte{
		"reference": v.Hash("c", [32]byte{1}, "dkg"), "mode": v.Hash("c", [32]byte{1}, "dealer"), "chain": v.Hash("d", [32]byte{1}, "dkg"),
		"election": v.Hash("c", [32]byte{2}, "dkg"), "fewer slots": vectorOf(t, 2).Hash("c", [32]byte{1}, "dkg"),
	} {
		if other, dup := seen[h]; dup {
			t.Errorf("%s and %s hash alike", name, other)
		}
		seen[h] = name
	}
}

func TestCiphertextDecodingMatchesVectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/encodings.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		What, Kind, Bytes, Class string
		Slots                    int
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 10 {
		t.Fatalf("only %d cases", len(cases))
	}
	classes := map[string]error{"ok": nil, "length": elgamal.ErrLength, "identity": group.ErrIdentity, "encoding": group.ErrNotCanonical}
	for _, c := range cases {
		b, err := hex.DecodeString(c.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		var back []byte
		switch c.Kind {
		case "ciphertext":
			var ct *elgamal.Ciphertext
			if ct, err = elgamal.DecodeCiphertext(c.Slots, b); err == nil {
				back = ct.Encode()
			}
		case "sum":
			var s *elgamal.Sum
			if s, err = elgamal.DecodeSum(c.Slots, b); err == nil {
				back = s.Encode()
			}
		default:
			t.Fatalf("unknown kind %q", c.Kind)
		}
		want, known := classes[c.Class]
		if !known || !errors.Is(err, want) || (want == nil && !bytes.Equal(back, b)) {
			t.Errorf("%s %s: %v, want class %s", c.Kind, c.What, err, c.Class)
		}
	}
}

func TestLogarithmFindsEveryCountUpToItsBound(t *testing.T) {
	for _, max := range []uint64{0, 1, 2, 3, 99, 100, 101} {
		log, err := elgamal.NewLogarithm(max)
		if err != nil {
			t.Fatal(err)
		}
		for v := range max + 30 {
			got, err := log.Find(group.BaseMul(group.ScalarFromUint64(v)))
			if v <= max && (err != nil || got != v) {
				t.Errorf("bound %d: %d found as %d, %v", max, v, got, err)
			}
			if v > max && !errors.Is(err, elgamal.ErrLogarithm) {
				t.Errorf("bound %d: %d found as %d, %v", max, v, got, err)
			}
		}
		if _, err := log.Find(group.Basepoint().Neg()); !errors.Is(err, elgamal.ErrLogarithm) {
			t.Errorf("bound %d: minus one: %v", max, err)
		}
	}
	if _, err := elgamal.NewLogarithm(elgamal.MaxLogarithm + 1); !errors.Is(err, elgamal.ErrLogarithm) {
		t.Errorf("bound above the limit: %v", err)
	}
}

func TestLogarithmFindsCountsOfACountry(t *testing.T) {
	log, err := elgamal.NewLogarithm(elgamal.MaxLogarithm)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []uint64{0, 1, 999_999, 50_000_001, elgamal.MaxLogarithm} {
		if got, err := log.Find(group.BaseMul(group.ScalarFromUint64(v))); err != nil || got != v {
			t.Errorf("%d found as %d, %v", v, got, err)
		}
	}
}

func TestAbsurdNumberOfSlotsIsRefused(t *testing.T) {
	b := encrypt(group.ScalarFromUint64(5), []uint64{1, 0}).Encode()
	for _, n := range []int{-1, 0, math.MaxInt/16 + 3, math.MaxInt, math.MinInt} {
		if _, err := elgamal.DecodeCiphertext(n, b); !errors.Is(err, elgamal.ErrLength) {
			t.Errorf("ciphertext of %d slots: %v", n, err)
		}
		if _, err := elgamal.DecodeSum(n, b); !errors.Is(err, elgamal.ErrLength) {
			t.Errorf("sum of %d slots: %v", n, err)
		}
	}
}

func FuzzDecodeCiphertext(f *testing.F) {
	f.Add(2, encrypt(group.ScalarFromUint64(5), []uint64{1, 0}).Encode())
	f.Fuzz(func(t *testing.T, n int, in []byte) {
		if ct, err := elgamal.DecodeCiphertext(n, in); err == nil && !bytes.Equal(ct.Encode(), in) {
			t.Fatal("a ciphertext has two encodings")
		}
	})
}

func FuzzDecodeSum(f *testing.F) {
	f.Add(2, make([]byte, 96))
	f.Fuzz(func(t *testing.T, n int, in []byte) {
		if s, err := elgamal.DecodeSum(n, in); err == nil && !bytes.Equal(s.Encode(), in) {
			t.Fatal("a sum has two encodings")
		}
	})
}

func FuzzDecodeKeyVector(f *testing.F) {
	f.Add(vectorOf(f, 2).Encode())
	f.Fuzz(func(t *testing.T, in []byte) {
		if v, err := elgamal.DecodeKeyVector(in); err == nil && !bytes.Equal(v.Encode(), in) {
			t.Fatal("a key vector has two encodings")
		}
	})
}

func BenchmarkLogarithm(b *testing.B) {
	for _, max := range []uint64{1_000_000, elgamal.MaxLogarithm} {
		b.Run(fmt.Sprintf("table to %d", max), func(b *testing.B) {
			for b.Loop() {
				if _, err := elgamal.NewLogarithm(max); err != nil {
					b.Fatal(err)
				}
			}
		})
		log, err := elgamal.NewLogarithm(max)
		if err != nil {
			b.Fatal(err)
		}
		p := group.BaseMul(group.ScalarFromUint64(max))
		b.Run(fmt.Sprintf("find %d", max), func(b *testing.B) {
			for b.Loop() {
				if _, err := log.Find(p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSumAdd(b *testing.B) {
	ct := encrypt(group.ScalarFromUint64(5), make([]uint64, 10))
	sum := elgamal.NewSum(10)
	for b.Loop() {
		if err := sum.Add(ct.R, ct.C); err != nil {
			b.Fatal(err)
		}
	}
}
