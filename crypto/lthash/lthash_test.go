package lthash_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"lukechampine.com/blake3"
	"pgregory.net/rapid"

	"github.com/urna-vote/urna/crypto/lthash"
)

// slowDigest is the definition written lane by lane, without the packed words.
func slowDigest(pairs [][2][]byte) []byte {
	var lanes [lthash.Lanes]uint16
	for _, p := range pairs {
		in := []byte("urna/v1/lthash")
		in = binary.BigEndian.AppendUint64(in, uint64(len(p[0])))
		in = append(append(in, p[0]...), p[1]...)
		out := make([]byte, lthash.Size)
		h := blake3.New(32, nil)
		h.Write(in)
		h.XOF().Read(out)
		for i := range lanes {
			lanes[i] += binary.LittleEndian.Uint16(out[2*i:])
		}
	}
	var b []byte
	for _, l := range lanes {
		b = binary.LittleEndian.AppendUint16(b, l)
	}
	return b
}

func pairs() *rapid.Generator[[][2][]byte] {
	return rapid.Custom(func(t *rapid.T) [][2][]byte {
		n := rapid.IntRange(0, 12).Draw(t, "n")
		var ps [][2][]byte
		for range n {
			k := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "key")
			v := rapid.SliceOfN(rapid.Byte(), 0, rapid.SampledFrom([]int{0, 300, 1100, 5000}).Draw(t, "longest")).Draw(t, "value")
			ps = append(ps, [2][]byte{k, v})
		}
		return ps
	})
}

func TestDigestIsTheSumOfLanes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ps := pairs().Draw(t, "pairs")
		var h lthash.Hash
		for _, p := range ps {
			h.Add(p[0], p[1])
		}
		if !bytes.Equal(h.Marshal(), slowDigest(ps)) {
			t.Fatal("packed sum differs from lane-by-lane sum")
		}
	})
}

func TestOrderAndPartitionDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ps := pairs().Draw(t, "pairs")
		perm := rapid.Permutation(ps).Draw(t, "order")
		cut := rapid.IntRange(0, len(ps)).Draw(t, "cut")
		var whole, left, right lthash.Hash
		for _, p := range ps {
			whole.Add(p[0], p[1])
		}
		for i, p := range perm {
			if i < cut {
				left.Add(p[0], p[1])
			} else {
				right.Add(p[0], p[1])
			}
		}
		right.Combine(&left)
		if !right.Equal(&whole) {
			t.Fatal("sum of the parts differs from the whole")
		}
		right.Subtract(&left)
		for _, p := range perm[cut:] {
			right.Remove(p[0], p[1])
		}
		if !right.IsEmpty() {
			t.Fatal("removing everything does not give the empty set")
		}
	})
}

func TestAByteCannotMoveBetweenKeyAndValue(t *testing.T) {
	var a, b lthash.Hash
	a.Add([]byte("ab"), []byte("c"))
	b.Add([]byte("a"), []byte("bc"))
	if a.Equal(&b) {
		t.Fatal("two splits of the same bytes have one digest")
	}
}

func TestUnmarshalRefusesEveryOtherLength(t *testing.T) {
	for _, n := range []int{0, 1, 32, lthash.Size - 1, lthash.Size + 1, 2 * lthash.Size} {
		if _, err := lthash.Unmarshal(make([]byte, n)); !errors.Is(err, lthash.ErrLength) {
			t.Fatalf("length %d: got %v", n, err)
		}
	}
}

// TestEveryLengthIsHashedWhole holds the two ways to hash a pair to each other
// around the length at which they change.
func TestEveryLengthIsHashedWhole(t *testing.T) {
	long := bytes.Repeat([]byte("0123456789abcdef"), 200)
	for n := 900; n < 1200; n++ {
		p := [][2][]byte{{long[:40], long[:n]}}
		var h lthash.Hash
		h.Add(p[0][0], p[0][1])
		if !bytes.Equal(h.Marshal(), slowDigest(p)) {
			t.Fatalf("a value of %d bytes is hashed differently", n)
		}
	}
}

func TestPublishedVectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name  string      `json:"name"`
		Pairs [][2]string `json:"pairs"`
		First string      `json:"first_32_bytes"`
		Sum   string      `json:"sum32"`
	}
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range vectors {
		var h lthash.Hash
		for _, p := range v.Pairs {
			k, _ := hex.DecodeString(p[0])
			val, _ := hex.DecodeString(p[1])
			h.Add(k, val)
		}
		if got := hex.EncodeToString(h.Marshal()[:32]); got != v.First {
			t.Errorf("%s: digest begins %s, want %s", v.Name, got, v.First)
		}
		sum := h.Sum32()
		if got := hex.EncodeToString(sum[:]); got != v.Sum {
			t.Errorf("%s: sum %s, want %s", v.Name, got, v.Sum)
		}
	}
}

func FuzzUnmarshalReencodes(f *testing.F) {
	f.Add(make([]byte, lthash.Size))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := lthash.Unmarshal(b)
		if err != nil {
			return
		}
		if !bytes.Equal(h.Marshal(), b) {
			t.Fatal("decoded digest encodes to other bytes")
		}
		if h.Sum32() != sha256.Sum256(b) {
			t.Fatal("Sum32 is not SHA-256 of the encoding")
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	var h lthash.Hash
	key, value := make([]byte, 33), make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		h.Add(key, value)
	}
}

func BenchmarkCombine(b *testing.B) {
	var h, o lthash.Hash
	o.Add([]byte("k"), []byte("v"))
	for b.Loop() {
		h.Combine(&o)
	}
}
