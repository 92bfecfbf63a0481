package ceremony

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/trustee/keystore"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// Config of a trustee's program for one zone's key.
type Config struct {
	Home     *keystore.Home
	Ledger   Ledger
	ChainID  string
	Election [32]byte
	Zone     uint32
	Random   io.Reader
	// Say is told each step in a line.
	Say func(line string)
	// Pause returns when it is time to look again.
	Pause func(ctx context.Context) error
	// Stay: when an attempt failed, wait for the commission to begin another.
	Stay bool
}

// Program takes a trustee through the ceremony. It is not safe for concurrent use.
type Program struct {
	Config
	def *electionv1.Definition
	// after: nothing is done before the proven state is beyond this height, at
	// which a transaction of this program is in a block.
	after int64
	// refused counts refusals of the same message one after the other.
	refused int
	// last line said, so that waiting is said once.
	last string
	seen seen
	// verified transactions by hash.
	verified map[[32]byte]bool
	// deal that this trustee is committed to, with its polynomials.
	deal *ownDeal
}

// Outcome of a look at the ledger.
type Outcome int

// Outcomes.
const (
	// Waiting: there is nothing to do now.
	Waiting Outcome = iota
	// Acted: a message is on the ledger, or on its way.
	Acted
	// Done: the key stands and the share is on the medium.
	Done
)

var (
	// ErrFailed: the attempt made no key.
	ErrFailed = errors.New("the ceremony failed")
	// ErrOut: the key stands without this trustee.
	ErrOut = errors.New("this trustee is out")
)

// maxRefusals of the same message, each a height later, until it is an error:
// the state that is proven lags behind the one that refuses.
const maxRefusals = 8

// New makes the program.
func New(cfg Config) *Program { return &Program{Config: cfg, verified: map[[32]byte]bool{}} }

// Run goes on until the key stands (nil), the attempt failed (ErrFailed), or
// the key stands without this trustee (ErrOut). A node that does not answer is
// asked again.
func (p *Program) Run(ctx context.Context) error {
	for {
		outcome, err := p.Step(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case transient(err):
			p.say("waiting for a node: %v", err)
		case err != nil:
			return err
		case outcome == Done:
			return nil
		case outcome == Acted:
			continue
		}
		if err := p.Pause(ctx); err != nil {
			return err
		}
	}
}

// transient errors are worth another try.
func transient(err error) bool {
	return errors.Is(err, errBehind) || errors.Is(err, client.ErrUnavailable) || errors.Is(err, client.ErrNotFound) ||
		errors.Is(err, context.DeadlineExceeded)
}

// Step looks at the ledger once and does at most one thing.
func (p *Program) Step(ctx context.Context) (Outcome, error) {
	v, err := p.observe(ctx)
	if err != nil {
		return Waiting, err
	}
	if v.height < p.after {
		return Waiting, nil
	}
	if waits, err := p.waits(v); waits || err != nil {
		return Waiting, err
	}
	if v.needsTransactions() {
		if err := p.transactions(ctx, v); err != nil {
			return Waiting, err
		}
	}
	if v.state.Window == ceremonyv1.Window_WINDOW_DONE {
		return p.finish(v)
	}
	kind, message, err := p.decide(v)
	if err != nil {
		return Waiting, fmt.Errorf("%s: %w", windowName(v.state.Window), err)
	}
	if message == nil {
		p.sayWaiting(v)
		return Waiting, nil
	}
	return p.send(ctx, v, kind, message)
}

// waits tells a ceremony in which this trustee cannot act now, or never again.
func (p *Program) waits(v *view) (bool, error) {
	switch {
	case v.zone.Phase == electionv1.Phase_PHASE_CANCELLED:
		return false, fmt.Errorf("%w: the election is cancelled", ErrFailed)
	case v.state == nil:
		p.say("the ceremony has not begun")
	case v.state.Window == ceremonyv1.Window_WINDOW_DONE:
		return false, nil
	case v.state.Window == ceremonyv1.Window_WINDOW_FAILED && !p.Stay:
		return false, fmt.Errorf("%w, attempt %d: %s; the commission may begin another", ErrFailed, v.state.Attempt, v.state.Failure)
	case v.state.Window == ceremonyv1.Window_WINDOW_FAILED:
		p.say("attempt %d failed: %s; waiting for the commission to begin another", v.state.Attempt, v.state.Failure)
	case v.state.Suspended:
		p.say("attempt %d is suspended since block time jumped; the commission must begin another", v.state.Attempt)
	case v.index != 0 && v.me().Out != "":
		p.say("attempt %d: this trustee is out: %s; waiting for the others", v.state.Attempt, v.me().Out)
	default:
		return false, nil
	}
	return true, nil
}

// needsTransactions: they are much longer than the state, and only who acts
// needs them.
func (v *view) needsTransactions() bool {
	if v.state.Window == ceremonyv1.Window_WINDOW_DONE || v.state.Window == ceremonyv1.Window_WINDOW_TEST {
		return true
	}
	return v.state.Window != ceremonyv1.Window_WINDOW_REGISTER && slices.Contains(ceremony.Waiting(v.state, v.rules), v.index)
}

// decide says what this trustee has to send now, nil if nothing.
func (p *Program) decide(v *view) (txv1.Kind, ceremony.Message, error) {
	if v.state.Window == ceremonyv1.Window_WINDOW_REGISTER {
		return p.register(v)
	}
	if v.index == 0 {
		return 0, nil, nil // too late for this attempt
	}
	me := v.me()
	switch v.state.Window {
	case ceremonyv1.Window_WINDOW_TEST:
		return p.test(v)
	case ceremonyv1.Window_WINDOW_COMMIT:
		if len(me.DealHash) == 0 {
			return p.commit(v)
		}
	case ceremonyv1.Window_WINDOW_DEAL:
		if !me.Dealt {
			return p.dealOut(v)
		}
	case ceremonyv1.Window_WINDOW_COMPLAIN:
		if !me.Checked {
			return p.checkDeals(v)
		}
	case ceremonyv1.Window_WINDOW_ANSWER:
		if to := ceremony.ToReseal(v.state, v.index); len(to) > 0 {
			return p.reseal(v, to)
		}
	case ceremonyv1.Window_WINDOW_COMPLAIN_AGAIN:
		if by := ceremony.Resealed(v.state, v.index); !me.CheckedAgain && len(by) > 0 {
			return p.checkResealed(v, by)
		}
	case ceremonyv1.Window_WINDOW_ANSWER_AGAIN:
		if to := ceremony.ToPublish(v.state, v.index); len(to) > 0 {
			return p.publish(v, to)
		}
	case ceremonyv1.Window_WINDOW_CONFIRM:
		if !me.Confirmed {
			return p.confirm(v)
		}
	case ceremonyv1.Window_WINDOW_DRILL:
		if !me.Drilled {
			return p.drill(v)
		}
	}
	return 0, nil, nil
}

// send puts a message on the ledger.
func (p *Program) send(ctx context.Context, v *view, kind txv1.Kind, message ceremony.Message) (Outcome, error) {
	window := windowName(v.state.Window)
	raw, err := envelope.Encode(p.ChainID, uint32(kind), ledger.MustEncode(message), p.Home.Key())
	if err != nil {
		return Waiting, fmt.Errorf("%s: %w", window, err)
	}
	height, err := p.Ledger.SubmitAndWait(ctx, raw)
	var refusal *client.Refusal
	if errors.As(err, &refusal) && refusal.Code >= ledger.RetryFrom && p.refused < maxRefusals {
		// The window closed meanwhile, or an earlier run's message got in: the
		// next proven state tells.
		p.refused++
		p.after = v.height + 1
		return Acted, nil
	}
	if err != nil {
		return Waiting, fmt.Errorf("%s: %w", window, err)
	}
	p.refused, p.after = 0, height
	p.say("%s: %s", window, said(kind, message, height))
	return Acted, nil
}

// said is the line for a message that is on the ledger.
func said(kind txv1.Kind, message ceremony.Message, height int64) string {
	what := ""
	switch m := message.(type) {
	case *ceremonyv1.OpenTest:
		what = "opened, "
	case *ceremonyv1.CheckDeals:
		what = "all good, "
		if n := len(m.Complaints); n > 0 {
			what = fmt.Sprintf("complaint against %d, ", n)
		}
	case *ceremonyv1.CheckResealed:
		what = "all good, "
		if n := len(m.Dealers); n > 0 {
			what = fmt.Sprintf("second complaint against %d, ", n)
		}
	}
	return fmt.Sprintf("%son the ledger in block %d", what, height)
}

func (p *Program) say(format string, args ...any) {
	if line := fmt.Sprintf(format, args...); line != p.last {
		p.last = line
		p.Say(line)
	}
}

// sayWaiting names whom the window waits for.
func (p *Program) sayWaiting(v *view) {
	if v.index == 0 && v.state.Window != ceremonyv1.Window_WINDOW_REGISTER {
		p.say("attempt %d: this trustee did not register in time; waiting for the others", v.state.Attempt)
		return
	}
	if names := v.waiting(); len(names) > 0 {
		p.say("%s: waiting for %s", windowName(v.state.Window), strings.Join(names, ", "))
	}
}

// waiting names those who are left to act.
func (v *view) waiting() []string {
	var names []string
	for _, i := range ceremony.Waiting(v.state, v.rules) {
		if v.state.Window == ceremonyv1.Window_WINDOW_REGISTER {
			names = append(names, v.rules.Names[i-1])
		} else {
			names = append(names, v.name(i))
		}
	}
	return names
}

func windowName(w ceremonyv1.Window) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(w.String(), "WINDOW_")), "_", " ")
}
