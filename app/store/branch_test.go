package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/urna-vote/urna/app/store"
)

// A branch over a store and a plain map must agree, whatever is done.
func TestBranchReadsAsIfItWereWritten(t *testing.T) {
	s := open(t, vfs.NewMem())
	defer s.Close()
	m := &model{state: map[string]string{}}
	for range 10 {
		if _, err := commit(t, s, m); err != nil {
			t.Fatal(err)
		}
	}
	snap := s.Snapshot()
	defer snap.Close()
	key := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("%c%02d", 'a'+rapid.IntRange(0, 3).Draw(t, "kind"), rapid.IntRange(0, 40).Draw(t, "key"))
	})
	rapid.Check(t, func(t *rapid.T) {
		b := store.NewBranch(snap)
		want := map[string]string{}
		for k, v := range m.state {
			want[k] = v
		}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				k, v := key.Draw(t, "k"), rapid.StringMatching(`[a-z]{1,4}`).Draw(t, "v")
				b.Set([]byte(k), []byte(v))
				want[k] = v
			},
			"delete": func(t *rapid.T) {
				k := key.Draw(t, "k")
				b.Delete([]byte(k))
				delete(want, k)
			},
			"get": func(t *rapid.T) {
				k := key.Draw(t, "k")
				if got := string(b.Get([]byte(k))); got != want[k] {
					t.Fatalf("%s is %q, want %q", k, got, want[k])
				}
			},
			"iterate": func(t *rapid.T) {
				prefix := rapid.SampledFrom([]string{"", "a", "b1", "c39", "d", "zz"}).Draw(t, "prefix")
				most := rapid.IntRange(1, 200).Draw(t, "most")
				var got, exp []string
				b.Iterate([]byte(prefix), func(k, v []byte) bool {
					got = append(got, string(k)+"="+string(v))
					return len(got) < most
				})
				for k, v := range want {
					if strings.HasPrefix(k, prefix) {
						exp = append(exp, k+"="+v)
					}
				}
				slices.Sort(exp)
				if !slices.Equal(got, exp[:min(most, len(exp))]) {
					t.Fatalf("iterate %q: %v, want %v", prefix, got, exp)
				}
			},
		})
	})
}

func TestVisitorMayWriteWhatItVisits(t *testing.T) {
	b := store.NewBranch(store.Empty())
	for i := range 20 {
		b.Set(fmt.Appendf(nil, "k%02d", i), []byte("x"))
	}
	visited := 0
	b.Iterate([]byte("k"), func(k, _ []byte) bool {
		visited++
		b.Delete(k)
		b.Set(append([]byte("k9"), k...), []byte("y"))
		return true
	})
	left := 0
	b.Iterate([]byte("k"), func(k, v []byte) bool {
		left++
		return string(v) == "y"
	})
	if visited != 20 || left != 20 {
		t.Fatalf("visited %d, left %d", visited, left)
	}
}

func TestOnlyTheTransactionAtWorkIsLoggedOnce(t *testing.T) {
	for name, do := range map[string]func(b *store.Branch){
		"outside a transaction": func(b *store.Branch) { b.AppendLog([32]byte{1}) },
		"another's hash":        func(b *store.Branch) { b.BeginTx(0, 1, [32]byte{1}); b.AppendLog([32]byte{2}) },
		"twice": func(b *store.Branch) {
			b.BeginTx(0, 1, [32]byte{1})
			b.AppendLog([32]byte{1})
			b.AppendLog([32]byte{1})
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: logged", name)
				}
			}()
			do(store.NewBranch(store.Empty()))
		}()
	}
}
