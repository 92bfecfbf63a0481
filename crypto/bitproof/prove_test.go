package bitproof_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
)

// drawBallot draws a ballot of one to three contests of any kind.
func drawBallot(t *rapid.T) (bitproof.Shape, []bool, []uint64) {
	var shapes []bitproof.Shape
	var bits []bool
	var values []uint64
	for range rapid.IntRange(1, 3).Draw(t, "contests") {
		n := rapid.Uint32Range(1, 5).Draw(t, "n")
		var own []bool
		var err error
		if rapid.Bool().Draw(t, "choice") {
			max := rapid.Uint32Range(0, n).Draw(t, "max")
			min := rapid.Uint32Range(0, max).Draw(t, "min")
			count := rapid.Uint32Range(min, max).Draw(t, "count")
			marks := make([]bool, n)
			for i := range count {
				marks[i] = true
			}
			marks = rapid.Permutation(marks).Draw(t, "marks")
			shapes = append(shapes, bitproof.Choice(n, min, max))
			own, err = bitproof.ChoiceBits(n, min, max, marks)
			for _, m := range marks {
				values = append(values, map[bool]uint64{true: 1}[m])
			}
		} else {
			score := rapid.Uint32Range(1, 9).Draw(t, "score")
			scores, sum := make([]uint32, n), uint32(0)
			for i := range scores {
				scores[i] = rapid.Uint32Range(0, score).Draw(t, "given")
				sum += scores[i]
				values = append(values, uint64(scores[i]))
			}
			total := rapid.Uint32Range(sum, n*score).Draw(t, "t")
			tmin := rapid.Uint32Range(0, sum).Draw(t, "tmin")
			shapes = append(shapes, bitproof.Points(n, score, true, tmin, total))
			own, err = bitproof.PointsBits(n, score, true, tmin, total, scores)
		}
		if err != nil {
			t.Fatal(err)
		}
		bits = append(bits, own...)
	}
	return bitproof.Concat(shapes...), bits, values
}

func TestAnyBallotWithinTheRulesVerifiesAndDecrypts(t *testing.T) {
	log, err := elgamal.NewLogarithm(100)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		shape, bits, values := drawBallot(t)
		st := &bitproof.Statement{ChainID: chainID, Election: [32]byte{3}, Context: []byte("c"), Shape: &shape, Keys: keysFor(t, len(shape.Forms))}
		ct, proof, opening, err := bitproof.ProveOpen(rand.Reader, st, bits)
		if err != nil {
			t.Fatal(err)
		}
		claim := throughWire(t, bitproof.Claim{Statement: st, Ciphertext: ct, Proof: proof})
		if err := bitproof.Verify(claim); err != nil {
			t.Fatal(err)
		}
		if bad := bitproof.VerifyBatch(rand.Reader, []bitproof.Claim{claim, claim}); bad != nil {
			t.Fatalf("batch names %v", bad)
		}
		for o := range ct.C {
			v, err := log.Find(ct.C[o].Sub(ct.R.Mul(keySecret(o + 1))))
			if err != nil || v != values[o] {
				t.Fatalf("slot %d decrypts to %d (%v), want %d", o+1, v, err, values[o])
			}
		}
		if err := bitproof.CheckOpening(st.Keys, ct, values, opening); err != nil {
			t.Fatal(err)
		}
		// The same proof with any bit flipped is not even made.
		i := rapid.IntRange(0, len(bits)-1).Draw(t, "flip")
		flipped := slices.Clone(bits)
		flipped[i] = !flipped[i]
		if _, err := bitproof.Values(&shape, flipped); err == nil {
			t.Fatal("a flipped bit keeps the rules of a contest that uses it")
		}
	})
}

func TestProveRefusesWhatBreaksARule(t *testing.T) {
	st, bits := oneOf(t, 3, 1)
	for name, c := range map[string]struct {
		bits []bool
		want error
	}{
		"over-vote": {[]bool{true, true, false}, bitproof.ErrRule}, "under-vote": {make([]bool, 3), bitproof.ErrRule},
		"bit missing": {bits[:2], bitproof.ErrLength}, "bit too many": {append(slices.Clone(bits), false), bitproof.ErrLength},
	} {
		if ct, proof, err := bitproof.Prove(rand.Reader, st, c.bits); !errors.Is(err, c.want) || ct != nil || proof != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	noKeys := *st
	noKeys.Keys = nil
	if _, _, err := bitproof.Prove(rand.Reader, &noKeys, bits); !errors.Is(err, bitproof.ErrLength) {
		t.Errorf("no keys: %v", err)
	}
	noShape := *st
	noShape.Shape = &bitproof.Shape{}
	if _, _, err := bitproof.Prove(rand.Reader, &noShape, bits); !errors.Is(err, bitproof.ErrShape) {
		t.Errorf("no shape: %v", err)
	}
	if _, _, err := bitproof.Prove(iotest.ErrReader(errors.New("no entropy")), st, bits); err == nil {
		t.Error("sealed without randomness")
	}
}

// A reader that repeats itself must not seal two choices with the same r:
// the difference of the ciphertexts would show both.
func TestRepeatedRandomnessIsNotReusedForAnotherChoiceOrStatement(t *testing.T) {
	st, first := oneOf(t, 3, 0)
	_, second := oneOf(t, 3, 1)
	elsewhere := *st
	elsewhere.Context = []byte("another ballot")
	seen := map[string]string{}
	for name, c := range map[string]struct {
		st   *bitproof.Statement
		bits []bool
	}{"first": {st, first}, "other choice": {st, second}, "other statement": {&elsewhere, first}} {
		ct, _, err := bitproof.Prove(zeros{}, c.st, c.bits)
		if err != nil {
			t.Fatal(err)
		}
		if other, dup := seen[ct.R.String()]; dup {
			t.Errorf("%q and %q share R", name, other)
		}
		seen[ct.R.String()] = name
	}
}

func TestSealingTwiceGivesUnlikeBallots(t *testing.T) {
	st, bits := oneOf(t, 3, 0)
	a, b := mustProve(t, st, bits), mustProve(t, st, bits)
	if a.Ciphertext.R.Equal(b.Ciphertext.R) || bytes.Equal(a.Proof.Encode(), b.Proof.Encode()) {
		t.Error("two sealings are alike")
	}
}

func TestPreparedKeysSealTheSameBallot(t *testing.T) {
	st, bits := oneOf(t, 3, 2)
	points := make([]group.Point, 3)
	for i, k := range st.Keys {
		points[i] = k.Point()
	}
	v, err := elgamal.NewKeyVector(points)
	if err != nil {
		t.Fatal(err)
	}
	prepared := *st
	if prepared.Keys, err = v.Prepared().Select([]int{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	a, pa, err := bitproof.Prove(zeros{}, st, bits)
	if err != nil {
		t.Fatal(err)
	}
	b, pb, err := bitproof.Prove(zeros{}, &prepared, bits)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Encode(), b.Encode()) || !bytes.Equal(pa.Encode(), pb.Encode()) {
		t.Error("tables change the ballot")
	}
}

func TestAProverSealsTheSameBallots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape, bits, _ := drawBallot(t)
		st := &bitproof.Statement{ChainID: chainID, Election: [32]byte{3}, Context: []byte("c"), Shape: &shape, Keys: keysFor(t, len(shape.Forms))}
		prover, err := bitproof.NewProver(&shape, st.Keys)
		if err != nil {
			t.Fatal(err)
		}
		a, pa, err := bitproof.Prove(zeros{}, st, bits)
		if err != nil {
			t.Fatal(err)
		}
		bare := *st
		bare.Shape, bare.Keys = nil, nil
		for _, statement := range []*bitproof.Statement{st, &bare} {
			b, pb, err := prover.Prove(zeros{}, statement, bits)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(a.Encode(), b.Encode()) || !bytes.Equal(pa.Encode(), pb.Encode()) {
				t.Fatal("a prover's ballot differs")
			}
		}
	})
}

func TestAProverRefusesAnotherShapeAndOtherKeys(t *testing.T) {
	st, bits := oneOf(t, 3, 1)
	prover, err := bitproof.NewProver(st.Shape, st.Keys)
	if err != nil {
		t.Fatal(err)
	}
	other := *st
	shape := bitproof.Choice(3, 0, 1)
	other.Shape = &shape
	if _, _, err := prover.Prove(rand.Reader, &other, bits); !errors.Is(err, bitproof.ErrShape) {
		t.Errorf("another shape: %v", err)
	}
	other = *st
	other.Keys = []elgamal.Key{st.Keys[0], st.Keys[2], st.Keys[1]}
	if _, _, err := prover.Prove(rand.Reader, &other, bits); !errors.Is(err, bitproof.ErrLength) {
		t.Errorf("other keys: %v", err)
	}
	if _, _, err := prover.Prove(rand.Reader, st, make([]bool, 3)); !errors.Is(err, bitproof.ErrRule) {
		t.Errorf("broken rule: %v", err)
	}
	if _, err := bitproof.NewProver(st.Shape, st.Keys[:2]); !errors.Is(err, bitproof.ErrLength) {
		t.Errorf("a key missing: %v", err)
	}
}

func TestOpeningShowsWhatWasSealedAndNothingElse(t *testing.T) {
	st, bits := oneOf(t, 3, 1)
	ct, _, opening, err := bitproof.ProveOpen(rand.Reader, st, bits)
	if err != nil {
		t.Fatal(err)
	}
	r := opening.Reveal()
	received, err := bitproof.DecodeOpening(r[:])
	if err != nil {
		t.Fatal(err)
	}
	if err := bitproof.CheckOpening(st.Keys, ct, []uint64{0, 1, 0}, received); err != nil {
		t.Error(err)
	}
	for name, values := range map[string][]uint64{"another option": {1, 0, 0}, "two options": {1, 1, 0}, "none": {0, 0, 0}} {
		if err := bitproof.CheckOpening(st.Keys, ct, values, received); !errors.Is(err, bitproof.ErrOpening) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r[0] ^= 1
	if other, err := bitproof.DecodeOpening(r[:]); err != nil || !errors.Is(bitproof.CheckOpening(st.Keys, ct, []uint64{0, 1, 0}, other), bitproof.ErrOpening) {
		t.Errorf("other randomness: %v", err)
	}
	if err := bitproof.CheckOpening(st.Keys, ct, []uint64{0, 1}, received); !errors.Is(err, bitproof.ErrLength) {
		t.Errorf("a value missing: %v", err)
	}
	if _, err := bitproof.DecodeOpening(r[:31]); !errors.Is(err, group.ErrLength) {
		t.Errorf("truncated: %v", err)
	}
}

func TestOpeningNeverPrintsItself(t *testing.T) {
	st, bits := oneOf(t, 2, 1)
	_, _, opening, err := bitproof.ProveOpen(rand.Reader, st, bits)
	if err != nil {
		t.Fatal(err)
	}
	r := opening.Reveal()
	js, _ := json.Marshal(opening)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %x %s", opening, opening, opening, opening, opening), fmt.Sprintf("%+v", struct{ O bitproof.Opening }{opening}), string(js)} {
		if strings.Contains(text, hex.EncodeToString(r[:4])) || strings.Contains(text, fmt.Sprint(r[0])+" "+fmt.Sprint(r[1])) || (text != "{}" && !strings.Contains(text, "redacted")) {
			t.Errorf("printed %q", text)
		}
	}
}

func TestBatchVerdictStandsWithoutRandomness(t *testing.T) {
	st, bits := oneOf(t, 2, 0)
	good := mustProve(t, st, bits)
	bad := decodeSealed(t, st, refProve(st, []int64{1, 0}, cheat{shift: []int64{1, 0}}))
	got := bitproof.VerifyBatch(iotest.ErrReader(errors.New("no entropy")), []bitproof.Claim{good, bad, good})
	if !slices.Equal(got, []int{1}) {
		t.Errorf("batch names %v, want [1]", got)
	}
	if got := bitproof.VerifyBatch(rand.Reader, nil); got != nil {
		t.Errorf("empty batch names %v", got)
	}
}

func TestOneBatchHoldsBallotsOfManyElectionsAndShapes(t *testing.T) {
	var claims []bitproof.Claim
	for i, shape := range []bitproof.Shape{bitproof.Choice(2, 1, 1), bitproof.Choice(7, 0, 1), bitproof.Points(3, 1, true, 1, 1), bitproof.Choice(2, 1, 1)} {
		st := statementFor(t, shape)
		st.Election[0] = byte(i)
		bits := make([]bool, shape.Bits)
		bits[0] = true
		claims = append(claims, mustProve(t, st, bits))
	}
	if bad := bitproof.VerifyBatch(rand.Reader, claims); bad != nil {
		t.Errorf("batch names %v", bad)
	}
	claims[2].Proof = claims[0].Proof
	claims[3].Ciphertext = claims[0].Ciphertext
	if bad := bitproof.VerifyBatch(rand.Reader, claims); !slices.Equal(bad, []int{2, 3}) {
		t.Errorf("batch names %v, want [2 3]", bad)
	}
}

func FuzzDecodeProof(f *testing.F) {
	st, bits := oneOf(f, 2, 0)
	f.Add(2, mustProve(f, st, bits).Proof.Encode())
	f.Fuzz(func(t *testing.T, n int, in []byte) {
		p, err := bitproof.DecodeProof(n, in)
		if err != nil {
			return
		}
		if !bytes.Equal(p.Encode(), in) {
			t.Fatal("a proof has two encodings")
		}
	})
}

func FuzzDecodeOpening(f *testing.F) {
	f.Add(make([]byte, 32))
	f.Fuzz(func(t *testing.T, in []byte) {
		o, err := bitproof.DecodeOpening(in)
		if err != nil {
			return
		}
		if r := o.Reveal(); !bytes.Equal(r[:], in) {
			t.Fatal("an opening has two encodings")
		}
	})
}
