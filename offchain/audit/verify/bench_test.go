package verify_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"

	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/audit/verify"
)

// benchVoters is few, for ballots are slow to make.
const benchVoters = 2000

// benchRecord is a record of an election of ten options and tokens of one
// issuer, in which all vote.
func benchRecord(b *testing.B) *record.Record {
	w := newWorld(b)
	w.plain = true
	w.create()
	w.makeKey()
	w.enrol(benchVoters + 10)
	w.registerIssuers()
	w.untilPhase(electionv1.Phase_PHASE_ISSUING)
	for i := range benchVoters {
		w.voters = append(w.voters, w.voter(i))
	}
	const perBlock = 1000
	for at := 0; at < benchVoters; at += perBlock {
		var issues [][]byte
		for _, v := range w.voters[at : at+perBlock] {
			issues = append(issues, w.issue(v))
		}
		w.must(issues...)
	}
	w.untilPhase(electionv1.Phase_PHASE_VOTING)
	w.openForm()
	for at := 0; at < benchVoters; at += perBlock {
		var casts [][]byte
		for i, v := range w.voters[at : at+perBlock] {
			w.collect(v)
			casts = append(casts, w.cast(v, i%10))
		}
		w.must(casts...)
	}
	w.block(time.Second)
	w.block(time.Second)
	return w.seal(w.specs).fetch(b.TempDir())
}

// BenchmarkAudit verifies a record, with one worker and with one for each core.
func BenchmarkAudit(b *testing.B) {
	rec := benchRecord(b)
	for _, workers := range []int{1, 0} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			for b.Loop() {
				r, err := verify.Run(context.Background(), rec, verify.Options{Workers: workers, Work: b.TempDir()})
				if err != nil || !r.OK() {
					b.Fatal(err, r.Findings)
				}
			}
			b.ReportMetric(benchVoters*float64(b.N)/b.Elapsed().Seconds(), "ballots/s")
		})
	}
}
