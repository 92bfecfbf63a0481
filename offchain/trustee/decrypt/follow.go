package decrypt

import (
	"context"
	"fmt"
	"time"

	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/audit/verify"
	"github.com/urna-vote/urna/offchain/chain"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
)

// Watch says what chain a trustee verifies, and where it takes blocks from. It
// believes the source nothing.
type Watch struct {
	Source record.Source
	Trust  *chain.Trust
	// Election and Zone that will be decrypted.
	Election [32]byte
	Zone     uint32
	// Wait until the zone is being counted; otherwise what is there is verified
	// once.
	Wait bool
	// Pause waits before the next look; it returns why the context ended.
	Pause func(ctx context.Context) error
	// Say is told of what happens, in words.
	Say func(line string)
	// Options of the verifier: where it keeps its state.
	Options verify.Options
}

const (
	// provenEvery is how often proven summaries are compared while waiting.
	provenEvery = time.Minute
	// patience with a node that does not answer while waiting, in looks.
	patience = 240
)

// Follow verifies the chain from the genesis on while it grows, so that when
// voting closes only the last blocks remain, and gives the verifier's report.
// After a restart it goes on from its checkpoint. Whatever is wrong is in the
// report: then it waits no longer.
func Follow(ctx context.Context, w Watch) (report *verify.Report, err error) {
	w.Options.Sound = true
	a, err := verify.Begin(w.Trust.Genesis().Raw, w.Options)
	if err != nil {
		return nil, fmt.Errorf("follow the chain: %w", err)
	}
	f := &follower{Watch: w, audit: a}
	defer func() {
		if e := f.end(); e != nil && err == nil {
			report, err = nil, fmt.Errorf("follow the chain: %w", e)
		}
	}()
	for {
		done, err := f.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, fmt.Errorf("follow the chain: %w", context.Cause(ctx))
		case a.Err() != nil:
			return nil, fmt.Errorf("follow the chain: %w", a.Err())
		case err != nil:
			if f.failed++; !w.Wait || f.failed > patience {
				return nil, fmt.Errorf("follow the chain: %w", err)
			}
			w.Say("no answer, trying again: " + err.Error())
		case done:
			return a.Report()
		default:
			f.failed = 0
		}
		if err := w.Pause(ctx); err != nil {
			return nil, fmt.Errorf("follow the chain: %w", err)
		}
	}
}

type follower struct {
	Watch
	audit *verify.Audit
	// proven is when summaries were compared last.
	proven time.Time
	// failed looks in a row.
	failed int
	phase  electionv1.Phase
	// inStep was told.
	inStep bool
}

// look verifies what is new; true if it need not go on.
func (f *follower) look(ctx context.Context) (bool, error) {
	full := !f.Wait || f.counting() || time.Since(f.proven) >= provenEvery
	live, err := record.Look(ctx, f.Source, f.Trust, full)
	if err != nil {
		return false, err
	}
	if live.Last() > f.audit.Height() {
		if err := f.audit.Advance(ctx, live, live.Last()); err != nil {
			return false, err
		}
	}
	if full {
		f.proven = time.Now()
	}
	f.tell()
	switch {
	case !f.audit.OK() || !f.Wait || (f.counting() && full):
		return true, nil
	case f.counting():
		return f.look(ctx) // now with the summaries
	}
	return false, f.audit.SaveIfDue()
}

// counting reports whether the zone is being counted, or beyond that.
func (f *follower) counting() bool {
	z, ok := f.audit.Zone(f.Election, f.Zone)
	return ok && z.Phase >= electionv1.Phase_PHASE_COUNTING
}

// tell says that verification is in step with the chain, once, and that the zone
// has come to another phase.
func (f *follower) tell() {
	if f.Wait && !f.inStep {
		f.inStep = true
		f.Say(fmt.Sprintf("in step with the chain at block %d", f.audit.Height()))
	}
	z, ok := f.audit.Zone(f.Election, f.Zone)
	if ok && z.Phase != f.phase {
		f.phase = z.Phase
		f.Say(fmt.Sprintf("verified up to block %d: zone %d is in phase %s", f.audit.Height(), f.Zone, election.PhaseName(z.Phase)))
	}
}

// end keeps what was verified, for the next time.
func (f *follower) end() error {
	err := f.audit.Save()
	if e := f.audit.Close(); err == nil {
		err = e
	}
	return err
}
