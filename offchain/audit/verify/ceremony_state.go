package verify

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/election"
)

// windowRule is one line of the specification's table of windows: what is
// accepted, why somebody who had to act is out, and what to call the window.
type windowRule struct {
	kinds []txv1.Kind
	out   string
	name  string
}

var windows = map[ceremonyv1.Window]windowRule{
	ceremonyv1.Window_WINDOW_REGISTER:       {[]txv1.Kind{txv1.Kind_KIND_REGISTER_TRUSTEE}, "", "register"},
	ceremonyv1.Window_WINDOW_TEST:           {[]txv1.Kind{txv1.Kind_KIND_TEST_KEYS, txv1.Kind_KIND_OPEN_TEST}, ceremony.OutNoTest, "test"},
	ceremonyv1.Window_WINDOW_COMMIT:         {[]txv1.Kind{txv1.Kind_KIND_COMMIT_DEAL}, ceremony.OutNoCommitment, "commit"},
	ceremonyv1.Window_WINDOW_DEAL:           {[]txv1.Kind{txv1.Kind_KIND_DEAL}, ceremony.OutNoDeal, "deal"},
	ceremonyv1.Window_WINDOW_COMPLAIN:       {[]txv1.Kind{txv1.Kind_KIND_CHECK_DEALS}, ceremony.OutNoCheck, "complain"},
	ceremonyv1.Window_WINDOW_ANSWER:         {[]txv1.Kind{txv1.Kind_KIND_RESEAL}, ceremony.OutNoAnswer, "answer"},
	ceremonyv1.Window_WINDOW_COMPLAIN_AGAIN: {[]txv1.Kind{txv1.Kind_KIND_CHECK_RESEALED}, ceremony.OutNoSecondCheck, "complain again"},
	ceremonyv1.Window_WINDOW_ANSWER_AGAIN:   {[]txv1.Kind{txv1.Kind_KIND_PUBLISH_SHARES}, ceremony.OutNoPublication, "answer again"},
	ceremonyv1.Window_WINDOW_CONFIRM:        {[]txv1.Kind{txv1.Kind_KIND_CONFIRM_KEY}, ceremony.OutNoConfirm, "confirm"},
	ceremonyv1.Window_WINDOW_DRILL:          {[]txv1.Kind{txv1.Kind_KIND_DRILL}, "", "drill"},
}

// open reports whether trustees act in the window at hand.
func (c *keyMaking) open() bool {
	_, ok := windows[c.st.Window]
	return ok && !c.st.Suspended
}

// accepts reports whether a kind of message counts in the window at hand.
func (c *keyMaking) accepts(kind uint32) bool {
	w, ok := windows[c.st.Window]
	evidence := kind == uint32(txv1.Kind_KIND_EVIDENCE) && c.st.Window != ceremonyv1.Window_WINDOW_REGISTER
	return ok && (evidence || slices.Contains(w.kinds, txv1.Kind(kind)))
}

// need is how many trustees must remain, confirm and pass the drill.
func (c *keyMaking) need() int { return election.Confirmations(c.zone.election.def) }

// mustAct lists the participants for whom the window waits.
func (c *keyMaking) mustAct() []*ceremonyv1.Participant {
	var out []*ceremonyv1.Participant
	for i, p := range c.st.Participants {
		if p.Out == "" && c.waitsFor(uint32(i+1), p) {
			out = append(out, p)
		}
	}
	return out
}

func (c *keyMaking) waitsFor(index uint32, p *ceremonyv1.Participant) bool {
	switch c.st.Window {
	case ceremonyv1.Window_WINDOW_TEST:
		return !p.Tested
	case ceremonyv1.Window_WINDOW_COMMIT:
		return len(p.DealHash) == 0
	case ceremonyv1.Window_WINDOW_DEAL:
		return !p.Dealt
	case ceremonyv1.Window_WINDOW_COMPLAIN:
		return !p.Checked
	case ceremonyv1.Window_WINDOW_ANSWER:
		return len(c.toReseal(index)) > 0
	case ceremonyv1.Window_WINDOW_COMPLAIN_AGAIN:
		return !p.CheckedAgain && len(c.resealedTo(index)) > 0
	case ceremonyv1.Window_WINDOW_ANSWER_AGAIN:
		return len(c.toPublish(index)) > 0
	case ceremonyv1.Window_WINDOW_CONFIRM:
		return !p.Confirmed
	case ceremonyv1.Window_WINDOW_DRILL:
		return !p.Drilled
	}
	return false
}

// toReseal lists the receivers in whose first complaints a dealer owes an answer.
func (c *keyMaking) toReseal(dealer uint32) (receivers []uint32) {
	for _, x := range c.st.Complaints {
		if x.Dealer == dealer && !x.Resealed && c.isIn(x.Receiver) {
			receivers = append(receivers, x.Receiver)
		}
	}
	return receivers
}

// resealedTo lists the dealers who are in and resealed to a receiver.
func (c *keyMaking) resealedTo(receiver uint32) (dealers []uint32) {
	for _, x := range c.st.Complaints {
		if x.Receiver == receiver && x.Resealed && c.isIn(x.Dealer) {
			dealers = append(dealers, x.Dealer)
		}
	}
	return dealers
}

// toPublish lists the receivers in whose second complaints a dealer owes an answer.
func (c *keyMaking) toPublish(dealer uint32) (receivers []uint32) {
	for _, x := range c.st.Complaints {
		if x.Dealer == dealer && x.Again && !x.Published && c.isIn(x.Receiver) {
			receivers = append(receivers, x.Receiver)
		}
	}
	return receivers
}

func (c *keyMaking) isIn(index uint32) bool { return c.st.Participants[index-1].Out == "" }

func (c *keyMaking) remaining() int {
	n := 0
	for _, p := range c.st.Participants {
		if p.Out == "" {
			n++
		}
	}
	return n
}

// idle reports whether the window waits for nobody.
func (c *keyMaking) idle() bool {
	if c.st.Window == ceremonyv1.Window_WINDOW_REGISTER {
		return len(c.missing()) == 0
	}
	return len(c.mustAct()) == 0
}

// missing names the trustees of the definition who did not register.
func (c *keyMaking) missing() (names []string) {
	for i, t := range c.zone.election.def.Trustees {
		if !slices.ContainsFunc(c.st.Participants, func(p *ceremonyv1.Participant) bool { return int(p.Trustee) == i }) {
			names = append(names, t.Name)
		}
	}
	return names
}

// endWindow puts out who had to act and moves to the next window, or to failure.
func (c *keyMaking) endWindow() {
	st, left := c.st, c.mustAct()
	switch st.Window {
	case ceremonyv1.Window_WINDOW_REGISTER:
		c.endRegistration()
		return
	case ceremonyv1.Window_WINDOW_DRILL:
		c.endDrill()
		return
	}
	for _, p := range left {
		p.Out = windows[st.Window].out
	}
	if st.Window == ceremonyv1.Window_WINDOW_COMPLAIN_AGAIN {
		c.dropComplainers()
	}
	if !c.starved() {
		st.Window++
	}
}

func (c *keyMaking) endRegistration() {
	st := c.st
	if len(st.Participants) < c.need() {
		c.fail("register: %d registered, %d needed; missing: %s", len(st.Participants), c.need(), strings.Join(c.missing(), ", "))
		return
	}
	slices.SortFunc(st.Participants, func(a, b *ceremonyv1.Participant) int { return bytes.Compare(a.Key, b.Key) })
	st.Window = ceremonyv1.Window_WINDOW_TEST
	if len(st.Participants) == 1 {
		st.Window = ceremonyv1.Window_WINDOW_COMMIT
	}
}

func (c *keyMaking) endDrill() {
	passed := 0
	var missing []string
	for _, p := range c.st.Participants {
		if p.Out != "" {
			continue
		}
		if p.Drilled {
			passed++
		} else {
			missing = append(missing, c.name(p))
		}
	}
	if passed < c.need() {
		c.fail("drill: %d passed, %d needed; missing: %s", passed, c.need(), strings.Join(missing, ", "))
		return
	}
	c.st.Window = ceremonyv1.Window_WINDOW_DONE
}

// dropComplainers: answering second complaints against t or more dealers would
// publish the receiver's whole share.
func (c *keyMaking) dropComplainers() {
	against := make([]uint32, len(c.st.Participants))
	for _, x := range c.st.Complaints {
		if x.Again && c.isIn(x.Dealer) {
			against[x.Receiver-1]++
		}
	}
	// Counted before anybody is dropped: who complained is judged by one state.
	for i, p := range c.st.Participants {
		if p.Out == "" && against[i] >= c.zone.election.def.Threshold {
			p.Out = ceremony.OutComplainer
		}
	}
}

// starved fails a ceremony, once registered, in which too few remain.
func (c *keyMaking) starved() bool {
	if c.st.Window == ceremonyv1.Window_WINDOW_REGISTER || c.remaining() >= c.need() {
		return false
	}
	var out []string
	for _, p := range c.st.Participants {
		if p.Out != "" {
			out = append(out, fmt.Sprintf("%s (%s)", c.name(p), p.Out))
		}
	}
	c.fail("%s: %d trustees remain, %d needed; out: %s", windows[c.st.Window].name, c.remaining(), c.need(), strings.Join(out, ", "))
	return true
}

func (c *keyMaking) name(p *ceremonyv1.Participant) string {
	return c.zone.election.def.Trustees[p.Trustee].Name
}

func (c *keyMaking) fail(format string, args ...any) {
	c.st.Failure = fmt.Sprintf(format, args...)
	c.st.Window = ceremonyv1.Window_WINDOW_FAILED
}
