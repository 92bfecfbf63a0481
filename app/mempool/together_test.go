package mempool_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/urna-vote/urna/app/mempool"
)

func TestTwoBatchesAreVerifiedAtOnceAndShareNoClaim(t *testing.T) {
	l := newLedger("a")
	var begun atomic.Int64
	both := make(chan struct{})
	l.batch = func(int) {
		if begun.Add(1) == 2 {
			close(both)
		}
		select {
		case <-both: // open from the second batch on
		case <-time.After(5 * time.Second):
			t.Error("no second batch begins beside the first")
		}
	}
	p := open(t, l, roomyLimits)
	var raws [][]byte
	for i := range 1500 {
		raws = append(raws, tx("a", i, "good"))
	}
	const first, twin = 3, 700 // in two batches, of one key
	raws[twin] = tx("a", first, "good twin")
	answers := make(chan []mempool.Answer, 1)
	go func() { answers <- submit(t, p, "x", raws...) }()
	eventually(t, "not all are verified", func() bool { return p.Ready() == 1499 })
	if n := l.verified.Load(); n != 1499 {
		t.Errorf("%d verified, of one key two", n)
	}
	stop := blocks(l, p)
	defer stop()
	list := <-answers
	if (list[first].Refusal == nil) == (list[twin].Refusal == nil) {
		t.Errorf("of one key: %v, %v", list[first].Refusal, list[twin].Refusal)
	}
	for i, a := range list {
		if a.Refusal != nil && i != first && i != twin {
			t.Errorf("%d: %v", i, a.Refusal)
		}
	}
}

func TestClosingWaitsForTheBatchesAtWork(t *testing.T) {
	l := newLedger("a")
	l.each = 100 * time.Microsecond
	p := open(t, l, roomyLimits)
	var raws [][]byte
	for i := range 1500 {
		raws = append(raws, tx("a", i, "good"))
	}
	answers := make(chan []mempool.Answer, 1)
	go func() { answers <- submit(t, p, "x", raws...) }()
	eventually(t, "nothing is looked at", func() bool { return l.looked.Load() > 0 })
	p.Close()
	ready, verified := p.Ready(), l.verified.Load()
	for i, a := range <-answers {
		if a.Refusal == nil {
			ready--
		} else if a.Refusal.Code != mempool.CodeStopping {
			t.Errorf("%d: %v", i, a.Refusal)
		}
	}
	if ready != 0 {
		t.Errorf("%d more wait than were told so", ready)
	}
	if time.Sleep(30 * time.Millisecond); l.verified.Load() != verified {
		t.Error("a batch is at work in a closed pool")
	}
}
