package foresee_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/app/foresee"
)

// judge is asked block by block and answers when it is let.
type judge struct {
	asked chan []string
	let   chan bool

	mu     sync.Mutex // guards:
	height int64
	early  bool
}

func newJudge() *judge { return &judge{asked: make(chan []string, 1000), let: make(chan bool, 1000)} }

func (j *judge) Foresee(txs []*foresee.Tx) (int64, bool) {
	var names []string
	for _, t := range txs {
		names = append(names, string(t.Raw))
	}
	j.asked <- names
	<-j.let
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, t := range txs {
		t.Done, t.False = !j.early, string(t.Raw) == "false"
	}
	return j.height, true
}

func (j *judge) next(t *testing.T, want ...string) {
	t.Helper()
	select {
	case got := <-j.asked:
		if !slices.Equal(got, want) {
			t.Fatalf("asked about %q, want %q", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("not asked about %q", want)
	}
}

func (j *judge) idle(t *testing.T) {
	t.Helper()
	select {
	case got := <-j.asked:
		t.Fatalf("asked about %q", got)
	case <-time.After(20 * time.Millisecond):
	}
}

func raw(names ...string) (out [][]byte) {
	for _, n := range names {
		out = append(out, []byte(n))
	}
	return out
}

func TestLowestBlocksComeFirstAndEachOnce(t *testing.T) {
	j := newJudge()
	f := foresee.New(j)
	defer f.Close()
	f.Announce("a", 5, 0, raw("five"))
	j.next(t, "five")
	f.Announce("a", 9, 0, raw("nine"))
	f.Announce("a", 7, 0, raw("seven", "seven too"))
	f.Announce("b", 7, 0, raw("another seven"))
	f.Announce("a", 8, 0, nil)
	j.let <- true
	j.next(t, "seven", "seven too", "nine")
	j.let <- true
	j.idle(t)
	if f.Bytes() != len("fivesevenseven toonine") {
		t.Errorf("%d bytes are kept", f.Bytes())
	}
	f.Take(7)
	f.Announce("a", 6, 0, raw("six"))
	j.idle(t)
	if f.Bytes() != len("nine") {
		t.Errorf("%d bytes are kept after block 7 was applied", f.Bytes())
	}
}

func TestTakeWaitsForTheBlockThatIsVerifiedAndForNoOther(t *testing.T) {
	j := newJudge()
	f := foresee.New(j)
	defer f.Close()
	f.Announce("a", 5, 0, raw("five"))
	j.next(t, "five")
	f.Announce("a", 6, 0, raw("six"))
	f.Take(4)
	taken := make(chan struct{})
	go func() {
		f.Take(5)
		close(taken)
	}()
	select {
	case <-taken:
		t.Fatal("taken while it is verified")
	case <-time.After(20 * time.Millisecond):
	}
	j.let <- true
	<-taken
	j.let <- true
}

func TestWhatWasTooEarlyIsLookedAtAgainAfterSomeBlocks(t *testing.T) {
	j := newJudge()
	j.early = true
	f := foresee.New(j)
	defer f.Close()
	f.Announce("a", 9, 0, raw("nine"))
	j.next(t, "nine")
	j.let <- true
	f.Take(1)
	j.idle(t)
	f.Take(4)
	j.next(t, "nine")
	j.let <- true
}

func TestSourceWhoseBlocksDoNotVerifyIsSoonNotListenedTo(t *testing.T) {
	j := newJudge()
	f := foresee.New(j)
	defer f.Close()
	for h := int64(1); h <= 8; h++ {
		f.Announce("liar", h, 0, raw("false"))
		j.next(t, "false")
		if h == 8 {
			f.Announce("liar", 100, 0, raw("waits"))
		}
		j.let <- true
	}
	f.Announce("liar", 9, 0, raw("false"))
	j.idle(t)
	f.Announce("other", 10, 0, raw("right"))
	j.next(t, "right")
	j.let <- true
}

func TestMemoryIsBoundedAndTheLowestBlocksStay(t *testing.T) {
	j := newJudge()
	f := foresee.New(j)
	defer f.Close()
	big := make([]byte, 1<<20)
	f.Announce("a", 1000, 0, raw("busy"))
	j.next(t, "busy")
	for h := int64(500); h > 300; h-- {
		f.Announce("a", h, 0, [][]byte{big})
		if f.Bytes() > foresee.MaxBytes {
			t.Fatalf("%d bytes are kept", f.Bytes())
		}
	}
	f.Announce("a", 2, 0, [][]byte{make([]byte, foresee.MaxBytes+1)})
	if got := f.Bytes(); got > foresee.MaxBytes || got < foresee.MaxBytes-2<<20 {
		t.Errorf("%d bytes are kept", got)
	}
	j.let <- true
	// The first of what is kept, and no more than may be opened ahead.
	got := <-j.asked
	if len(got) != foresee.Ahead>>20 {
		t.Errorf("%d blocks of 1 MiB are opened ahead", len(got))
	}
	j.let <- true
}

func TestForgottenBlocksTakeNoMemory(t *testing.T) {
	j := newJudge()
	f := foresee.New(j)
	defer f.Close()
	f.Announce("a", 5, 0, raw("five"))
	j.next(t, "five")
	f.Announce("a", 6, 0, raw("six"))
	f.Forget()
	if f.Bytes() != len("five") {
		t.Errorf("%d bytes are kept", f.Bytes())
	}
	j.let <- true
	j.idle(t)
	f.Forget()
	if f.Bytes() != 0 {
		t.Errorf("%d bytes are kept", f.Bytes())
	}
}

func TestManyMayAnnounceTakeAndClose(t *testing.T) {
	j := newJudge()
	close(j.let)
	f := foresee.New(j)
	var all sync.WaitGroup
	for p := range 4 {
		all.Go(func() {
			for h := range int64(100) {
				f.Announce(fmt.Sprint(p), h, 0, raw("x"))
			}
		})
	}
	all.Go(func() {
		for h := range int64(100) {
			f.Take(h)
		}
	})
	all.Wait()
	f.Close()
	f.Announce("a", 1000, 0, raw("late"))
	f.Take(2000)
	if f.Bytes() != 0 {
		t.Errorf("%d bytes are kept after the end", f.Bytes())
	}
}
