package mempool_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/app/mempool"
)

// After a block nothing stays that is wrong by the state, and nothing leaves
// that is right, whatever the blocks change; and what a block does not concern
// is not judged again.
func TestNothingWrongStaysAndNothingRightLeaves(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	elections := []string{"a", "b", "c"}
	l := newLedger(elections...)
	p := open(t, l, roomyLimits)
	key, probe := 0, 1_000_000
	for round := range 50 {
		var more [][]byte
		for range random.IntN(30) {
			key++
			more = append(more, tx(elections[random.IntN(3)], key-random.IntN(3), fmt.Sprintf("good %d", round)))
		}
		// Some are spent or of a closed election, and what claims the same as another
		// has no answer before the next block.
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		_ = p.Submit(ctx, from("x"), more)
		cancel()
		waiting := candidates(p)
		var block [][]byte
		keys := map[string]bool{}
		for _, raw := range waiting {
			var election, k string
			if _, err := fmt.Sscan(raw, &election, &k); err != nil {
				t.Fatal(err)
			}
			if random.IntN(4) == 0 && !keys[k] {
				keys[k] = true
				block = append(block, []byte(raw))
			}
		}
		// Others' blocks spend keys of what waits here.
		also := map[string][]byte{}
		for range random.IntN(4) {
			also[fmt.Sprintf("spent/%d", key-random.IntN(40))] = []byte{1}
		}
		switch e := elections[random.IntN(3)]; random.IntN(6) {
		case 0:
			also["open/"+e] = nil
		case 1:
			also["open/"+e] = []byte{1}
		case 2:
			also["left/"+e] = make([]byte, 8)
			block = slices.DeleteFunc(block, func(raw []byte) bool { return raw[0] == e[0] })
		case 3:
			also["left/"+e] = []byte{0, 0, 1, 0, 0, 0, 0, 0}
			block = slices.DeleteFunc(block, func(raw []byte) bool { return raw[0] == e[0] })
		}
		l.block(p, true, block, also)
		probe++
		_ = submit(t, p, "probe", tx("a", probe, "good")) // the collector compares blocks before it judges
		after := candidates(p)
		for _, raw := range after {
			if _, err := l.judge(l, []byte(raw)); err != nil {
				t.Fatalf("round %d: %q waits: %v", round, raw, err)
			}
		}
		for _, raw := range waiting {
			_, err := l.judge(l, []byte(raw))
			if err == nil && !slices.Contains(after, raw) {
				t.Fatalf("round %d: %q is right and left", round, raw)
			}
		}
	}
}

func TestBlockThatConcernsNothingCostsNoJudgement(t *testing.T) {
	l := newLedger("a", "b")
	p := open(t, l, roomyLimits)
	var raws [][]byte
	for i := range 500 {
		raws = append(raws, tx("a", i, "good"))
	}
	right(t, p, "x", raws...)
	right(t, p, "x", tx("b", 1000, "good"))
	before := l.looked.Load()
	// A block of another election, and one of this that uses the quota.
	l.block(p, true, nil, map[string][]byte{"open/b": {2}})
	l.block(p, true, raws[:10], nil)
	right(t, p, "x", tx("a", 2000, "good"))
	if n := l.looked.Load() - before; n > 5 {
		t.Errorf("%d judgements for blocks that concern one", n)
	}
	// Everything is judged again from time to time: some rules depend on time.
	before = l.looked.Load()
	for range 20 {
		l.block(p, true, nil, nil)
	}
	right(t, p, "x", tx("a", 2001, "good"))
	if n := l.looked.Load() - before; n < 490 || n > 1500 {
		t.Errorf("%d judgements in 20 blocks", n)
	}
}

func TestOwnIsOfferedAtOnceAndWhatAPeerSentWhenBlocksPassItOver(t *testing.T) {
	l := newLedger("a")
	p := open(t, l, roomyLimits)
	own, peers := tx("a", 1, "good"), tx("a", 2, "good")
	if r := p.Insert(peers); r != nil {
		t.Fatal(r)
	}
	right(t, p, "x", own)
	eventually(t, "both wait", func() bool { return len(candidates(p)) == 2 })
	reaped := func() (out []string) {
		for _, raw := range p.Reap(0) {
			out = append(out, string(raw))
		}
		slices.Sort(out)
		return out
	}
	if got := reaped(); !slices.Equal(got, []string{string(own)}) {
		t.Fatalf("offered at once: %q", got)
	}
	if got := reaped(); len(got) != 0 {
		t.Fatalf("offered again at once: %q", got)
	}
	for range 50 { // there is no room in them: everybody is waiting
		l.block(p, false, nil, nil)
	}
	if got := reaped(); len(got) != 0 {
		t.Fatalf("offered again under load: %q", got)
	}
	times := map[string]int{}
	for range 40 {
		l.block(p, true, nil, nil)
		for _, raw := range reaped() {
			times[raw]++
		}
	}
	for _, raw := range [][]byte{own, peers} {
		if n := times[string(raw)]; n < 2 || n > 5 {
			t.Errorf("%q was offered %d times in 40 blocks that had room", raw, n)
		}
	}
}

func TestProposalKeepsWithinItsBounds(t *testing.T) {
	l := newLedger("a")
	p := open(t, l, roomyLimits)
	var raws [][]byte
	for i := range 50 {
		raws = append(raws, tx("a", 100+i, "good"))
	}
	right(t, p, "x", raws...)
	size := int64(len(raws[0])) + 6
	if got := p.Candidates(10*size+5, 6, 1000, 1<<40); len(got) != 10 || string(got[0].Tx.Raw) != string(raws[0]) {
		t.Errorf("%d in the room of 10", len(got))
	}
	if got := p.Candidates(1<<30, 6, 7, 1<<40); len(got) != 7 {
		t.Errorf("%d of 7", len(got))
	}
	if got := p.Candidates(1<<30, 6, 1000, 12*1000); len(got) != 12 {
		t.Errorf("%d in the work of 12", len(got))
	}
}

// For the race detector: everything at once.
func TestEverythingAtOnce(t *testing.T) {
	l := newLedger("a")
	p := open(t, l, mempool.Limits{Size: 500, Bytes: 1 << 20})
	var wg sync.WaitGroup
	run := func(n int, work func(i int)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range n {
				work(i)
			}
		}()
	}
	for c := range 4 {
		run(40, func(i int) { _ = submit(t, p, "x", tx("a", 1000*c+i, "good"), tx("a", 1000*c+i, "bad")) })
	}
	run(600, func(i int) { _ = p.Insert(tx("a", 1000*(i%8)+i/4, "good")) })
	run(60, func(int) {
		var block [][]byte
		for i, raw := range candidates(p) {
			if i < 10 {
				block = append(block, []byte(raw))
			}
		}
		l.block(p, true, block, nil)
	})
	run(200, func(i int) {
		_ = p.Reap(1000)
		_, _ = p.Status([32]byte{byte(i)})
		_ = p.Opened([32]byte{byte(i)})
		_ = p.Size()
	})
	wg.Wait()
	l.block(p, true, nil, nil)
}
