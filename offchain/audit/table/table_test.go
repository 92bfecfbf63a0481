package table_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/urna-vote/urna/offchain/audit/table"
)

func key(n uint64) (k [table.KeySize]byte) {
	binary.BigEndian.PutUint64(k[:], n%5) // many alike at their beginning
	binary.BigEndian.PutUint64(k[8:], n)
	return k
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fill sets keys to values of many sizes, some twice, and gives what must be
// found.
func fill(t testing.TB, x *table.Table, want map[[table.KeySize]byte][]byte, n int, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	for range n {
		k, v := key(r.Uint64N(uint64(n))), bytes.Repeat([]byte{byte(r.Uint32())}, int(r.Uint32N(1500)))
		ok(t, x.Put(k, v))
		want[k] = v
	}
}

func check(t testing.TB, x *table.Table, want map[[table.KeySize]byte][]byte, n int) {
	t.Helper()
	for i := range n {
		got, found, err := x.Get(key(uint64(i)))
		ok(t, err)
		v, has := want[key(uint64(i))]
		if found != has || !bytes.Equal(got, v) {
			t.Fatalf("key %d: found %v with %d bytes, want %v with %d", i, found, len(got), has, len(v))
		}
	}
	if x.Len() != int64(len(want)) {
		t.Fatalf("%d keys, want %d", x.Len(), len(want))
	}
	seen := map[[table.KeySize]byte]bool{}
	ok(t, x.Each(func(k [table.KeySize]byte, v []byte) error {
		if seen[k] || !bytes.Equal(v, want[k]) {
			t.Fatalf("key %x is shown twice, or with an old value", k)
		}
		seen[k] = true
		return nil
	}))
	if len(seen) != len(want) {
		t.Fatalf("%d keys are shown, want %d", len(seen), len(want))
	}
}

func TestATableFindsTheNewestValueWithHardlyAPageInMemory(t *testing.T) {
	for _, pages := range []int{1, 3, 0} {
		x, err := table.Create(t.TempDir(), "t", pages)
		ok(t, err)
		want := map[[table.KeySize]byte][]byte{}
		fill(t, x, want, 9000, 7)
		check(t, x, want, 9100)
		ok(t, x.Close())
	}
}

func TestATableOpensAsItWasAtItsMark(t *testing.T) {
	dir := t.TempDir()
	x, err := table.Create(dir, "t", 2)
	ok(t, err)
	want := map[[table.KeySize]byte][]byte{}
	fill(t, x, want, 3000, 1)
	m, err := x.Mark()
	ok(t, err)
	fill(t, x, map[[table.KeySize]byte][]byte{}, 3000, 2)
	_, err = x.Mark()
	ok(t, err)
	ok(t, x.Close())
	shown := 0
	x, err = table.Open(dir, "t", 2, m, func([table.KeySize]byte, []byte) error { shown++; return nil })
	ok(t, err)
	if shown != 3000 {
		t.Errorf("%d records are shown, 3000 were written", shown)
	}
	check(t, x, want, 3100)
	// What is written now continues the mark.
	fill(t, x, want, 500, 3)
	again, err := x.Mark()
	ok(t, err)
	ok(t, x.Close())
	x, err = table.Open(dir, "t", 1, again, nil)
	ok(t, err)
	check(t, x, want, 3100)
	ok(t, x.Close())
	if left, err := filepath.Glob(filepath.Join(dir, "*.index")); err != nil || len(left) != 0 {
		t.Errorf("indices are left: %v, %v", left, err)
	}
	ok(t, table.Clear(dir))
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("files are left: %v, %v", left, err)
	}
}

func TestADamagedTableIsRefused(t *testing.T) {
	for name, damage := range map[string]func(b []byte) []byte{
		"a bit":     func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"a length":  func(b []byte) []byte { b[table.KeySize] = 0xff; return b },
		"cut off":   func(b []byte) []byte { return b[:len(b)-1] },
		"no record": func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			x, err := table.Create(dir, "t", 0)
			ok(t, err)
			fill(t, x, map[[table.KeySize]byte][]byte{}, 50, 1)
			m, err := x.Mark()
			ok(t, err)
			ok(t, x.Close())
			file := filepath.Join(dir, "t.log")
			b, err := os.ReadFile(file)
			ok(t, err)
			ok(t, os.WriteFile(file, damage(b), 0o600))
			if _, err := table.Open(dir, "t", 0, m, nil); !errors.Is(err, table.ErrDamaged) {
				t.Fatal(err)
			}
		})
	}
}

func TestASorterGivesWhatHasThePrefixInOrder(t *testing.T) {
	const width = 6
	for _, bound := range []int{1, 7, 1000, 0} {
		s, err := table.NewSorter(t.TempDir(), "s", width, bound)
		ok(t, err)
		r := rand.New(rand.NewPCG(5, uint64(bound)))
		var want [3][][]byte
		add := func(n int) {
			for range n {
				rec := make([]byte, width)
				binary.BigEndian.PutUint32(rec[2:], r.Uint32N(300))
				rec[1] = byte(r.Uint32N(3))
				want[rec[1]] = append(want[rec[1]], rec)
				ok(t, s.Add(rec))
			}
		}
		add(900)
		first := slices.Clone(want[1])
		c, err := s.Ascend([]byte{0, 1})
		ok(t, err)
		add(100) // not seen by a cursor made before
		same(t, c, first)
		for i, w := range want {
			c, err := s.Ascend([]byte{0, byte(i)})
			ok(t, err)
			same(t, c, w)
		}
		ok(t, s.Close())
	}
}

func same(t *testing.T, c *table.Cursor, want [][]byte) {
	t.Helper()
	slices.SortFunc(want, bytes.Compare)
	for i, w := range want {
		got, more, err := c.Next()
		ok(t, err)
		if !more || !bytes.Equal(got, w) {
			t.Fatalf("record %d of %d: %x, want %x", i, len(want), got, w)
		}
	}
	if got, more, err := c.Next(); more || err != nil {
		t.Fatalf("more: %x, %v", got, err)
	}
}

// BenchmarkPut is what one ballot costs: a key that is new, sought once before.
func BenchmarkPut(b *testing.B) {
	x, err := table.Create(b.TempDir(), "t", 0)
	ok(b, err)
	value := make([]byte, 40)
	var n uint64
	for b.Loop() {
		n++
		var k [table.KeySize]byte
		binary.BigEndian.PutUint64(k[:], n*0x9e3779b97f4a7c15)
		if _, found, err := x.Get(k); found || err != nil {
			b.Fatal(found, err)
		}
		ok(b, x.Put(k, value))
	}
	b.ReportMetric(float64(x.Len()), "keys")
	ok(b, x.Close())
}

// heap is what is in use after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestMemoryDoesNotGrowWithKeys(t *testing.T) {
	x, err := table.Create(t.TempDir(), "t", 16)
	ok(t, err)
	s, err := table.NewSorter(t.TempDir(), "s", table.KeySize, 1000)
	ok(t, err)
	value := make([]byte, 300)
	put := func(from, to uint64) {
		for n := from; n < to; n++ {
			k := key(n)
			ok(t, x.Put(k, value))
			ok(t, s.Add(k[:]))
		}
	}
	put(0, 5_000)
	before := heap()
	put(5_000, 50_000)
	if grown := heap() - before; grown > 512<<10 {
		t.Errorf("45,000 keys more take %d bytes of memory", grown)
	}
	if x.Len() != 50_000 {
		t.Errorf("%d keys", x.Len())
	}
	ok(t, x.Close())
	ok(t, s.Close())
}
