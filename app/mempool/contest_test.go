package mempool_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/urna-vote/urna/app/mempool"
)

// Whoever knows what a transaction will claim can send many that claim the same
// and do not hold. They must not use up its turns.
func TestRubbishThatClaimsTheSameDoesNotKeepOutTheRight(t *testing.T) {
	l := newLedger("a")
	began, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	l.batch = func(int) { once.Do(func() { close(began); <-goOn }) }
	p := open(t, l, roomyLimits)
	insert := func(from, to int) {
		for i := from; i < to; i++ {
			if r := p.Insert(tx("a", 7, fmt.Sprintf("forged %d", i))); r != nil {
				t.Fatal(r)
			}
		}
	}
	insert(0, 6)
	<-began
	size := p.Size()
	insert(6, 12)
	answer := make(chan mempool.Answer, 1)
	go func() { answer <- submit(t, p, "voter", tx("a", 7, "good"))[0] }()
	eventually(t, "the right one is not queued", func() bool { return p.Size() == size+7 })
	close(goOn)
	if a := <-answer; a.Refusal != nil {
		t.Errorf("the right one: %v", a.Refusal)
	}
}

// A single address does not fill the queue so that nobody else comes in.
func TestOneAddressLeavesRoomForAnother(t *testing.T) {
	l := newLedger("a")
	p := open(t, l, roomyLimits)
	p.Hold()
	defer p.Release()
	for c := range 10 {
		var junk [][]byte
		for i := range 1000 {
			junk = append(junk, tx("a", 1000*c+i, "bad "+strings.Repeat("x", 10)))
		}
		go p.Submit(t.Context(), mempool.Source{Group: "stranger", Name: fmt.Sprint(c)}, junk)
	}
	eventually(t, "the queue is not filled", func() bool { return p.Size() > 4000 })
	time.Sleep(50 * time.Millisecond)
	answer := make(chan mempool.Answer, 1)
	go func() { answer <- p.Submit(t.Context(), from("voter"), [][]byte{tx("a", 1<<30, "good")})[0] }()
	select {
	case a := <-answer:
		t.Errorf("the voter: %v, %d wait", a.Refusal, p.Size())
	case <-time.After(100 * time.Millisecond):
	}
}
