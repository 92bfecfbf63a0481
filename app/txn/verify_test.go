package txn_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/urna-vote/urna/app/txn"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/x/ledger"
)

var (
	codeSignature = ledger.NewCode("txn-test", 1, "signature")
	codeOdd       = ledger.NewCode("txn-test", 2, "odd")
)

// oddFact holds for odd numbers and counts how often it is asked.
type oddFact struct {
	n     int
	asked *atomic.Int64
}

func (f oddFact) Verify() error {
	f.asked.Add(1)
	if f.n%2 == 0 {
		return errors.New("even")
	}
	return nil
}

func signature(i int, good bool) sign.Item {
	k := sign.NewPrivateKey(sha256.Sum256([]byte{byte(i)}))
	m := fmt.Appendf(nil, "message %d", i)
	item := sign.Item{Public: k.Public(), Message: m, Signature: k.Sign(m)}
	if !good {
		item.Signature[0] ^= 1
	}
	return item
}

// items of which every seventh has a bad signature and every fifth an even number.
func items(n int, asked *atomic.Int64) ([]txn.Item, []uint32) {
	var out []txn.Item
	var want []uint32
	for i := range n {
		code := uint32(0)
		number := 1
		if i%5 == 0 {
			number, code = 2, codeOdd.Number
		}
		if i%7 == 0 {
			code = codeSignature.Number // the first check that fails
		}
		want = append(want, code)
		out = append(out, txn.Item{Memo: new(txn.Memo), Checks: []ledger.Check{
			{Fact: signature(i, i%7 != 0), Code: codeSignature, Field: "signature"},
			{Fact: oddFact{number, asked}, Code: codeOdd, Field: "number"},
			{Fact: signature(i+1, true), Code: codeSignature, Field: "other"},
		}})
	}
	return out, want
}

// forgotten is the same items without what was remembered of them.
func forgotten(all []txn.Item) []txn.Item {
	out := slices.Clone(all)
	for i := range out {
		out[i].Memo = new(txn.Memo)
	}
	return out
}

func wantCodes(t *testing.T, answers []error, want []uint32) {
	t.Helper()
	for i, err := range answers {
		var r *ledger.Refusal
		got := uint32(0)
		if errors.As(err, &r) {
			got = r.Code.Number
		}
		if got != want[i] {
			t.Fatalf("transaction %d: %v, want code %d", i, err, want[i])
		}
	}
}

func TestVerdictDependsNeitherOnCompanyNorOnOrderNorOnCores(t *testing.T) {
	var asked atomic.Int64
	all, want := items(120, &asked)
	for workers := 1; workers <= 5; workers += 2 {
		wantCodes(t, txn.NewVerifier(workers).Verify(forgotten(all)), want)
		wantCodes(t, txn.NewVerifier(workers).VerifyBlock(forgotten(all)), want)
		order := rand.New(rand.NewPCG(1, uint64(workers))).Perm(len(all))
		shuffled, shuffledWant := make([]txn.Item, len(all)), make([]uint32, len(all))
		for to, from := range order {
			shuffled[to], shuffledWant[to] = all[from], want[from]
		}
		wantCodes(t, txn.NewVerifier(workers).Verify(forgotten(shuffled)), shuffledWant)
	}
	for i := range all[:20] {
		wantCodes(t, txn.NewVerifier(2).Verify(forgotten(all[i:i+1])), want[i:i+1])
	}
}

// T15: what a stranger can make without a key never reaches the dear checks.
func TestNothingElseIsAskedAfterABadSignature(t *testing.T) {
	var asked atomic.Int64
	for _, n := range []int{1, 40} {
		var all []txn.Item
		for i := range n {
			all = append(all, txn.Item{Memo: new(txn.Memo), Checks: []ledger.Check{
				{Fact: oddFact{2, &asked}, Code: codeOdd, Field: "number"},
				{Fact: signature(i, false), Code: codeSignature, Field: "signature"},
			}})
		}
		for i, err := range txn.NewVerifier(2).Verify(all) {
			var r *ledger.Refusal
			if !errors.As(err, &r) || r.Code != codeSignature {
				t.Fatalf("transaction %d: %v", i, err)
			}
		}
	}
	if got := asked.Load(); got != 0 {
		t.Fatalf("%d facts were asked behind a bad signature", got)
	}
}

// faultyFact makes the program fail.
type faultyFact struct{}

func (faultyFact) Verify() error { panic("an invariant that a stranger found a way around") }

func TestCheckThatMakesTheProgramFailRefusesItsTransactionOnly(t *testing.T) {
	var asked atomic.Int64
	good := ledger.Check{Fact: oddFact{1, &asked}, Code: codeOdd, Field: "number"}
	all := []txn.Item{
		{Memo: new(txn.Memo), Checks: []ledger.Check{good}},
		{Memo: new(txn.Memo), Checks: []ledger.Check{good, {Fact: faultyFact{}, Code: codeOdd, Field: "fault"}}},
		{Memo: new(txn.Memo), Checks: []ledger.Check{good, {Fact: signature(1, true), Code: codeSignature, Field: "signature"}}},
	}
	for workers := 1; workers < 4; workers++ {
		answers := txn.NewVerifier(workers).Verify(all)
		if answers[0] != nil || answers[2] != nil {
			t.Fatalf("right transactions: %v, %v", answers[0], answers[2])
		}
		if !errors.Is(answers[1], txn.ErrFault) {
			t.Fatalf("faulty transaction: %v", answers[1])
		}
	}
}

func TestMemoSparesTheAcceptedAndNeverTheRefused(t *testing.T) {
	var asked atomic.Int64
	all, want := items(50, &asked)
	v := txn.NewVerifier(2)
	wantCodes(t, v.Verify(all), want)
	bad := 0
	for _, c := range want {
		if c == codeOdd.Number { // with a bad signature nothing else is asked
			bad++
		}
	}
	asked.Store(0)
	wantCodes(t, v.Verify(all), want)
	if int(asked.Load()) != bad {
		t.Fatalf("%d facts were verified again, %d transactions had been refused", asked.Load(), bad)
	}
}

func TestMemoHoldsForTheSameParametersOnly(t *testing.T) {
	var asked atomic.Int64
	item := txn.Item{Memo: new(txn.Memo), Checks: []ledger.Check{{Fact: oddFact{1, &asked}, Code: codeOdd, Field: "number", Params: [32]byte{1}}}}
	v := txn.NewVerifier(1)
	for i, change := range []func(c *ledger.Check){
		func(*ledger.Check) {},
		func(c *ledger.Check) { c.Params[0]++ },
		func(c *ledger.Check) { c.Field = "another" },
		func(c *ledger.Check) { c.Code = codeSignature },
	} {
		change(&item.Checks[0])
		v.Verify([]txn.Item{item})
		if asked.Load() != int64(i+1) {
			t.Fatalf("change %d was taken for the same facts", i)
		}
	}
	v.Verify([]txn.Item{item})
	if asked.Load() != 4 {
		t.Fatal("the same facts were verified twice")
	}
}

func TestSpreadCoversEverythingOnceAndRaisesPanics(t *testing.T) {
	for _, workers := range []int{0, 1, 3, 16} {
		for _, n := range []int{0, 1, 2, 7, 100} {
			seen := make([]atomic.Int32, n)
			txn.Spread(workers, n, func(from, to int) {
				for i := from; i < to; i++ {
					seen[i].Add(1)
				}
			})
			for i := range seen {
				if seen[i].Load() != 1 {
					t.Fatalf("%d workers, %d: part %d was done %d times", workers, n, i, seen[i].Load())
				}
			}
		}
	}
	defer func() {
		if r := recover(); r != "at 40" {
			t.Fatalf("raised %v", r)
		}
	}()
	txn.Spread(4, 100, func(from, to int) {
		for i := from; i < to; i++ {
			if i == 40 {
				panic("at 40")
			}
		}
	})
}
