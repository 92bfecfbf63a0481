package ballot_test

import (
	"bytes"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/urna-vote/urna/x/ballot"
)

func TestSpentRecordReadsBack(t *testing.T) {
	point := rapid.SliceOfN(rapid.Byte(), 32, 32)
	rapid.Check(t, func(t *rapid.T) {
		s := ballot.Spent{
			Number: rapid.Uint32().Draw(t, "number"), Zone: rapid.Uint32().Draw(t, "zone"), Style: rapid.Uint32().Draw(t, "style"),
			Sequence: rapid.Uint32Range(1, 10).Draw(t, "sequence"), FirstMS: rapid.Int64Range(0, 1<<42).Draw(t, "first"),
			LogIndex: rapid.Uint64().Draw(t, "index"),
		}
		s.LastMS = s.FirstMS + rapid.Int64Range(0, 1<<42).Draw(t, "since")
		if rapid.Bool().Draw(t, "recasts") {
			s.R = point.Draw(t, "r")
			s.C = bytes.Join(rapid.SliceOfN(point, 1, 5).Draw(t, "c"), nil)
			if earlier := rapid.SliceOfN(point, 0, 3).Draw(t, "earlier"); len(earlier) > 0 {
				s.EarlierR = earlier
			}
		}
		b := s.Encode()
		got, err := ballot.DecodeSpent(b)
		if err != nil || !reflect.DeepEqual(*got, s) {
			t.Fatalf("%v, %v, want %v", got, err, s)
		}
		for cut := range b {
			if got, err := ballot.DecodeSpent(b[:cut]); err == nil && bytes.Equal(got.Encode(), b) {
				t.Fatal("a part reads like the whole")
			}
		}
	})
}

func TestSpentRecordOfOneBallotIsSmall(t *testing.T) {
	s := ballot.Spent{Number: 3, Zone: 120, Style: 2000, Sequence: 1, FirstMS: 1_790_000_000_000, LastMS: 1_790_000_000_000, LogIndex: 20_000_000}
	if n := len(s.Encode()); n > 18 {
		t.Fatalf("%d bytes", n)
	}
}

func FuzzDecodeSpent(f *testing.F) {
	f.Add((&ballot.Spent{Number: 1, Sequence: 1}).Encode())
	f.Add((&ballot.Spent{Number: 1, Sequence: 2, R: make([]byte, 32), C: make([]byte, 64), EarlierR: [][]byte{make([]byte, 32)}}).Encode())
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = ballot.DecodeSpent(b) })
}
