package terminal

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// IsTerminal reports whether a writer is a person's terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// linesEvery is how often a plain line tells progress.
const linesEvery = 5 * time.Second

// Progress shows how far a piece of work is. It is safe for concurrent use.
type Progress struct {
	mu    sync.Mutex
	what  string
	total int64
	done  int64
	bar   *progressbar.ProgressBar
	out   io.Writer
	now   func() time.Time
	next  time.Time
	begun time.Time
	// first is what was done when work began, as when it goes on after a stop.
	first   int64
	started bool
}

// NewProgress shows progress on w: a bar on a terminal, a line every few
// seconds elsewhere, nothing if w is nil. Total may be 0 for unknown.
func NewProgress(w io.Writer, what string, total int64) *Progress {
	return NewProgressAt(w, what, total, time.Now)
}

// NewProgressAt is NewProgress with a clock.
func NewProgressAt(w io.Writer, what string, total int64, now func() time.Time) *Progress {
	p := &Progress{what: what, total: total, out: w, now: now, begun: now()}
	p.next = p.begun.Add(linesEvery)
	if w != nil && IsTerminal(w) {
		shown := total
		if total == 0 {
			shown = -1
		}
		p.bar = progressbar.NewOptions64(shown,
			progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
			progressbar.OptionFullWidth(), progressbar.OptionSpinnerType(14))
	}
	return p
}

// Set says how much of the total is done.
func (p *Progress) Set(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = done
	if !p.started {
		p.first, p.started = done, true
	}
	if p.bar != nil {
		if total != p.total && total > 0 {
			p.bar.ChangeMax64(total)
		}
		_ = p.bar.Set64(done)
	}
	p.total = total
	if p.bar == nil && p.out != nil {
		if t := p.now(); !t.Before(p.next) {
			p.next = t.Add(linesEvery)
			p.line()
		}
	}
}

// Add counts more as done.
func (p *Progress) Add(n int64) {
	p.mu.Lock()
	done, total := p.done+n, p.total
	p.mu.Unlock()
	p.Set(done, total)
}

// Done ends the display.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish()
		_ = p.bar.Close()
	}
	if p.out != nil {
		took := p.now().Sub(p.begun).Round(10 * time.Millisecond)
		_, _ = fmt.Fprintf(p.out, "%s: %d done in %s\n", p.what, p.done, took)
	}
}

func (p *Progress) line() {
	if p.total > 0 {
		_, _ = fmt.Fprintf(p.out, "%s: %d of %d (%d %%)%s\n", p.what, p.done, p.total, p.done*100/p.total, p.left())
		return
	}
	_, _ = fmt.Fprintf(p.out, "%s: %d\n", p.what, p.done)
}

// left estimates how long the rest takes, at the pace since the beginning.
func (p *Progress) left() string {
	if p.done <= p.first || p.done >= p.total {
		return ""
	}
	took := p.now().Sub(p.begun)
	rest := time.Duration(float64(took) / float64(p.done-p.first) * float64(p.total-p.done))
	return fmt.Sprintf(", about %s left", rest.Round(time.Second))
}
