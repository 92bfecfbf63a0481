package mempool_test

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/app/mempool"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

func TestRightOneWaitsUntilABlockHasItAndWrongOneDoesNot(t *testing.T) {
	l := newLedger("a")
	p := open(t, l, roomyLimits)
	good, bad := tx("a", 1, "good"), tx("a", 2, "bad")
	answers := submit(t, p, "x", good, bad, tx("b", 3, "good"))
	if answers[0].Refusal != nil || answers[1].Refusal.Code != codeProof || answers[2].Refusal.Code != codeClosed {
		t.Fatalf("%+v", answers)
	}
	if !waits(p, good) || waits(p, bad) || p.Size() != 1 {
		t.Fatal("the wrong ones wait")
	}
	right(t, p, "y", good) // again, by another
	if n := l.verified.Load(); n != 2 {
		t.Fatalf("%d verifications", n)
	}
	l.block(p, true, [][]byte{good}, nil)
	if waits(p, good) || p.Size() != 0 {
		t.Fatal("it is in a block and waits")
	}
}

func TestOneSourceDoesNotTakeTheTurnOfOthers(t *testing.T) {
	l := newLedger("a")
	l.each = 50 * time.Microsecond
	p := open(t, l, roomyLimits)
	var wg sync.WaitGroup
	for c := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var flood [][]byte
			for i := range 1800 {
				flood = append(flood, tx("a", 10_000*(c+1)+i, "good"))
			}
			_ = submit(t, p, "flooder", flood...) // some of it is refused
		}()
	}
	eventually(t, "nothing is queued", func() bool { return p.Size() > 1500 })
	before := l.verified.Load()
	for i := range 3 {
		right(t, p, "voter", tx("a", i, "good"))
	}
	// At most four batches for each: two at work, its own, and one beside it or
	// ended before the next was handed in.
	if n := l.verified.Load() - before; n > 3*4*512 {
		t.Errorf("three ballots waited for %d others", n)
	}
	wg.Wait()
}

func TestFullPoolSaysWhenToComeAgainAndKeepsRoomForPeers(t *testing.T) {
	l := newLedger("a")
	p := open(t, l, mempool.Limits{Size: 40, Bytes: 1 << 20})
	var refused []mempool.Answer
	for k := range 3 {
		var raws [][]byte
		for i := range 20 {
			raws = append(raws, tx("a", 20*k+i, "good"))
		}
		for _, a := range submit(t, p, "x", raws...) {
			if a.Refusal != nil {
				refused = append(refused, a)
			}
		}
	}
	if len(refused) != 60-38 {
		t.Fatalf("%d were refused", len(refused))
	}
	for _, a := range refused {
		if a.Refusal.Code != mempool.CodeBusy || !a.Refusal.Code.Retry() || a.RetryAfter <= 0 {
			t.Fatalf("%+v", a)
		}
	}
	for i := range 2 {
		if r := p.Insert(tx("a", 100+i, "good")); r != nil {
			t.Fatalf("a peer's transaction %d: %v", i, r)
		}
	}
	if r := p.Insert(tx("a", 200, "good")); r == nil || !r.Code.Retry() || r.Code.Number < ledger.RetryFrom {
		t.Fatalf("a full pool takes a peer's transaction: %v", r)
	}
	large := open(t, newLedger("a"), mempool.Limits{Size: 1000, Bytes: 10_000})
	n := 0
	var raws [][]byte
	for i := range 50 {
		raws = append(raws, tx("a", i, "good "+strings.Repeat("x", 1000)))
	}
	for _, a := range submit(t, large, "x", raws...) {
		if a.Refusal == nil {
			n++
		}
	}
	if n < 5 || n > 10 {
		t.Fatalf("%d transactions of 1,000 bytes in 10,000", n)
	}
}

// T15: who sends rubbish waits behind those who do not.
func TestFloodOfBadProofsDoesNotKeepOutTheGood(t *testing.T) {
	l := newLedger("a")
	l.each = 100 * time.Microsecond
	p := open(t, l, roomyLimits)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for c := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; ctx.Err() == nil; i++ {
				var flood [][]byte
				for k := range 200 {
					flood = append(flood, tx("a", 1_000_000*(c+1)+1000*i+k, "bad"))
				}
				_ = p.Submit(ctx, mempool.Source{Group: "same", Name: string(rune('a' + c))}, flood)
			}
		}()
	}
	time.Sleep(100 * time.Millisecond)
	before := l.verified.Load()
	for i := range 40 {
		a := p.Submit(ctx, mempool.Source{Group: "same", Name: "voter"}, [][]byte{tx("a", i, "good")})
		if a[0].Refusal != nil {
			t.Fatalf("ballot %d: %v", i, a[0].Refusal)
		}
	}
	// Of the doubted at most an eighth of a batch: of what was at work, its own,
	// and one that ended in between.
	if n := l.verified.Load() - before; n > 40*(3*512/8+1) {
		t.Errorf("40 ballots waited for %d others", n)
	}
	stop()
	wg.Wait()
}

func TestOfOneClaimOneIsVerifiedAtATime(t *testing.T) {
	l := newLedger("a")
	p := open(t, l, roomyLimits)
	answers := submit(t, p, "x", tx("a", 7, "bad one"), tx("a", 7, "good two"))
	if answers[0].Refusal.Code != codeProof || answers[1].Refusal != nil {
		t.Fatalf("%+v", answers)
	}
	third := make(chan mempool.Answer, 1)
	looked := l.looked.Load()
	go func() { third <- submit(t, p, "x", tx("a", 7, "good three"))[0] }()
	eventually(t, "the third is not looked at", func() bool { return l.looked.Load() > looked })
	if n := l.verified.Load(); n != 2 {
		t.Fatalf("%d verified", n)
	}
	stop := blocks(l, p)
	defer stop()
	if r := (<-third).Refusal; r == nil || !r.Code.Retry() || r.Code.Name != "another-waits" {
		t.Fatalf("the second of one key: %v", r)
	}
}

// A client that knows of a block before the pool does is answered by the state,
// not by what the block took.
func TestWhatClaimsTheSameWaitsForOneBlock(t *testing.T) {
	l := newLedger("a")
	p := open(t, l, roomyLimits)
	first, next := tx("a", 7, "good one"), tx("a", 7, "good two")
	submit(t, p, "x", first)
	answer := make(chan mempool.Answer, 1)
	go func() { answer <- submit(t, p, "x", next)[0] }()
	eventually(t, "the second is not looked at", func() bool { return l.looked.Load() >= 2 })
	l.block(p, true, [][]byte{first}, nil)
	if r := (<-answer).Refusal; r == nil || r.Code != codeSpent {
		t.Fatalf("answer is %v, the state says that the key is spent", r)
	}
}

// blocks commits empty blocks until it is stopped.
func blocks(l *ledgerOf, p *mempool.Pool) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			case <-time.After(5 * time.Millisecond):
				l.block(p, true, nil, nil)
			}
		}
	}()
	return func() { close(quit); <-done }
}

func TestWhatAPeerSendsTooEarlyIsJudgedAgain(t *testing.T) {
	l := newLedger()
	p := open(t, l, roomyLimits)
	early, never := tx("a", 1, "good"), tx("b", 2, "good")
	for _, raw := range [][]byte{early, never} {
		if r := p.Insert(raw); r != nil {
			t.Fatal(r)
		}
	}
	eventually(t, "it is not judged", func() bool { return l.looked.Load() >= 2 })
	if len(candidates(p)) != 0 {
		t.Fatal("it is proposed before its time")
	}
	l.block(p, true, nil, map[string][]byte{"open/a": {1}, "left/a": {0, 0, 0, 0, 0, 0, 0, 9}})
	eventually(t, "it is not judged again", func() bool { return slices.Equal(candidates(p), []string{string(early)}) })
	eventually(t, "what stays wrong waits for ever", func() bool {
		l.block(p, true, nil, nil)
		return !waits(p, never)
	})
}

func TestDroppedTransactionSaysWhy(t *testing.T) {
	l := newLedger("a")
	p := open(t, l, roomyLimits)
	late, other := tx("a", 1, "good"), tx("a", 2, "good")
	right(t, p, "x", late, other)
	l.block(p, true, [][]byte{other}, map[string][]byte{"open/a": nil})
	eventually(t, "it waits still", func() bool { return !waits(p, late) })
	if _, why := p.Status(envelope.Hash(late)); why == nil || why.Code != codeClosed {
		t.Errorf("dropped for %v", why)
	}
	if _, why := p.Status(envelope.Hash(other)); why != nil {
		t.Errorf("a committed transaction was dropped: %v", why)
	}
}

func TestFaultRefusesItsTransactionOnly(t *testing.T) {
	l := newLedger("a")
	p := open(t, l, roomyLimits)
	answers := submit(t, p, "x", tx("a", 1, "good"), tx("a", 2, "fault"), tx("a", 3, "good"))
	if answers[0].Refusal != nil || answers[1].Refusal == nil || answers[2].Refusal != nil {
		t.Fatalf("%+v", answers)
	}
	if waits(p, tx("a", 2, "fault")) {
		t.Error("it waits")
	}
}

func TestCloseAnswersThoseWhoWaitAndLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	l := newLedger("a")
	l.each = 300 * time.Microsecond
	p := mempool.New(mempool.Config{Judge: l, Limits: roomyLimits})
	done := make(chan []mempool.Answer)
	go func() {
		var many [][]byte
		for i := range 3000 {
			many = append(many, tx("a", i, "good"))
		}
		done <- p.Submit(context.Background(), from("x"), many)
	}()
	eventually(t, "nothing is queued", func() bool { return p.Size() > 0 })
	p.Close()
	p.Close()
	stopped := 0
	for _, a := range <-done {
		if a.Refusal != nil && a.Refusal.Code == mempool.CodeStopping {
			stopped++
		}
	}
	if stopped == 0 {
		t.Error("nobody was told")
	}
	if r := p.Insert(tx("a", 9000, "good")); r == nil || r.Code != mempool.CodeStopping {
		t.Errorf("a closed pool: %v", r)
	}
	eventually(t, "a goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
}

func TestWaitingForAVerdictEndsWithItsContext(t *testing.T) {
	l := newLedger("a")
	l.each = 300 * time.Millisecond
	p := open(t, l, roomyLimits)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	a := p.Submit(ctx, from("x"), [][]byte{tx("a", 1, "good")})[0]
	if a.Refusal == nil || a.Refusal.Code != mempool.CodeBusy || a.RetryAfter <= 0 {
		t.Fatalf("%+v", a)
	}
	right(t, p, "x", tx("a", 1, "good"))
	if n := l.verified.Load(); n != 1 {
		t.Errorf("it was verified %d times", n)
	}
}

func TestBusyPoolVerifiesInLargeBatches(t *testing.T) {
	l := newLedger("a")
	l.each = 20 * time.Microsecond
	var mu sync.Mutex
	var sizes []int
	l.batch = func(n int) {
		mu.Lock()
		defer mu.Unlock()
		sizes = append(sizes, n)
	}
	p := open(t, l, roomyLimits)
	began := time.Now()
	right(t, p, "alone", tx("a", 0, "good"))
	if took := time.Since(began); took > 8*time.Millisecond {
		t.Logf("one alone took %s", took)
	}
	var wg sync.WaitGroup
	for c := range 64 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 20 {
				right(t, p, string(rune('A'+c)), tx("a", 1+100*c+i, "good"))
			}
		}()
	}
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	if sizes[0] != 1 || slices.Max(sizes) > 512 {
		t.Errorf("sizes %v", sizes)
	}
	if mean := 1281 / len(sizes); mean < 16 {
		t.Errorf("batches of %d on average for 64 who ask at once", mean)
	}
}

func TestNoBatchBeginsWhileABlockIsDecided(t *testing.T) {
	l := newLedger("a")
	p := open(t, l, roomyLimits)
	p.Hold()
	p.Hold()
	done := make(chan []mempool.Answer)
	go func() { done <- p.Submit(context.Background(), from("x"), [][]byte{tx("a", 1, "good")}) }()
	eventually(t, "it is not queued", func() bool { return p.Size() == 1 })
	p.Release()
	time.Sleep(20 * time.Millisecond)
	if n := l.looked.Load(); n != 0 {
		t.Fatalf("%d judged while held", n)
	}
	p.Release()
	if a := <-done; a[0].Refusal != nil {
		t.Fatal(a[0].Refusal)
	}
}
