package bitproof_test

import (
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/urna-vote/urna/crypto/bitproof"
)

type (
	terms      = []bitproof.Term
	constraint = bitproof.Constraint
)

func TestValidateNamesEachBrokenRule(t *testing.T) {
	ok := func() bitproof.Shape { return bitproof.Choice(3, 0, 2) }
	for name, change := range map[string]func(*bitproof.Shape){
		"no bits":                  func(s *bitproof.Shape) { s.Bits = 0 },
		"too many bits":            func(s *bitproof.Shape) { s.Bits = bitproof.MaxBits + 1 },
		"no forms":                 func(s *bitproof.Shape) { s.Forms = nil },
		"too many forms":           func(s *bitproof.Shape) { s.Forms = slices.Repeat(s.Forms[:1], bitproof.MaxForms+1) },
		"empty form":               func(s *bitproof.Shape) { s.Forms[0] = nil },
		"empty constraint":         func(s *bitproof.Shape) { s.Constraints[0].Terms = nil },
		"bit outside":              func(s *bitproof.Shape) { s.Forms[0][0].Bit = s.Bits },
		"negative bit":             func(s *bitproof.Shape) { s.Forms[0][0].Bit = -1 },
		"bits not ascending":       func(s *bitproof.Shape) { s.Constraints[0].Terms[0].Bit = 1 },
		"bits out of order":        func(s *bitproof.Shape) { slices.Reverse(s.Constraints[0].Terms) },
		"weight zero":              func(s *bitproof.Shape) { s.Forms[0][0].Weight = 0 },
		"weight above 2^31":        func(s *bitproof.Shape) { s.Forms[0][0].Weight = 1<<31 + 1 },
		"weights sum to 2^32":      func(s *bitproof.Shape) { s.Forms[0] = terms{{Bit: 0, Weight: 1 << 31}, {Bit: 1, Weight: 1 << 31}} },
		"target above the sum":     func(s *bitproof.Shape) { s.Constraints[0].Target = 6 },
		"a total is skipped":       func(s *bitproof.Shape) { s.Constraints[0].Terms[3].Weight = 7; s.Constraints[0].Terms[4].Weight = 9 },
		"bit in nothing":           func(s *bitproof.Shape) { s.Bits++ },
		"constraint without own 1": func(s *bitproof.Shape) { s.Constraints = append(s.Constraints, s.Constraints[0]) },
		"no weight one": func(s *bitproof.Shape) {
			s.Constraints = append(s.Constraints, constraint{Terms: terms{{Bit: 1, Weight: 2}}, Target: 2})
		},
	} {
		s := ok()
		change(&s)
		if err := s.Validate(); !errors.Is(err, bitproof.ErrShape) {
			t.Errorf("%s: %v, want ErrShape", name, err)
		}
	}
	s := ok()
	if err := s.Validate(); err != nil {
		t.Errorf("the shape itself: %v", err)
	}
	edge := bitproof.Shape{Bits: 2, Forms: []bitproof.Form{{{Bit: 0, Weight: 1 << 31}, {Bit: 1, Weight: 1<<31 - 1}}}}
	if err := edge.Validate(); err != nil {
		t.Errorf("weights up to 2^32 - 1: %v", err)
	}
}

func TestConstraintsMayShareBitsBesidesTheirOwn(t *testing.T) {
	// Two rules over a common bit: at most one of {0,1} and one of {1,2}.
	s := bitproof.Shape{Bits: 3, Forms: []bitproof.Form{{{Bit: 0, Weight: 1}}, {{Bit: 1, Weight: 1}}, {{Bit: 2, Weight: 1}}}, Constraints: []constraint{
		{Terms: terms{{Bit: 0, Weight: 1}, {Bit: 1, Weight: 1}}, Target: 1},
		{Terms: terms{{Bit: 1, Weight: 1}, {Bit: 2, Weight: 1}}, Target: 1},
	}}
	st := statementFor(t, s)
	for bits, good := range map[[3]bool]bool{{true, false, true}: true, {false, true, false}: true, {true, true, false}: false} {
		_, _, err := bitproof.Prove(zeros{}, st, bits[:])
		if (err == nil) != good {
			t.Errorf("%v: %v", bits, err)
		}
		if good {
			if err := judge(t, mustProve(t, st, bits[:])); err != nil {
				t.Errorf("%v: %v", bits, err)
			}
		}
	}
}

// zeros is a reader without entropy.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestBuildersRefuseImpossibleContests(t *testing.T) {
	for name, s := range map[string]bitproof.Shape{
		"no options":           bitproof.Choice(0, 0, 0),
		"min above max":        bitproof.Choice(3, 2, 1),
		"max above n":          bitproof.Choice(3, 0, 4),
		"more than bits":       bitproof.Choice(bitproof.MaxBits+1, 0, 1),
		"huge":                 bitproof.Choice(math.MaxUint32, 0, math.MaxUint32),
		"no score":             bitproof.Points(3, 0, false, 0, 0),
		"total without flag":   bitproof.Points(3, 5, false, 0, 3),
		"tmin above t":         bitproof.Points(3, 5, true, 4, 3),
		"total above all":      bitproof.Points(3, 5, true, 0, 16),
		"scores beyond 2^32":   bitproof.Points(4, math.MaxUint32, true, 0, math.MaxUint32),
		"score bits too many":  bitproof.Points(1000, 1<<20, false, 0, 0),
		"concat with bad part": bitproof.Concat(bitproof.Choice(2, 1, 1), bitproof.Choice(2, 2, 1)),
		"concat of nothing":    bitproof.Concat(),
	} {
		if err := s.Validate(); !errors.Is(err, bitproof.ErrShape) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryChoiceWithinTheRulesHasBitsAndNoOther(t *testing.T) {
	const n = 4
	for min := range uint32(n + 1) {
		for max := min; max <= n; max++ {
			shape := bitproof.Choice(n, min, max)
			if err := shape.Validate(); err != nil {
				t.Fatalf("%d..%d of %d: %v", min, max, n, err)
			}
			for mask := range uint32(1 << n) {
				marks, count := make([]bool, n), uint32(0)
				for i := range marks {
					if marks[i] = mask>>i&1 == 1; marks[i] {
						count++
					}
				}
				bits, err := bitproof.ChoiceBits(n, min, max, marks)
				switch {
				case count > max && !errors.Is(err, bitproof.ErrOverVote), count < min && !errors.Is(err, bitproof.ErrUnderVote):
					t.Errorf("%d marks of %d..%d: %v", count, min, max, err)
				case count >= min && count <= max:
					checkValues(t, &shape, bits, err, func(o int) uint64 { return uint64(mask >> o & 1) })
				}
				// No padding at all makes a wrong number of marks fit.
				if count < min || count > max {
					refuseAllPaddings(t, &shape, marks)
				}
			}
		}
	}
}

func checkValues(t rapid.TB, shape *bitproof.Shape, bits []bool, err error, want func(int) uint64) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	values, err := bitproof.Values(shape, bits)
	if err != nil {
		t.Fatal(err)
	}
	for o, v := range values {
		if v != want(o) {
			t.Fatalf("option %d holds %d, want %d", o, v, want(o))
		}
	}
}

func refuseAllPaddings(t *testing.T, shape *bitproof.Shape, marks []bool) {
	t.Helper()
	pads := shape.Bits - len(marks)
	for p := range 1 << pads {
		bits := slices.Clone(marks)
		for i := range pads {
			bits = append(bits, p>>i&1 == 1)
		}
		if _, err := bitproof.Values(shape, bits); !errors.Is(err, bitproof.ErrRule) {
			t.Fatalf("marks %v with padding %b: %v", marks, p, err)
		}
	}
}

func TestEveryScoreWithinTheRangeHasBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint32Range(1, 6).Draw(t, "n")
		score := rapid.Uint32Range(1, 300).Draw(t, "score")
		has := rapid.Bool().Draw(t, "has total")
		var tmin, total uint32
		scores, sum := make([]uint32, n), uint32(0)
		for o := range scores {
			scores[o] = rapid.Uint32Range(0, score+1).Draw(t, "given")
			sum += scores[o]
		}
		if has {
			total = rapid.Uint32Range(0, n*score).Draw(t, "t")
			tmin = rapid.Uint32Range(0, total).Draw(t, "tmin")
		}
		shape := bitproof.Points(n, score, has, tmin, total)
		if err := shape.Validate(); err != nil {
			t.Fatal(err)
		}
		bits, err := bitproof.PointsBits(n, score, has, tmin, total, scores)
		switch {
		case slices.Max(scores) > score || has && sum > total:
			if !errors.Is(err, bitproof.ErrOverVote) {
				t.Fatalf("over-vote: %v", err)
			}
		case has && sum < tmin:
			if !errors.Is(err, bitproof.ErrUnderVote) {
				t.Fatalf("under-vote: %v", err)
			}
		default:
			checkValues(t, &shape, bits, err, func(o int) uint64 { return uint64(scores[o]) })
		}
	})
}

func TestWrongNumberOfOptionsIsRefused(t *testing.T) {
	if _, err := bitproof.ChoiceBits(3, 0, 1, make([]bool, 4)); !errors.Is(err, bitproof.ErrOptions) {
		t.Errorf("choice: %v", err)
	}
	if _, err := bitproof.PointsBits(3, 5, false, 0, 0, make([]uint32, 2)); !errors.Is(err, bitproof.ErrOptions) {
		t.Errorf("points: %v", err)
	}
	if _, err := bitproof.ChoiceBits(3, 2, 1, make([]bool, 3)); !errors.Is(err, bitproof.ErrShape) {
		t.Errorf("impossible choice: %v", err)
	}
	if _, err := bitproof.PointsBits(3, 0, false, 0, 0, make([]uint32, 3)); !errors.Is(err, bitproof.ErrShape) {
		t.Errorf("impossible points: %v", err)
	}
}

func TestShapeEncodingIsTheDocumentedOne(t *testing.T) {
	s := bitproof.Choice(2, 0, 1)
	const want = "00000003" + "00000002" +
		"00000001" + "0000000000000001" + "00000001" + "0000000100000001" +
		"00000001" + "00000003" + "0000000000000001" + "0000000100000001" + "0000000200000001" + "00000001"
	if got := hex.EncodeToString(s.Encode()); got != want {
		t.Errorf("encoding %s, want %s", got, want)
	}
}

func TestDifferentShapesEncodeDifferently(t *testing.T) {
	seen := map[string]string{}
	for name, s := range map[string]bitproof.Shape{
		"1 of 3": bitproof.Choice(3, 1, 1), "2 of 3": bitproof.Choice(3, 2, 2), "0..1 of 3": bitproof.Choice(3, 0, 1), "1 of 4": bitproof.Choice(4, 1, 1),
		"3 times 0..1": bitproof.Points(3, 1, false, 0, 0), "3 times 0..3": bitproof.Points(3, 3, false, 0, 0), "6 times 0..1": bitproof.Points(6, 1, false, 0, 0),
		"1 of 1 and 1 of 2": bitproof.Concat(bitproof.Choice(1, 1, 1), bitproof.Choice(2, 1, 1)), "1 of 2 and 1 of 1": bitproof.Concat(bitproof.Choice(2, 1, 1), bitproof.Choice(1, 1, 1)),
	} {
		e := string(s.Encode())
		if other, dup := seen[e]; dup {
			t.Errorf("%q and %q encode alike", name, other)
		}
		seen[e] = name
	}
}
