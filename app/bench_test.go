package app_test

import (
	"fmt"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// voting opens an election to so many voters, each with a ballot cast that no
// block has yet.
func voting(t testing.TB, n int) (w *world, voters []*voter, casts [][]byte) {
	t.Helper()
	w = newWorld(t, true)
	w.create()
	w.makeKey()
	w.stage(n)
	w.registerIssuers()
	w.untilPhase(electionv1.Phase_PHASE_ISSUING)
	var issues [][]byte
	for i := range n {
		v := w.voter(1, i)
		voters, issues = append(voters, v), append(issues, w.issue(v))
	}
	w.must(issues...)
	w.untilPhase(electionv1.Phase_PHASE_VOTING)
	forms := w.forms()
	for i, v := range voters {
		w.collect(v)
		casts = append(casts, w.cast(forms[v.style], v, i%2))
	}
	return w, voters, casts
}

// Decides a block of 400 first ballots that this node has never seen, as a node
// does that catches up, and the same block once it has checked them all.
func BenchmarkBlockOfBallots(b *testing.B) {
	w, _, casts := voting(b, 400)
	defer w.n.close()
	casts = sorted(b, casts...)
	h, at := w.n.next()
	decide := func(b *testing.B) {
		// Another time is another block: nothing is reused but the memo.
		at = at.Add(1)
		at = at.Add(999_999)
		r, err := w.n.app.ProcessProposal(ctx, &abci.RequestProcessProposal{Txs: casts, Height: h, Time: at})
		if err != nil || !r.IsAccepted() {
			b.Fatalf("refused: %v", err)
		}
	}
	b.Run("checked before", func(b *testing.B) {
		for b.Loop() {
			decide(b)
		}
		b.ReportMetric(float64(len(casts)*b.N)/b.Elapsed().Seconds(), "tx/s")
	})
	b.Run("never seen", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			w.n.restart(w.k.Rules())
			b.StartTimer()
			decide(b)
		}
		b.ReportMetric(float64(len(casts)*b.N)/b.Elapsed().Seconds(), "tx/s")
	})
}

// What a ballot never seen costs among so many, on all cores: how long to
// gather before a batch is begun is chosen by this.
func BenchmarkBatch(b *testing.B) {
	w, _, casts := voting(b, 400)
	defer w.n.close()
	casts = sorted(b, casts...)
	h, at := w.n.next()
	for _, size := range []int{1, 4, 8, 16, 32, 64, 128, 256, 400} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				w.n.restart(w.k.Rules())
				at = at.Add(1_000_000)
				b.StartTimer()
				r, err := w.n.app.ProcessProposal(ctx, &abci.RequestProcessProposal{Txs: casts[:size], Height: h, Time: at})
				if err != nil || !r.IsAccepted() {
					b.Fatalf("refused: %v", err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(size*b.N), "µs/ballot")
		})
	}
}
