package ledgertest_test

import (
	"slices"
	"testing"

	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

func TestIterateVisitsKeysInOrderUnderPrefix(t *testing.T) {
	s := ledgertest.New()
	for _, k := range []string{"b2", "a", "b1", "c", "b10"} {
		s.Set([]byte(k), []byte("v"))
	}
	s.Delete([]byte("b2"))
	s.Set([]byte("b0"), []byte("v"))
	var got []string
	s.Iterate([]byte("b"), func(k, _ []byte) bool {
		got = append(got, string(k))
		return true
	})
	if want := []string{"b0", "b1", "b10"}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestDeletedKeyMayBeSetAgain(t *testing.T) {
	s := ledgertest.New()
	s.Set([]byte("k"), []byte("1"))
	s.Iterate(nil, func(_, _ []byte) bool { return true })
	s.Delete([]byte("k"))
	s.Set([]byte("k"), []byte("2"))
	visits := 0
	s.Iterate(nil, func(_, v []byte) bool {
		visits++
		return string(v) == "2"
	})
	if visits != 1 || string(s.Get([]byte("k"))) != "2" {
		t.Fatalf("visited %d times, value %q", visits, s.Get([]byte("k")))
	}
}

func TestCloneSharesNothing(t *testing.T) {
	s := ledgertest.New()
	s.Set([]byte("k"), []byte("1"))
	s.AppendLog([32]byte{1})
	c := s.Clone()
	if !s.Equal(c) {
		t.Fatal("clone differs")
	}
	c.Set([]byte("k"), []byte("2"))
	c.AppendLog([32]byte{2})
	if s.Equal(c) || string(s.Get([]byte("k"))) != "1" || len(s.Log()) != 1 {
		t.Fatal("a change of the clone reached the original")
	}
}
