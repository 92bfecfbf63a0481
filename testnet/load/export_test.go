package load

import (
	"fmt"
	"time"
)

// AppendPairs writes pairs as Make does.
func AppendPairs(path string, h Header, from, to int, pair func(int) (issuance, ballot []byte)) error {
	a, err := openAppender(path, h)
	if err != nil {
		return err
	}
	if a.have != from {
		return fmt.Errorf("the file has %d pairs, not %d", a.have, from)
	}
	for i := from; i < to; i++ {
		issuance, ballot := pair(i)
		if _, err := a.out.Write(appendRecord(appendRecord(nil, kindIssuance, issuance), kindBallot, ballot)); err != nil {
			return err
		}
	}
	return a.close()
}

// Print with every detail.
func Print(v any) string { return fmt.Sprintf("%+v", v) }

// ParseTrace reads a curve from text.
var ParseTrace = parseTrace

// Pace and its steps.
type Pace struct{ pace }

// NewPace that may grow to a number.
func NewPace(most int) *Pace { return &Pace{pace{most: most, now: most}} }

// Window at a time.
func (p *Pace) Window(now time.Duration) int { return p.window(now) }

// Busy at a time, while nodes hold so many.
func (p *Pace) Busy(now time.Duration, held int) { p.busy(now, &Run{admitted: held}) }

// NewRunOf some hashes.
func NewRunOf(hashes ...[32]byte) *Run { return newRun(hashes) }

// Sending, Answered, Committed, Proven and Report are the steps of a run.
func (r *Run) Sending(i int, planned, now time.Duration) { r.sending(i, planned, now) }

// Answered notes an answer.
func (r *Run) Answered(i int, reason string, again bool) { r.answered(i, reason, again) }

// Committed notes a block.
func (r *Run) Committed(height int64, at time.Duration, hashes ...[32]byte) {
	r.committed(height, at, hashes)
}

// Proven notes that a block's receipts verify.
func (r *Run) Proven(height int64, at time.Duration) { r.proven(height, at) }

// Overdue lists what is to be sent again.
func (r *Run) Overdue(before time.Duration) []int { return r.overdue(before) }

// Open is how many are neither in a block nor refused, Held how many of them
// nodes have.
func (r *Run) Open() int {
	open, _, _ := r.counts()
	return open
}

// Held by nodes.
func (r *Run) Held() int { return r.held() }

// Report of transactions of a hundred bytes each.
func (r *Run) Report() Report { return r.report(func(int) int { return 100 }, nil) }

// ReadAnswers takes a node's answers apart: reason and again of each.
func ReadAnswers(text []byte, n int) (reasons []string, again []bool, err error) {
	list, err := read(text, n)
	for _, v := range list {
		reasons, again = append(reasons, v.reason), append(again, v.again)
	}
	return reasons, again, err
}

// KindOf an envelope.
var KindOf = kindOf
