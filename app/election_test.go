package app_test

import (
	"testing"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
)

// A whole election over the application: from the commission's decision to the
// final protocol, with real cryptography throughout.
func TestElectionRunsFromDecisionToProtocol(t *testing.T) {
	w := newWorld(t, false)
	defer w.n.close()
	w.create()
	w.makeKey()
	w.stage(12)
	w.registerIssuers()
	w.untilPhase(electionv1.Phase_PHASE_ISSUING)
	var voters []*voter
	var issues [][]byte
	for style := range w.entries {
		for i := range 11 {
			v := w.voter(uint32(style), i)
			voters, issues = append(voters, v), append(issues, w.issue(v))
		}
	}
	w.must(issues...)
	w.untilPhase(electionv1.Phase_PHASE_VOTING)
	forms := w.forms()
	var casts [][]byte
	for i, v := range voters {
		w.collect(v)
		casts = append(casts, w.cast(forms[v.style], v, i%2))
	}
	w.must(casts...)
	// Some change their minds.
	w.block(2_000)
	var again [][]byte
	for _, v := range voters[:4] {
		again = append(again, w.cast(forms[v.style], v, 1))
	}
	w.must(again...)
	for _, cast := range casts[:3] {
		if r := w.n.check(cast); r.Code < 32000 || r.Codespace != "ballot" {
			t.Fatalf("a ballot cast again: %s", r.Log)
		}
	}
	counts := w.count()
	// 22 voters, alternating; of the first four the two who had chosen the
	// first option chose the second in the end.
	total := []uint64{0, 0}
	for _, unit := range counts {
		if len(unit) == 2 {
			total[0] += unit[0]
			total[1] += unit[1]
		}
	}
	if total[0] != 9 || total[1] != 13 {
		t.Fatalf("counted %v, want 9 and 13", total)
	}
	v := w.n.app.View()
	defer v.Close()
	if got := len(v.ElectionLog(w.id, uint32(txv1.Kind_KIND_CAST_BALLOT), 0, 1000)); got != 26 {
		t.Fatalf("%d ballots in the election's log, want 26", got)
	}
	if err := v.Audit(); err != nil {
		t.Fatal(err)
	}
}
