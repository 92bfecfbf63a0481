package enginedb_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	dbm "github.com/cometbft/cometbft-db"
	cmtconfig "github.com/cometbft/cometbft/config"
	"pgregory.net/rapid"

	"github.com/urna-vote/urna/node/enginedb"
)

func open(t testing.TB, fs vfs.FS) *enginedb.DB {
	t.Helper()
	db, err := enginedb.Open("test", "/", enginedb.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMissingKeyReadsAsNilAndEmptyValueDoesNot(t *testing.T) {
	db := open(t, vfs.NewMem())
	if v, err := db.Get([]byte("a")); v != nil || err != nil {
		t.Errorf("missing key: %v, %v", v, err)
	}
	must(t, db.Set([]byte("a"), []byte{}))
	if v, err := db.Get([]byte("a")); v == nil || len(v) != 0 || err != nil {
		t.Errorf("empty value: %v, %v", v, err)
	}
	if ok, err := db.Has([]byte("a")); !ok || err != nil {
		t.Errorf("has: %v, %v", ok, err)
	}
	must(t, db.Delete([]byte("never there")))
	must(t, db.DeleteSync([]byte("a")))
	if ok, err := db.Has([]byte("a")); ok || err != nil {
		t.Errorf("deleted key: %v, %v", ok, err)
	}
}

func TestEmptyKeysAndNilValuesAreRefused(t *testing.T) {
	db := open(t, vfs.NewMem())
	b := db.NewBatch()
	for _, key := range [][]byte{nil, {}} {
		_, errGet := db.Get(key)
		_, errHas := db.Has(key)
		for i, err := range []error{
			errGet, errHas, db.Set(key, []byte{1}), db.SetSync(key, []byte{1}),
			db.Delete(key), db.DeleteSync(key), b.Set(key, []byte{1}), b.Delete(key),
		} {
			if !errors.Is(err, enginedb.ErrKeyEmpty) {
				t.Errorf("call %d with key %v: %v", i, key, err)
			}
		}
	}
	for i, err := range []error{db.Set([]byte("k"), nil), db.SetSync([]byte("k"), nil), b.Set([]byte("k"), nil)} {
		if !errors.Is(err, enginedb.ErrValueNil) {
			t.Errorf("call %d with nil value: %v", i, err)
		}
	}
	for _, bounds := range [][2][]byte{{{}, nil}, {nil, {}}} {
		if _, err := db.Iterator(bounds[0], bounds[1]); !errors.Is(err, enginedb.ErrKeyEmpty) {
			t.Errorf("iterator over %v: %v", bounds, err)
		}
		if _, err := db.ReverseIterator(bounds[0], bounds[1]); !errors.Is(err, enginedb.ErrKeyEmpty) {
			t.Errorf("reverse iterator over %v: %v", bounds, err)
		}
	}
	must(t, b.Close())
}

func TestReadValuesAreCopies(t *testing.T) {
	db := open(t, vfs.NewMem())
	must(t, db.Set([]byte("k"), []byte("value")))
	v, err := db.Get([]byte("k"))
	must(t, err)
	v[0] = 'X'
	it, err := db.Iterator(nil, nil)
	must(t, err)
	it.Key()[0], it.Value()[0] = 'X', 'X'
	must(t, it.Close())
	if v, _ := db.Get([]byte("k")); string(v) != "value" {
		t.Errorf("stored value became %q", v)
	}
}

func TestWrittenBatchCannotBeUsedAgain(t *testing.T) {
	db := open(t, vfs.NewMem())
	for name, write := range map[string]func(dbm.Batch) error{"write": dbm.Batch.Write, "write sync": dbm.Batch.WriteSync, "close": dbm.Batch.Close} {
		b := db.NewBatch()
		must(t, b.Set([]byte(name), []byte{1}))
		must(t, write(b))
		for i, err := range []error{b.Set([]byte("x"), []byte{1}), b.Delete([]byte("x")), b.Write(), b.WriteSync()} {
			if !errors.Is(err, enginedb.ErrBatchClosed) {
				t.Errorf("after %s, call %d: %v", name, i, err)
			}
		}
		must(t, b.Close())
		if ok, _ := db.Has([]byte(name)); ok != (name != "close") {
			t.Errorf("after %s the key is there: %v", name, ok)
		}
	}
}

func TestExhaustedIteratorPanicsAndStaysInvalid(t *testing.T) {
	db := open(t, vfs.NewMem())
	must(t, db.Set([]byte("a"), []byte{1}))
	it, err := db.Iterator([]byte("a"), []byte("b"))
	must(t, err)
	if s, e := it.Domain(); string(s) != "a" || string(e) != "b" {
		t.Errorf("domain %q..%q", s, e)
	}
	it.Next()
	for name, use := range map[string]func(){"next": it.Next, "key": func() { it.Key() }, "value": func() { it.Value() }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s past the end did not panic", name)
				}
			}()
			use()
		}()
	}
	must(t, it.Error())
	must(t, it.Close())
	must(t, it.Close())
	if it.Valid() {
		t.Error("closed iterator is valid")
	}
}

// An iterator sees the store as it was when it was opened: the engine prunes
// while it iterates.
func TestIteratorReadsASnapshot(t *testing.T) {
	db := open(t, vfs.NewMem())
	for i := range 10 {
		must(t, db.Set(fmt.Appendf(nil, "k%d", i), []byte{byte(i)}))
	}
	it, err := db.Iterator(nil, nil)
	must(t, err)
	seen := 0
	for ; it.Valid(); it.Next() {
		must(t, db.Delete(it.Key()))
		must(t, db.Set(append([]byte("new"), it.Key()...), []byte{1}))
		seen++
	}
	must(t, it.Close())
	if seen != 10 {
		t.Errorf("saw %d keys, want 10", seen)
	}
}

// The interface's own in-memory database is the model.
func TestStoreBehavesAsTheModelDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		db, err := enginedb.Open("test", "/", enginedb.Options{FS: vfs.NewMem()})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		model := dbm.NewMemDB()
		key := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xfe, 0xff}), 1, 3)
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				k, v := key.Draw(t, "key"), rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "value")
				if db.Set(k, v) != nil || model.Set(k, v) != nil {
					t.Fatal("set failed")
				}
			},
			"delete": func(t *rapid.T) {
				k := key.Draw(t, "key")
				if db.DeleteSync(k) != nil || model.DeleteSync(k) != nil {
					t.Fatal("delete failed")
				}
			},
			"batch": func(t *rapid.T) {
				a, b := db.NewBatch(), model.NewBatch()
				for range rapid.IntRange(0, 5).Draw(t, "n") {
					k := key.Draw(t, "key")
					if rapid.Bool().Draw(t, "delete") {
						a.Delete(k)
						b.Delete(k)
					} else {
						a.Set(k, k)
						b.Set(k, k)
					}
				}
				if a.WriteSync() != nil || b.WriteSync() != nil {
					t.Fatal("batch failed")
				}
			},
			"compact": func(t *rapid.T) {
				if err := db.Compact(nil, nil); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				var start, end []byte
				if rapid.Bool().Draw(t, "bounded") {
					start, end = key.Draw(t, "start"), key.Draw(t, "end")
					if bytes.Compare(start, end) >= 0 {
						return
					}
				}
				compare(t, db, model, start, end)
			},
		})
	})
}

func compare(t *rapid.T, a, b dbm.DB, start, end []byte) {
	type opener func(dbm.DB, []byte, []byte) (dbm.Iterator, error)
	for _, open := range []opener{dbm.DB.Iterator, dbm.DB.ReverseIterator} {
		x, errX := open(a, start, end)
		y, errY := open(b, start, end)
		if errX != nil || errY != nil {
			t.Fatal(errX, errY)
		}
		for ; x.Valid() && y.Valid(); x.Next() {
			if !bytes.Equal(x.Key(), y.Key()) || !bytes.Equal(x.Value(), y.Value()) {
				t.Fatalf("%x=%x, model has %x=%x", x.Key(), x.Value(), y.Key(), y.Value())
			}
			y.Next()
		}
		if x.Valid() != y.Valid() {
			t.Fatalf("one iterator of [%x, %x) ended early", start, end)
		}
		x.Close()
		y.Close()
	}
}

func TestSyncedWritesSurviveACrash(t *testing.T) {
	fs := vfs.NewCrashableMem()
	db := open(t, fs)
	must(t, db.Set([]byte("before"), []byte{1}))
	b := db.NewBatch()
	must(t, b.Set([]byte("batch"), []byte{2}))
	must(t, b.WriteSync())
	must(t, db.Set([]byte("after"), []byte{3}))
	crashed := open(t, fs.CrashClone(vfs.CrashCloneCfg{}))
	for key, want := range map[string]bool{"before": true, "batch": true, "after": false} {
		if ok, err := crashed.Has([]byte(key)); ok != want || err != nil {
			t.Errorf("after the crash %q is there: %v, %v; want %v", key, ok, err, want)
		}
	}
}

func TestClosedStoreAnswersWithAnError(t *testing.T) {
	db := open(t, vfs.NewMem())
	b := db.NewBatch()
	must(t, b.Set([]byte("k"), []byte{1}))
	must(t, db.Close())
	must(t, db.Close())
	_, errGet := db.Get([]byte("k"))
	_, errIter := db.Iterator(nil, nil)
	for i, err := range []error{errGet, errIter, db.Set([]byte("k"), []byte{1}), db.DeleteSync([]byte("k")), db.Compact(nil, nil), b.Write()} {
		if !errors.Is(err, enginedb.ErrClosed) {
			t.Errorf("call %d on a closed store: %v", i, err)
		}
	}
}

func TestProviderKeepsStoresApartAndClosesThem(t *testing.T) {
	cfg := cmtconfig.DefaultConfig().SetRoot(t.TempDir())
	p := enginedb.NewProvider(nil)
	a, err := p.Open(&cmtconfig.DBContext{ID: "blockstore", Config: cfg})
	must(t, err)
	b, err := p.Open(&cmtconfig.DBContext{ID: "state", Config: cfg})
	must(t, err)
	must(t, a.SetSync([]byte("k"), []byte{1}))
	if ok, _ := b.Has([]byte("k")); ok {
		t.Error("a key of one store is in another")
	}
	if _, err := p.Open(&cmtconfig.DBContext{ID: "state", Config: cfg}); err == nil {
		t.Error("opened a store twice")
	}
	must(t, p.Close())
	must(t, p.Close())
	if _, err := a.Get([]byte("k")); !errors.Is(err, enginedb.ErrClosed) {
		t.Errorf("store is open after the provider closed: %v", err)
	}
}
