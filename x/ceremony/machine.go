package ceremony

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/election"
)

// Why a trustee is out.
const (
	OutNoTest        = "opened-no-test"
	OutNoCommitment  = "no-commitment"
	OutNoDeal        = "no-deal"
	OutNoCheck       = "did-not-check-deals"
	OutNoAnswer      = "no-answer-to-complaint"
	OutNoSecondCheck = "did-not-check-again"
	OutComplainer    = "complained-twice-against-too-many"
	OutNoPublication = "no-right-answer-to-second-complaint"
	OutNoConfirm     = "no-confirmation"
	OutEvidence      = "evidence"
)

// Rules of a ceremony that follow from the definition.
type Rules struct {
	// Names of the definition's trustees, in its order.
	Names     []string
	Threshold int
	// Need is how many trustees must remain, confirm and pass the drill.
	Need         int
	WindowMS     int64
	WindowBlocks int64
}

// RulesOf a valid definition.
func RulesOf(def *electionv1.Definition) Rules {
	r := Rules{Threshold: int(def.Threshold), Need: election.Confirmations(def)}
	r.WindowMS, r.WindowBlocks = election.CeremonyWindow(def)
	for _, t := range def.Trustees {
		r.Names = append(r.Names, t.Name)
	}
	return r
}

// Allows says which messages count in a window.
func Allows(window ceremonyv1.Window, kind txv1.Kind) bool {
	switch window {
	case ceremonyv1.Window_WINDOW_REGISTER:
		return kind == txv1.Kind_KIND_REGISTER_TRUSTEE
	case ceremonyv1.Window_WINDOW_TEST:
		return kind == txv1.Kind_KIND_TEST_KEYS || kind == txv1.Kind_KIND_OPEN_TEST || kind == txv1.Kind_KIND_EVIDENCE
	case ceremonyv1.Window_WINDOW_COMMIT:
		return kind == txv1.Kind_KIND_COMMIT_DEAL || kind == txv1.Kind_KIND_EVIDENCE
	case ceremonyv1.Window_WINDOW_DEAL:
		return kind == txv1.Kind_KIND_DEAL || kind == txv1.Kind_KIND_EVIDENCE
	case ceremonyv1.Window_WINDOW_COMPLAIN:
		return kind == txv1.Kind_KIND_CHECK_DEALS || kind == txv1.Kind_KIND_EVIDENCE
	case ceremonyv1.Window_WINDOW_ANSWER:
		return kind == txv1.Kind_KIND_RESEAL || kind == txv1.Kind_KIND_EVIDENCE
	case ceremonyv1.Window_WINDOW_COMPLAIN_AGAIN:
		return kind == txv1.Kind_KIND_CHECK_RESEALED || kind == txv1.Kind_KIND_EVIDENCE
	case ceremonyv1.Window_WINDOW_ANSWER_AGAIN:
		return kind == txv1.Kind_KIND_PUBLISH_SHARES || kind == txv1.Kind_KIND_EVIDENCE
	case ceremonyv1.Window_WINDOW_CONFIRM:
		return kind == txv1.Kind_KIND_CONFIRM_KEY || kind == txv1.Kind_KIND_EVIDENCE
	case ceremonyv1.Window_WINDOW_DRILL:
		return kind == txv1.Kind_KIND_DRILL || kind == txv1.Kind_KIND_EVIDENCE
	default:
		return false
	}
}

// Open reports whether a window is one in which trustees act.
func Open(window ceremonyv1.Window) bool {
	return window >= ceremonyv1.Window_WINDOW_REGISTER && window <= ceremonyv1.Window_WINDOW_DRILL
}

// Waiting lists the indices of the participants who are left to act in the
// window. Before registration closes there are no indices: then it lists the
// definition's trustees, from 1, who have not registered.
func Waiting(st *ceremonyv1.State, rules Rules) []uint32 {
	if st.Window == ceremonyv1.Window_WINDOW_REGISTER {
		return unregistered(st, rules)
	}
	var out []uint32
	for i, p := range st.Participants {
		if index := uint32(i + 1); p.Out == "" && mustAct(st, index, p) {
			out = append(out, index)
		}
	}
	return out
}

func mustAct(st *ceremonyv1.State, index uint32, p *ceremonyv1.Participant) bool {
	switch st.Window {
	case ceremonyv1.Window_WINDOW_TEST:
		return !p.Tested
	case ceremonyv1.Window_WINDOW_COMMIT:
		return len(p.DealHash) == 0
	case ceremonyv1.Window_WINDOW_DEAL:
		return !p.Dealt
	case ceremonyv1.Window_WINDOW_COMPLAIN:
		return !p.Checked
	case ceremonyv1.Window_WINDOW_ANSWER:
		return len(ToReseal(st, index)) > 0
	case ceremonyv1.Window_WINDOW_COMPLAIN_AGAIN:
		return !p.CheckedAgain && len(Resealed(st, index)) > 0
	case ceremonyv1.Window_WINDOW_ANSWER_AGAIN:
		return len(ToPublish(st, index)) > 0
	case ceremonyv1.Window_WINDOW_CONFIRM:
		return !p.Confirmed
	case ceremonyv1.Window_WINDOW_DRILL:
		return !p.Drilled
	default:
		return false
	}
}

func unregistered(st *ceremonyv1.State, rules Rules) []uint32 {
	var out []uint32
	for i := range rules.Names {
		if !slices.ContainsFunc(st.Participants, func(p *ceremonyv1.Participant) bool { return int(p.Trustee) == i }) {
			out = append(out, uint32(i+1))
		}
	}
	return out
}

// ToReseal lists the receivers whose first complaints a dealer has to answer.
func ToReseal(st *ceremonyv1.State, dealer uint32) []uint32 {
	return complaints(st, func(c *ceremonyv1.ComplaintState) (uint32, bool) {
		return c.Receiver, c.Dealer == dealer && !c.Resealed && in(st, c.Receiver)
	})
}

// Resealed lists the dealers whose answers a receiver has to check.
func Resealed(st *ceremonyv1.State, receiver uint32) []uint32 {
	return complaints(st, func(c *ceremonyv1.ComplaintState) (uint32, bool) {
		return c.Dealer, c.Receiver == receiver && c.Resealed && in(st, c.Dealer)
	})
}

// ToPublish lists the receivers whose second complaints a dealer has to answer.
func ToPublish(st *ceremonyv1.State, dealer uint32) []uint32 {
	return complaints(st, func(c *ceremonyv1.ComplaintState) (uint32, bool) {
		return c.Receiver, c.Dealer == dealer && c.Again && !c.Published && in(st, c.Receiver)
	})
}

func complaints(st *ceremonyv1.State, pick func(*ceremonyv1.ComplaintState) (uint32, bool)) []uint32 {
	var out []uint32
	for _, c := range st.Complaints {
		if who, ok := pick(c); ok {
			out = append(out, who)
		}
	}
	return out
}

func in(st *ceremonyv1.State, index uint32) bool { return st.Participants[index-1].Out == "" }

// Remaining counts the participants who are not out.
func Remaining(st *ceremonyv1.State) int {
	n := 0
	for _, p := range st.Participants {
		if p.Out == "" {
			n++
		}
	}
	return n
}

// Close ends the window: who was left to act is out, and the next window, or
// failure, follows. These are all the moves there are; Restart is the other.
func Close(st *ceremonyv1.State, rules Rules) {
	left := Waiting(st, rules)
	switch st.Window {
	case ceremonyv1.Window_WINDOW_REGISTER:
		closeRegistration(st, rules)
	case ceremonyv1.Window_WINDOW_TEST:
		dropAndMove(st, rules, left, OutNoTest, ceremonyv1.Window_WINDOW_COMMIT)
	case ceremonyv1.Window_WINDOW_COMMIT:
		dropAndMove(st, rules, left, OutNoCommitment, ceremonyv1.Window_WINDOW_DEAL)
	case ceremonyv1.Window_WINDOW_DEAL:
		dropAndMove(st, rules, left, OutNoDeal, ceremonyv1.Window_WINDOW_COMPLAIN)
	case ceremonyv1.Window_WINDOW_COMPLAIN:
		dropAndMove(st, rules, left, OutNoCheck, ceremonyv1.Window_WINDOW_ANSWER)
	case ceremonyv1.Window_WINDOW_ANSWER:
		dropAndMove(st, rules, left, OutNoAnswer, ceremonyv1.Window_WINDOW_COMPLAIN_AGAIN)
	case ceremonyv1.Window_WINDOW_COMPLAIN_AGAIN:
		drop(st, left, OutNoSecondCheck)
		dropAndMove(st, rules, complainers(st, rules.Threshold), OutComplainer, ceremonyv1.Window_WINDOW_ANSWER_AGAIN)
	case ceremonyv1.Window_WINDOW_ANSWER_AGAIN:
		dropAndMove(st, rules, left, OutNoPublication, ceremonyv1.Window_WINDOW_CONFIRM)
	case ceremonyv1.Window_WINDOW_CONFIRM:
		dropAndMove(st, rules, left, OutNoConfirm, ceremonyv1.Window_WINDOW_DRILL)
	case ceremonyv1.Window_WINDOW_DRILL:
		closeDrill(st, rules)
	}
}

// Restart begins another attempt; the old one is void.
func Restart(st *ceremonyv1.State) *ceremonyv1.State {
	return &ceremonyv1.State{Attempt: st.Attempt + 1, Window: ceremonyv1.Window_WINDOW_REGISTER}
}

// Starved fails a ceremony in which too few trustees remain, as evidence may bring about.
func Starved(st *ceremonyv1.State, rules Rules) bool {
	if !Open(st.Window) || st.Window == ceremonyv1.Window_WINDOW_REGISTER || Remaining(st) >= rules.Need {
		return false
	}
	fail(st, rules)
	return true
}

func closeRegistration(st *ceremonyv1.State, rules Rules) {
	if len(st.Participants) < rules.Need {
		var missing []string
		for _, i := range unregistered(st, rules) {
			missing = append(missing, rules.Names[i-1])
		}
		st.Failure = fmt.Sprintf("register: %d registered, %d needed; missing: %s", len(st.Participants), rules.Need, strings.Join(missing, ", "))
		st.Window = ceremonyv1.Window_WINDOW_FAILED
		return
	}
	slices.SortFunc(st.Participants, func(a, b *ceremonyv1.Participant) int { return bytes.Compare(a.Key, b.Key) })
	st.Window = ceremonyv1.Window_WINDOW_TEST
	if len(st.Participants) == 1 {
		st.Window = ceremonyv1.Window_WINDOW_COMMIT
	}
}

func closeDrill(st *ceremonyv1.State, rules Rules) {
	passed := 0
	var missing []string
	for _, p := range st.Participants {
		switch {
		case p.Drilled && p.Out == "":
			passed++
		case p.Out == "":
			missing = append(missing, rules.Names[p.Trustee])
		}
	}
	if passed < rules.Need {
		st.Failure = fmt.Sprintf("drill: %d passed, %d needed; missing: %s", passed, rules.Need, strings.Join(missing, ", "))
		st.Window = ceremonyv1.Window_WINDOW_FAILED
		return
	}
	st.Window = ceremonyv1.Window_WINDOW_DONE
}

// complainers lists those with second complaints against t or more dealers.
// Fewer than t dealers are corrupt, so an honest trustee never has that many;
// to answer them would publish its share dealer by dealer.
func complainers(st *ceremonyv1.State, threshold int) []uint32 {
	count := make([]int, len(st.Participants)+1)
	for _, c := range st.Complaints {
		if c.Again && in(st, c.Dealer) {
			count[c.Receiver]++
		}
	}
	var out []uint32
	for i, n := range count {
		if n >= threshold && n > 0 && in(st, uint32(i)) {
			out = append(out, uint32(i))
		}
	}
	return out
}

func drop(st *ceremonyv1.State, who []uint32, why string) {
	for _, i := range who {
		st.Participants[i-1].Out = why
	}
}

func dropAndMove(st *ceremonyv1.State, rules Rules, who []uint32, why string, next ceremonyv1.Window) {
	drop(st, who, why)
	if Remaining(st) < rules.Need {
		fail(st, rules)
		return
	}
	st.Window = next
}

func fail(st *ceremonyv1.State, rules Rules) {
	var out []string
	for _, p := range st.Participants {
		if p.Out != "" {
			out = append(out, fmt.Sprintf("%s (%s)", rules.Names[p.Trustee], p.Out))
		}
	}
	window := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(st.Window.String(), "WINDOW_")), "_", " ")
	st.Failure = fmt.Sprintf("%s: %d trustees remain, %d needed; out: %s", window, Remaining(st), rules.Need, strings.Join(out, ", "))
	st.Window = ceremonyv1.Window_WINDOW_FAILED
}
