package ceremony_test

import (
	"slices"
	"testing"

	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
)

const (
	register      = ceremonyv1.Window_WINDOW_REGISTER
	test          = ceremonyv1.Window_WINDOW_TEST
	commit        = ceremonyv1.Window_WINDOW_COMMIT
	deal          = ceremonyv1.Window_WINDOW_DEAL
	complain      = ceremonyv1.Window_WINDOW_COMPLAIN
	answer        = ceremonyv1.Window_WINDOW_ANSWER
	complainAgain = ceremonyv1.Window_WINDOW_COMPLAIN_AGAIN
	answerAgain   = ceremonyv1.Window_WINDOW_ANSWER_AGAIN
	confirm       = ceremonyv1.Window_WINDOW_CONFIRM
	drill         = ceremonyv1.Window_WINDOW_DRILL
	done          = ceremonyv1.Window_WINDOW_DONE
	failed        = ceremonyv1.Window_WINDOW_FAILED
)

var rules = ceremony.Rules{Names: []string{"a", "b", "c", "d"}, Threshold: 2, Need: 3}

// at is a ceremony of four in a window, with everybody having acted so far.
func at(window ceremonyv1.Window, change func(p []*ceremonyv1.Participant)) *ceremonyv1.State {
	st := &ceremonyv1.State{Attempt: 1, Window: window}
	for i := range rules.Names {
		st.Participants = append(st.Participants, &ceremonyv1.Participant{
			Key: []byte{byte(i)}, Trustee: uint32(i), Tested: true, DealHash: []byte{1}, Dealt: true, Checked: true, CheckedAgain: true, Confirmed: true, Drilled: true,
		})
	}
	if change != nil {
		change(st.Participants)
	}
	return st
}

// One line for each move.
func TestMovesOfTheMachine(t *testing.T) {
	last := func(f func(p *ceremonyv1.Participant)) func([]*ceremonyv1.Participant) {
		return func(p []*ceremonyv1.Participant) { f(p[3]) }
	}
	two := func(f func(p *ceremonyv1.Participant)) func([]*ceremonyv1.Participant) {
		return func(p []*ceremonyv1.Participant) { f(p[2]); f(p[3]) }
	}
	untested := func(p *ceremonyv1.Participant) { p.Tested = false }
	uncommitted := func(p *ceremonyv1.Participant) { p.DealHash = nil }
	undealt := func(p *ceremonyv1.Participant) { p.Dealt = false }
	unchecked := func(p *ceremonyv1.Participant) { p.Checked = false }
	unconfirmed := func(p *ceremonyv1.Participant) { p.Confirmed = false }
	undrilled := func(p *ceremonyv1.Participant) { p.Drilled = false }
	for name, m := range map[string]struct {
		from, to ceremonyv1.Window
		change   func([]*ceremonyv1.Participant)
		out      string
	}{
		"registration ends":         {register, test, nil, ""},
		"tests end":                 {test, commit, nil, ""},
		"one failed its test":       {test, commit, last(untested), ceremony.OutNoTest},
		"two failed their tests":    {test, failed, two(untested), ceremony.OutNoTest},
		"commitments end":           {commit, deal, nil, ""},
		"one did not commit":        {commit, deal, last(uncommitted), ceremony.OutNoCommitment},
		"two did not commit":        {commit, failed, two(uncommitted), ceremony.OutNoCommitment},
		"deals end":                 {deal, complain, nil, ""},
		"one did not deal":          {deal, complain, last(undealt), ceremony.OutNoDeal},
		"two did not deal":          {deal, failed, two(undealt), ceremony.OutNoDeal},
		"checks end":                {complain, answer, nil, ""},
		"one did not check":         {complain, answer, last(unchecked), ceremony.OutNoCheck},
		"two did not check":         {complain, failed, two(unchecked), ceremony.OutNoCheck},
		"nobody complained":         {answer, complainAgain, nil, ""},
		"nothing was resealed":      {complainAgain, answerAgain, nil, ""},
		"nobody complained again":   {answerAgain, confirm, nil, ""},
		"confirmations end":         {confirm, drill, nil, ""},
		"one did not confirm":       {confirm, drill, last(unconfirmed), ceremony.OutNoConfirm},
		"two did not confirm":       {confirm, failed, two(unconfirmed), ceremony.OutNoConfirm},
		"drill ends":                {drill, done, nil, ""},
		"one missed the drill":      {drill, done, last(undrilled), ""},
		"two missed the drill":      {drill, failed, two(undrilled), ""},
		"done is the end":           {done, done, nil, ""},
		"failed is the end as well": {failed, failed, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			st := at(m.from, m.change)
			ceremony.Close(st, rules)
			if st.Window != m.to || st.Participants[3].Out != m.out {
				t.Fatalf("goes to %s, last participant out for %q; want %s, %q", st.Window, st.Participants[3].Out, m.to, m.out)
			}
			if (st.Window == failed) != (st.Failure != "") && m.from != failed {
				t.Fatalf("failure is %q in %s", st.Failure, st.Window)
			}
		})
	}
}

func TestMovesOfComplaints(t *testing.T) {
	complaint := func(dealer, receiver uint32, resealed, again, published bool) *ceremonyv1.ComplaintState {
		return &ceremonyv1.ComplaintState{Dealer: dealer, Receiver: receiver, Resealed: resealed, Again: again, Published: published}
	}
	unchecked := func(p []*ceremonyv1.Participant) { p[0].CheckedAgain = false }
	for name, m := range map[string]struct {
		from       ceremonyv1.Window
		change     func([]*ceremonyv1.Participant)
		complaints []*ceremonyv1.ComplaintState
		waiting    []uint32
		to         ceremonyv1.Window
		who        int
		out        string
	}{
		"unanswered": {answer, nil, []*ceremonyv1.ComplaintState{complaint(4, 1, false, false, false)},
			[]uint32{4}, complainAgain, 4, ceremony.OutNoAnswer},
		"answered": {answer, nil, []*ceremonyv1.ComplaintState{complaint(4, 1, true, false, false)},
			nil, complainAgain, 4, ""},
		"unanswered of one who is out": {answer, func(p []*ceremonyv1.Participant) { p[0].Out = "x" }, []*ceremonyv1.ComplaintState{complaint(4, 1, false, false, false)},
			nil, complainAgain, 4, ""},
		"not checked again": {complainAgain, unchecked, []*ceremonyv1.ComplaintState{complaint(4, 1, true, false, false)},
			[]uint32{1}, answerAgain, 1, ceremony.OutNoSecondCheck},
		"against the threshold": {complainAgain, nil, []*ceremonyv1.ComplaintState{complaint(2, 1, true, true, false), complaint(4, 1, true, true, false)},
			nil, answerAgain, 1, ceremony.OutComplainer},
		"against one less": {complainAgain, nil, []*ceremonyv1.ComplaintState{complaint(2, 1, true, false, false), complaint(4, 1, true, true, false)},
			nil, answerAgain, 1, ""},
		"not published": {answerAgain, nil, []*ceremonyv1.ComplaintState{complaint(4, 1, true, true, false)},
			[]uint32{4}, confirm, 4, ceremony.OutNoPublication},
		"published": {answerAgain, nil, []*ceremonyv1.ComplaintState{complaint(4, 1, true, true, true)},
			nil, confirm, 4, ""},
	} {
		t.Run(name, func(t *testing.T) {
			st := at(m.from, m.change)
			st.Complaints = m.complaints
			if got := ceremony.Waiting(st, rules); !slices.Equal(got, m.waiting) {
				t.Fatalf("waits for %v, want %v", got, m.waiting)
			}
			ceremony.Close(st, rules)
			if st.Window != m.to || st.Participants[m.who-1].Out != m.out {
				t.Fatalf("goes to %s, trustee %d out for %q; want %s, %q", st.Window, m.who, st.Participants[m.who-1].Out, m.to, m.out)
			}
		})
	}
}

func TestEachKindCountsInItsWindowOnly(t *testing.T) {
	home := map[txv1.Kind]ceremonyv1.Window{
		txv1.Kind_KIND_REGISTER_TRUSTEE: register, txv1.Kind_KIND_TEST_KEYS: test, txv1.Kind_KIND_OPEN_TEST: test,
		txv1.Kind_KIND_COMMIT_DEAL: commit, txv1.Kind_KIND_DEAL: deal, txv1.Kind_KIND_CHECK_DEALS: complain,
		txv1.Kind_KIND_RESEAL: answer, txv1.Kind_KIND_CHECK_RESEALED: complainAgain, txv1.Kind_KIND_PUBLISH_SHARES: answerAgain,
		txv1.Kind_KIND_CONFIRM_KEY: confirm, txv1.Kind_KIND_DRILL: drill,
	}
	for kind, window := range home {
		for w := ceremonyv1.Window_WINDOW_UNSPECIFIED; w <= failed; w++ {
			if got := ceremony.Allows(w, kind); got != (w == window) {
				t.Errorf("%s in %s: %v", kind, w, got)
			}
		}
	}
	for w := ceremonyv1.Window_WINDOW_UNSPECIFIED; w <= failed; w++ {
		if got, want := ceremony.Allows(w, txv1.Kind_KIND_EVIDENCE), w >= test && w <= drill; got != want {
			t.Errorf("evidence in %s: %v", w, got)
		}
	}
	if len(ceremony.Kinds) != len(home) {
		t.Fatalf("%d kinds, want %d", len(ceremony.Kinds), len(home))
	}
}

// The text is hashed with the state: the specification gives it to the byte.
func TestFailureIsTheSpecifiedText(t *testing.T) {
	out := func(why string, who ...int) func([]*ceremonyv1.Participant) {
		return func(p []*ceremonyv1.Participant) {
			for _, i := range who {
				p[i].Out = why
			}
		}
	}
	registered := at(register, nil)
	registered.Participants = registered.Participants[1:3]
	for want, st := range map[string]*ceremonyv1.State{
		"register: 2 registered, 3 needed; missing: a, d":                                   registered,
		"complain again: 2 trustees remain, 3 needed; out: b (no-deal), d (why)":            at(complainAgain, func(p []*ceremonyv1.Participant) { p[1].Out, p[3].Out = "no-deal", "why" }),
		"drill: 1 trustees remain, 3 needed; out: a (evidence), b (evidence), d (evidence)": at(drill, out("evidence", 0, 1, 3)),
		"drill: 2 passed, 3 needed; missing: b":                                             at(drill, func(p []*ceremonyv1.Participant) { p[0].Out, p[1].Drilled = "evidence", false }),
	} {
		if !ceremony.Starved(st, rules) {
			ceremony.Close(st, rules)
		}
		if st.Window != failed || st.Failure != want {
			t.Errorf("%s: %q, want %q", st.Window, st.Failure, want)
		}
	}
}

func TestRestartCountsAttempts(t *testing.T) {
	st := ceremony.Restart(at(failed, nil))
	if st.Attempt != 2 || st.Window != register || len(st.Participants) != 0 {
		t.Fatalf("restarted as %v", st)
	}
}
