package bitproof_test

import (
	"bytes"
	"cmp"
	cryptorand "crypto/rand"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
)

var (
	ballotsToCompare = flag.Int("ballots", 2000, "ballots of the differential test")
	seedToCompare    = flag.Uint64("ballots-seed", 1, "seed of the differential test's choices")
)

// wire is a ballot as it travels, with its statement.
type wire struct {
	st          *bitproof.Statement
	r, c, proof []byte
}

func (w wire) clone() wire {
	st := *w.st
	return wire{&st, bytes.Clone(w.r), bytes.Clone(w.c), bytes.Clone(w.proof)}
}

// wellMade are good ballots of many shapes, two under each statement.
func wellMade(t *testing.T) (out []wire) {
	for i, s := range []struct {
		shape bitproof.Shape
		bits  []bool
	}{
		{bitproof.Choice(2, 1, 1), []bool{false, true}},
		{bitproof.Choice(3, 0, 1), []bool{false, false, false, true}},
		{bitproof.Choice(5, 1, 5), []bool{true, true, true, false, false, false, true, false}},
		{bitproof.Choice(10, 1, 1), []bool{9: true}},
		{bitproof.Points(2, 3, true, 2, 4), []bool{true, true, false, false, true, false}},
		{bitproof.Points(3, 1, false, 0, 0), []bool{true, false, true}},
		{bitproof.Concat(bitproof.Choice(3, 1, 1), bitproof.Choice(2, 1, 1)), []bool{true, false, false, false, true}},
	} {
		st := statementFor(t, s.shape)
		st.Context = fmt.Appendf(nil, "shape %d", i)
		for range 2 {
			claim := mustProve(t, st, s.bits)
			ct := claim.Ciphertext.Encode()
			out = append(out, wire{st, ct[:group.Size], ct[group.Size:], claim.Proof.Encode()})
		}
	}
	return out
}

// spoilers each make a good ballot bad; they may fail to change it, which the
// caller notices. Offsets count encodings of 32 bytes.
var spoilers = []func(r *rand.Rand, w *wire, other wire){
	func(r *rand.Rand, w *wire, _ wire) { flipBit(r, w.r) },
	func(r *rand.Rand, w *wire, _ wire) { flipBit(r, w.c) },
	func(r *rand.Rand, w *wire, _ wire) { flipBit(r, w.proof) },
	func(r *rand.Rand, w *wire, _ wire) { shiftPoint(w.r) },
	func(r *rand.Rand, w *wire, _ wire) { shiftPoint(at(w.c, r.IntN(len(w.c)/32))) },
	func(r *rand.Rand, w *wire, _ wire) { shiftPoint(at(w.proof, r.IntN(4))) },
	func(r *rand.Rand, w *wire, _ wire) { shiftScalar(at(w.proof, 4+r.IntN(len(w.proof)/32-4)), 1) },
	func(r *rand.Rand, w *wire, _ wire) { // two responses that keep most rules
		n := len(w.proof)/32 - 6
		shiftScalar(at(w.proof, 4+r.IntN(n)), 1)
		shiftScalar(at(w.proof, 4+r.IntN(n)), -1)
	},
	func(r *rand.Rand, w *wire, _ wire) { swap(w.c, r.IntN(len(w.c)/32), r.IntN(len(w.c)/32)) },
	func(r *rand.Rand, w *wire, _ wire) { swap(w.proof, r.IntN(4), r.IntN(4)) },
	func(r *rand.Rand, w *wire, _ wire) {
		n := len(w.proof) / 32
		swap(w.proof, 4+r.IntN(n-4), 4+r.IntN(n-4))
	},
	func(r *rand.Rand, w *wire, _ wire) { clear(at(w.c, r.IntN(len(w.c)/32))) },
	func(r *rand.Rand, w *wire, _ wire) { clear(at(w.proof, r.IntN(len(w.proof)/32))) },
	func(r *rand.Rand, w *wire, _ wire) { clear(w.r) },
	func(_ *rand.Rand, w *wire, other wire) { w.r = other.r },
	func(_ *rand.Rand, w *wire, other wire) { w.c = other.c },
	func(_ *rand.Rand, w *wire, other wire) { w.proof = other.proof },
	func(_ *rand.Rand, w *wire, other wire) { w.st = other.st },
	func(_ *rand.Rand, w *wire, _ wire) { w.st.Context = append(bytes.Clone(w.st.Context), 0) },
	func(_ *rand.Rand, w *wire, _ wire) { w.st.ChainID += "0" },
	func(r *rand.Rand, w *wire, _ wire) { w.st.Election[r.IntN(32)]++ },
	func(r *rand.Rand, w *wire, _ wire) {
		w.st.Keys = slices.Clone(w.st.Keys)
		i, j := r.IntN(len(w.st.Keys)), r.IntN(len(w.st.Keys))
		w.st.Keys[i], w.st.Keys[j] = w.st.Keys[j], w.st.Keys[i]
	},
	func(_ *rand.Rand, w *wire, _ wire) { w.st.Keys = w.st.Keys[1:] },
	func(_ *rand.Rand, w *wire, _ wire) {
		shape := *w.st.Shape
		shape.Forms = slices.Clone(shape.Forms)
		slices.Reverse(shape.Forms)
		w.st.Shape = &shape
	},
	func(_ *rand.Rand, w *wire, _ wire) { w.proof = w.proof[:len(w.proof)-32] },
}

func at(b []byte, i int) []byte { return b[32*i : 32*i+32] }

func flipBit(r *rand.Rand, b []byte) { b[r.IntN(len(b))] ^= 1 << r.IntN(8) }

func shiftPoint(b []byte) {
	if p, err := group.DecodePoint(b); err == nil {
		e := p.Add(group.Basepoint()).Encode()
		copy(b, e[:])
	}
}

func shiftScalar(b []byte, by int) {
	s, err := group.DecodeScalar(b)
	if err != nil {
		return
	}
	one := group.ScalarFromUint64(1)
	e := s.Add(one).Encode()
	if by < 0 {
		e = s.Sub(one).Encode()
	}
	copy(b, e[:])
}

func swap(b []byte, i, j int) {
	one := bytes.Clone(at(b, i))
	copy(at(b, i), at(b, j))
	copy(at(b, j), one)
}

func (w wire) equal(v wire) bool {
	return bytes.Equal(w.r, v.r) && bytes.Equal(w.c, v.c) && bytes.Equal(w.proof, v.proof) &&
		w.st.ChainID == v.st.ChainID && w.st.Election == v.st.Election && bytes.Equal(w.st.Context, v.st.Context) &&
		bytes.Equal(w.st.Shape.Encode(), v.st.Shape.Encode()) &&
		slices.EqualFunc(w.st.Keys, v.st.Keys, func(a, b elgamal.Key) bool { return a.Point().Equal(b.Point()) })
}

// decode reads a ballot in both ways, which must agree.
func (w wire) decode(t *testing.T) (bitproof.Claim, bool) {
	n, bits := len(w.c)/32, len(w.proof)/32-6
	ct, proof, err := bitproof.DecodeBallot(bits, n, w.r, w.c, w.proof)
	_, ctErr := elgamal.DecodeParts(n, w.r, w.c)
	_, proofErr := bitproof.DecodeProof(bits, w.proof)
	if apart := cmp.Or(ctErr, proofErr); fmt.Sprint(err) != fmt.Sprint(apart) {
		t.Errorf("decoded together: %v; apart: %v", err, apart)
	}
	if err != nil {
		return bitproof.Claim{}, false
	}
	if !bytes.Equal(ct.Encode(), slices.Concat(w.r, w.c)) || !bytes.Equal(proof.Encode(), w.proof) {
		t.Error("a decoded ballot has another encoding")
	}
	return bitproof.Claim{Statement: w.st, Ciphertext: ct, Proof: proof}, true
}

// TestDifferentialBatchAndSingleVerdictsAgree judges random good and bad
// ballots one by one and in batches of 1 to 64 of all mixtures: what the test
// knows of a ballot, Verify and VerifyBatch must agree on each. More ballots:
//
//	go test ./crypto/bitproof -run Differential -ballots=100000 -timeout 20m
func TestDifferentialBatchAndSingleVerdictsAgree(t *testing.T) {
	good := wellMade(t)
	workers := runtime.GOMAXPROCS(0)
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			r := rand.New(rand.NewPCG(*seedToCompare, uint64(worker)))
			left := *ballotsToCompare/workers + 1
			for left > 0 && !t.Failed() {
				left -= compareOneBatch(t, r, good, min(left, 1+r.IntN(64)))
			}
		})
	}
	group.Wait()
}

// compareOneBatch makes and judges n ballots, of which those that do not even
// decode are counted and left out of the batch.
func compareOneBatch(t *testing.T, r *rand.Rand, good []wire, n int) int {
	share := []float64{0, 0.02, 0.2, 0.5, 1}[r.IntN(5)]
	var claims []bitproof.Claim
	var want []int
	for range n {
		original := good[r.IntN(len(good))]
		w, isBad := original.clone(), false
		if r.Float64() < share {
			spoilers[r.IntN(len(spoilers))](r, &w, good[r.IntN(len(good))].clone())
			isBad = !w.equal(original)
		}
		if w.equal(original) {
			w.st = original.st // shares the list of keys, as claims of a style do
		}
		claim, decodes := w.decode(t)
		if !decodes {
			if !isBad {
				t.Errorf("a good ballot does not decode")
			}
			continue
		}
		if err := bitproof.Verify(claim); (err != nil) != isBad {
			t.Errorf("a ballot of which bad is %t is judged by itself: %v", isBad, err)
		}
		if isBad {
			want = append(want, len(claims))
		}
		claims = append(claims, claim)
	}
	if got := bitproof.VerifyBatch(cryptorand.Reader, claims); !slices.Equal(got, want) {
		t.Errorf("batch of %d names %v, want %v", len(claims), got, want)
	}
	return n
}

// TestCulpritsAreNamedInEveryPartOfALargeBatch spoils the last response, which
// no challenge hashes, of ballots at the ends of the parts of a failed batch.
func TestCulpritsAreNamedInEveryPartOfALargeBatch(t *testing.T) {
	w := wellMade(t)[0]
	good, _ := w.decode(t)
	spoiled := w.clone()
	shiftScalar(at(spoiled.proof, len(w.proof)/32-1), 1)
	bad, _ := spoiled.decode(t)
	for _, want := range [][]int{nil, {0}, {31}, {32}, {63, 64}, {69}, {0, 31, 32, 63, 64, 69}} {
		claims := slices.Repeat([]bitproof.Claim{good}, 70)
		for _, i := range want {
			claims[i] = bad
		}
		if got := bitproof.VerifyBatch(cryptorand.Reader, claims); !slices.Equal(got, want) {
			t.Errorf("batch names %v, want %v", got, want)
		}
	}
}
