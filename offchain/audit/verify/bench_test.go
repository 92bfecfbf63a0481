package verify_test

import (
	"context"
	"testing"
	"time"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"

	"github.com/urna-vote/urna/offchain/audit/verify"
)

// BenchmarkAudit verifies a record with a thousand ballots, each with a token
// of two members.
func BenchmarkAudit(b *testing.B) {
	const voters = 1000
	w := newWorld(b)
	w.create()
	w.makeKey()
	w.enrol(voters + 10)
	w.registerIssuers()
	w.untilPhase(electionv1.Phase_PHASE_ISSUING)
	var issues, casts [][]byte
	for i := range voters {
		v := w.voter(i)
		w.voters = append(w.voters, v)
		issues = append(issues, w.issue(v))
	}
	w.must(issues...)
	w.untilPhase(electionv1.Phase_PHASE_VOTING)
	w.openForm()
	for i, v := range w.voters {
		w.collect(v)
		casts = append(casts, w.cast(v, i%2))
	}
	w.must(casts...)
	w.block(time.Second)
	w.block(time.Second)
	rec := w.seal(w.specs).fetch(b.TempDir())
	for b.Loop() {
		r, err := verify.Run(context.Background(), rec, verify.Options{})
		if err != nil || !r.OK() {
			b.Fatal(err, r.Findings)
		}
	}
	b.ReportMetric(float64(voters)*float64(b.N)/b.Elapsed().Seconds(), "ballots/s")
}
