package register_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/register"
)

func open(t *testing.T, where string) *register.Store {
	t.Helper()
	return register.New(databasetest.Open(t, where))
}

func access(n byte) register.Access {
	return register.Access{Election: [32]byte{1}, Entry: [32]byte{2, n}, Style: uint32(n), Salt: [16]byte{3, n}, Pass: [32]byte{4, n}, Code: [32]byte{5, n}}
}

func TestImportIsAllOrNothing(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		s := open(t, where)
		if added, err := s.Import([]register.Access{access(1), access(2)}); err != nil || added != 2 {
			t.Fatalf("added %d, %v", added, err)
		}
		if added, err := s.Import([]register.Access{access(2), access(3)}); err != nil || added != 1 {
			t.Fatalf("a repeated entry is no error: added %d, %v", added, err)
		}
		changed := access(1)
		changed.Code[5] = 9
		if _, err := s.Import([]register.Access{access(4), changed}); !errors.Is(err, register.ErrOtherAccess) {
			t.Fatalf("got %v, want ErrOtherAccess", err)
		}
		if n, err := s.Size(context.Background(), [32]byte{1}); err != nil || n != 3 {
			t.Fatalf("%d entries, %v; want 3", n, err)
		}
	})
}

func TestRecordIsBoundOnce(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		s := open(t, where)
		bind := func(panel uint32, record string) (ok bool) {
			t.Helper()
			err := s.Update(func(tx *register.Tx) (err error) {
				ok, err = tx.Bind([32]byte{1}, [32]byte{2}, panel, []byte(record))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		if !bind(0, "first") || !bind(0, "first") {
			t.Fatal("the same record is refused")
		}
		if bind(0, "second") {
			t.Fatal("a second record was bound")
		}
		if !bind(1, "second") {
			t.Fatal("another panel's record is refused")
		}
	})
}

// Two replicas on one file, many goroutines: one record wins, all others see it.
func TestReplicasBindOneRecord(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		replicas := []*register.Store{open(t, where), open(t, where)}
		for entry := byte(0); entry < 8; entry++ {
			var won atomic.Int32
			var wg sync.WaitGroup
			for g := range 16 {
				wg.Add(1)
				go func() {
					defer wg.Done()
					var ok bool
					err := replicas[g%2].Update(func(tx *register.Tx) (err error) {
						ok, err = tx.Bind([32]byte{1}, [32]byte{entry}, 0, fmt.Appendf(nil, "record %d", g))
						return err
					})
					if err != nil {
						t.Error(err)
					}
					if ok {
						won.Add(1)
					}
				}()
			}
			wg.Wait()
			if won.Load() != 1 {
				t.Fatalf("%d records for one entry", won.Load())
			}
		}
	})
}

func TestAFailingUpdateSpoilsNoOther(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		s := open(t, where)
		fault := errors.New("fault")
		var wg sync.WaitGroup
		for g := range 64 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				err := s.Update(func(tx *register.Tx) error {
					if _, err := tx.Bind([32]byte{1}, [32]byte{byte(g)}, 0, []byte("r")); err != nil {
						return err
					}
					if g%4 == 0 {
						return fault
					}
					return nil
				})
				if want := g%4 == 0; errors.Is(err, fault) != want {
					t.Errorf("update %d: %v", g, err)
				}
			}()
		}
		wg.Wait()
		if n, err := s.Records(context.Background(), [32]byte{1}); err != nil || n != 48 {
			t.Fatalf("%d records, %v; want 48", n, err)
		}
	})
}

func TestTriesAndRecordsHoldOverARestart(t *testing.T) {
	databasetest.Places(t, func(t *testing.T, where string) {
		s := open(t, where)
		a := access(1)
		if _, err := s.Import([]register.Access{a}); err != nil {
			t.Fatal(err)
		}
		err := s.Update(func(tx *register.Tx) error {
			if _, err := tx.Bind(a.Election, a.Entry, 0, []byte("record")); err != nil {
				return err
			}
			return tx.SetTries(a.Election, a.Entry, register.Tries{Wrong: 5, WaitUntilMS: 77})
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Database().Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Update(func(*register.Tx) error { return nil }); !errors.Is(err, database.ErrClosed) {
			t.Fatalf("got %v, want ErrClosed", err)
		}
		s = open(t, where)
		got, tries, ok, err := s.Access(context.Background(), a.Election, a.Entry)
		if err != nil || !ok || got != a || tries.Wrong != 5 || tries.WaitUntilMS != 77 {
			t.Fatalf("got %v %v %v %v", got, tries, ok, err)
		}
		if n, _ := s.Records(context.Background(), a.Election); n != 1 {
			t.Fatalf("%d records after the restart", n)
		}
	})
}

func TestForgottenAccessLeavesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gateway.db")
	s := open(t, path)
	a := access(1)
	copy(a.Code[:], "HASH-THAT-MUST-LEAVE-THE-DISK-AT")
	if _, err := s.Import([]register.Access{a}); err != nil {
		t.Fatal(err)
	}
	err := s.Update(func(tx *register.Tx) error {
		n, err := tx.Forget(a.Election)
		if err == nil && n != 1 {
			err = fmt.Errorf("%d entries forgotten, want 1", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Database().Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, _, ok, err := s.Access(context.Background(), a.Election, a.Entry); ok || err != nil {
		t.Fatalf("entry is still there (%v)", err)
	}
	for _, name := range []string{path, path + "-wal"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, a.Code[:]) {
			t.Errorf("%s still holds the access data", filepath.Base(name))
		}
	}
}

func TestAccessListNamesEveryBadLine(t *testing.T) {
	var file bytes.Buffer
	if err := register.WriteList(&file, [32]byte{1}, []register.Access{access(1), access(2), access(3)}); err != nil {
		t.Fatal(err)
	}
	election, list, err := register.ReadList(bytes.NewReader(file.Bytes()))
	if err != nil || election != [32]byte{1} || len(list) != 3 || list[2] != access(3) {
		t.Fatalf("read back %v %v %v", election, list, err)
	}
	lines := strings.Split(strings.TrimSuffix(file.String(), "\n"), "\n")
	lines[4] = strings.Replace(lines[4], ",2,", ",02,", 1)
	lines = append(lines, lines[3], "garbage", strings.ToUpper(lines[5]))
	_, list, err = register.ReadList(strings.NewReader(strings.Join(lines, "\n")))
	if err == nil || list != nil {
		t.Fatal("a list with bad lines is read")
	}
	for _, want := range []string{"line 5: style", "line 7: entry is on line 4", "line 8: 1 fields", "line 9: entry"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not reported in: %v", want, err)
		}
	}
	for _, head := range []string{"", "urna access 2\n", "urna access 1\nelection 00\n", file.String()[:80]} {
		if _, _, err := register.ReadList(strings.NewReader(head)); err == nil {
			t.Errorf("list that begins %.20q is read", head)
		}
	}
	if _, _, err := register.ReadList(strings.NewReader(strings.Join(lines[:3], "\n"))); err == nil {
		t.Error("an empty list is read")
	}
}

func FuzzReadList(f *testing.F) {
	var file bytes.Buffer
	if err := register.WriteList(&file, [32]byte{1}, []register.Access{access(1)}); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		election, list, err := register.ReadList(bytes.NewReader(b))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := register.WriteList(&again, election, list); err != nil {
			t.Fatal(err)
		}
		e, l, err := register.ReadList(&again)
		if err != nil || e != election || len(l) != len(list) {
			t.Fatalf("written list reads differently: %v", err)
		}
	})
}

func BenchmarkBindConcurrent(b *testing.B) {
	databasetest.Benchmark(b, func(b *testing.B, db *database.DB) {
		s := register.New(db)
		record := make([]byte, 300)
		var n atomic.Uint64
		b.SetParallelism(64)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				entry := sha256.Sum256(binary.BigEndian.AppendUint64(nil, n.Add(1)))
				err := s.Update(func(tx *register.Tx) error {
					_, err := tx.Bind([32]byte{1}, entry, 0, record)
					return err
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	})
}
