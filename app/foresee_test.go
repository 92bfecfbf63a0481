package app_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// settle gives foresight a moment to verify what was announced.
func settle() { time.Sleep(20 * time.Millisecond) }

func TestForesightChangesNoDecision(t *testing.T) {
	blocks := [][][]byte{
		sorted(t, note(t, 1), proof(t, id(1, 2)), note(t, 3)),
		sorted(t, note(t, 4), proof(t, id(1, 5))),
		sorted(t, signed(t, kindOffice, id(1, 6)), signed(t, kindQuota, id(1, 7))),
		sorted(t, note(t, 8)),
		sorted(t, signed(t, kindAppointment, id(1, 9)), note(t, 10)),
	}
	lies := [][]byte{
		nil, []byte("garbage"), flip(note(t, 4), -1), proof(t, id(0xff, 5)), proof(t, id(0xfe, 5)),
		signed(t, kindNote, id(0xee, 5)), append(note(t, 8), 0), note(t, 1), make([]byte, 2<<20),
	}
	plain := startNode(t, vfs.NewMem(), trialRules(false))
	defer plain.close()
	var want [][]byte
	for _, txs := range blocks {
		want = append(want, plain.block(txs...).AppHash)
	}
	for name, announce := range map[string]func(n *node){
		"the blocks": func(n *node) {
			for i, txs := range blocks {
				n.app.Foresee("peer", int64(i+1), startMS+int64(i+1)*1000, txs)
			}
		},
		"other blocks": func(n *node) {
			for i := range blocks {
				n.app.Foresee("peer", int64(i+1), startMS, blocks[(i+1)%len(blocks)])
			}
		},
		"lies": func(n *node) {
			for i := range blocks {
				n.app.Foresee("peer", int64(i+1), startMS-int64(i)*1000, append(slices.Clone(lies), blocks[i]...))
			}
		},
		"lies in another's name": func(n *node) {
			for i, txs := range blocks {
				n.app.Foresee("liar", int64(i+1), 1<<50, lies)
				n.app.Foresee("peer", int64(i+1), startMS, txs)
			}
		},
		"heights that are none": func(n *node) {
			for _, h := range []int64{-1, 0, 1 << 62} {
				n.app.Foresee("peer", h, startMS, blocks[0])
			}
		},
	} {
		n := startNode(t, vfs.NewMem(), trialRules(false))
		announce(n)
		settle()
		for i, txs := range blocks {
			if got := n.block(txs...).AppHash; !bytes.Equal(got, want[i]) {
				t.Errorf("%s: application hash of height %d is another", name, i+1)
			}
			if i == 1 {
				announce(n)
			}
		}
		n.close()
	}
}

func TestForeseenBlockThatBreaksARuleIsRefused(t *testing.T) {
	for name, txs := range map[string][][]byte{
		"bad signature": {flip(note(t, 1), -1)},
		"false fact":    {proof(t, id(0xff, 3))},
		"too early":     {signed(t, kindAppointment, id(1, 4))},
		"two of a kind": sorted(t, note(t, 1), proof(t, id(1, 1))),
	} {
		n := startNode(t, vfs.NewMem(), trialRules(false))
		n.app.Foresee("peer", 1, startMS+60_000, txs)
		settle()
		if n.process(txs...) {
			t.Errorf("%s: accepted", name)
		}
		if _, err := n.finalize(txs...); err == nil {
			t.Errorf("%s: applied", name)
		}
		n.close()
	}
}

// What a block of 400 first ballots costs the engine's own routine when they
// were foreseen. See BenchmarkBlockOfBallots for one that was not.
func BenchmarkForeseenBallots(b *testing.B) {
	w, _, casts := voting(b, 400)
	defer w.n.close()
	casts = sorted(b, casts...)
	for b.Loop() {
		b.StopTimer()
		w.n.restart(w.k.Rules())
		h, at := w.n.next()
		w.n.app.Foresee("peer", h, at.UnixMilli(), casts)
		time.Sleep(200 * time.Millisecond)
		b.StartTimer()
		if _, err := w.n.finalize(casts...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(casts)*b.N)/b.Elapsed().Seconds(), "tx/s")
}
