package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/testnet/electorate"
	"github.com/urna-vote/urna/testnet/load"
	"github.com/urna-vote/urna/testnet/stage"
)

// moscowDir is kept between runs: the election goes on where it was stopped.
func (b *bench) moscowDir() string { return filepath.Join(filepath.Dir(b.options.out), "moscow") }

// moscow carries the election of 2021 through: 1,826,287 voters of two contests
// at scale 1. Stopped by an interrupt, it goes on when it is called again: what
// is made, issued and cast stays. When it is through, its folder may be removed.
func (b *bench) moscow(ctx context.Context) (err error) {
	e, err := electorate.Moscow(b.options.scale, 1)
	if err != nil {
		return err
	}
	n := len(e.Voters)
	b.say("%s: %d voters, %d styles", e.Title, n, len(e.Styles))
	if err := os.MkdirAll(b.moscowDir(), 0o755); err != nil {
		return err
	}
	if err := b.passClose(ctx); err != nil {
		return err
	}
	t, err := b.start(ctx, stage.Spec{Dir: b.moscowDir(), Validators: b.options.moscowValidators, Out: b.out}, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.stop()) }()
	phase, err := t.openMoscow(ctx, e)
	if err != nil {
		return err
	}
	g := growth{Ballots: n, Commit: fmt.Sprint(b.results.values["commit"]), Date: fmt.Sprint(b.results.values["date"])}
	if phase == electionv1.Phase_PHASE_VOTING {
		if err := t.voteMoscow(ctx, e, &g); err != nil {
			if ctx.Err() != nil {
				err = errors.Join(err, t.leave(context.WithoutCancel(ctx)))
			}
			return err
		}
	}
	if err := t.countMoscow(ctx, e, phase, &g); err != nil {
		return err
	}
	if err := t.audit(ctx, &g); err != nil {
		return err
	}
	// Figures of the parts that an earlier run did stand.
	for key, value := range generic(g) {
		if value != 0.0 && value != false && value != "" {
			b.results.put("moscow", key, value)
		}
	}
	b.say("%d ballots made, cast, counted exactly and audited; remove %s when it is not needed any more", n, b.moscowDir())
	return nil
}

// A stop moves the close on by so much. A gap of block time of more than a minute
// that holds the close suspends it, so a network that comes back later finds the
// election suspended, and one that comes back earlier finds it open: only just
// before the close there would be no time to decide anything.
const (
	leaveFor  = 3 * time.Minute
	tooClose  = 40 * time.Second
	closeFile = "closes"
)

// leave prepares a stop.
func (t *trial) leave(ctx context.Context) error {
	closes, err := t.election.Postpone(ctx, leaveFor)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(t.dir, closeFile), []byte(closes.Format(time.RFC3339)), 0o644)
}

// passClose waits until a close that is too near is past.
func (b *bench) passClose(ctx context.Context) error {
	path := filepath.Join(b.moscowDir(), closeFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	closes, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if left := time.Until(closes); left > 0 && left < tooClose {
		b.say("the close is in %.0f s: waiting until it is past", left.Seconds())
		if err := quiet(ctx, left+time.Second); err != nil {
			return err
		}
	}
	return os.Remove(path)
}

// openMoscow opens the election, or goes on with it.
func (t *trial) openMoscow(ctx context.Context, e *electorate.Electorate) (phase electionv1.Phase, err error) {
	dir, closeEvery := filepath.Join(t.dir, "election"), 2*time.Minute
	if _, err := os.Stat(filepath.Join(dir, "secrets.json")); err == nil {
		t.election, phase, err = t.network.Reopen(ctx, dir, closeEvery)
		return phase, err
	}
	t.election, err = t.network.Open(ctx, stage.Plan{
		Dir: dir, Voters: len(e.Voters), Options: 2, CloseEvery: closeEvery, Styles: len(e.Styles),
		Define:  func(def *electionv1.Definition) { define(def, e) },
		StyleOf: func(i int) uint32 { return uint32(e.Voters[i].Style) },
	})
	return electionv1.Phase_PHASE_VOTING, err
}

// define puts an electorate's contests, groups, classes and styles into a
// definition.
func define(def *electionv1.Definition, e *electorate.Electorate) {
	text := func(s string) []*electionv1.Text { return []*electionv1.Text{{Lang: "ru", Text: s}} }
	def.Title, def.Contests, def.Groups, def.Classes, def.Styles = text(e.Title), nil, nil, nil, nil
	for _, c := range e.Contests {
		contest := &electionv1.Contest{
			Title: text(c.Title), Kind: electionv1.ContestKind_CONTEST_KIND_CHOICE, Min: uint32(c.Min), Max: uint32(c.Max), FirstSlot: uint32(c.FirstSlot),
		}
		for _, o := range c.Options {
			contest.Options = append(contest.Options, &electionv1.Option{Title: text(o)})
		}
		def.Contests = append(def.Contests, contest)
	}
	for _, g := range e.Groups {
		def.Groups = append(def.Groups, &electionv1.CountingGroup{Title: text(g)})
	}
	for _, c := range e.Classes {
		def.Classes = append(def.Classes, &electionv1.TokenClass{Name: c})
	}
	for _, s := range e.Styles {
		style := &electionv1.Style{Name: s.Name, Title: text(s.Name), Group: uint32(s.Group), TokenClass: uint32(s.Class)}
		for _, c := range s.Contests {
			style.Contests = append(style.Contests, uint32(c))
		}
		def.Styles = append(def.Styles, style)
	}
}

// voteMoscow makes, issues and casts what is not yet.
func (t *trial) voteMoscow(ctx context.Context, e *electorate.Electorate, g *growth) error {
	c, err := t.network.Client(0)
	if err != nil {
		return err
	}
	defer c.Close()
	t.maker, err = load.NewMaker(ctx, c, t.election.Secrets, func(i int) load.Voter {
		v := e.Voters[i]
		out := load.Voter{Style: uint32(v.Style)}
		for k, contest := range e.Styles[v.Style].Contests {
			marks := make([]uint32, len(e.Contests[contest].Options))
			for _, o := range v.Choices[k] {
				marks[o] = 1
			}
			out.Scores = append(out.Scores, marks)
		}
		return out
	})
	if err != nil {
		return err
	}
	if g.MadePerS, err = t.make(ctx, len(e.Voters)); err != nil {
		return err
	}
	status, err := t.network.Status(ctx, 0)
	if err != nil {
		return err
	}
	if err := t.meter.WaitHeight(ctx, status.Height); err != nil {
		return err
	}
	for _, part := range []struct {
		what string
		list *load.List
		rate *float64
	}{{"issuances", &t.file.Issuances, &g.IssuedPerS}, {"ballots", &t.file.Ballots, &g.AcceptedPerS}} {
		left := t.meter.Left(part.list)
		if left.Len() == 0 {
			continue
		}
		r, err := t.play(ctx, part.what, load.Play{List: left, To: left.Len(), Sample: t.options.sample, Wait: 10 * time.Minute})
		if err != nil {
			return err
		}
		*part.rate = round(r.PerSecond)
		g.BallotBytes = round(r.BytesMean)
	}
	g.ValidatorRSSMB = peakOf(t.network.Node(0).PID())
	return nil
}

// countMoscow closes and counts, and compares every count with the choices.
func (t *trial) countMoscow(ctx context.Context, e *electorate.Electorate, phase electionv1.Phase, g *growth) error {
	if phase == electionv1.Phase_PHASE_VOTING {
		if err := t.election.TrusteesOnline(ctx); err != nil {
			return err
		}
		if err := t.election.LetClose(); err != nil {
			return err
		}
		if err := quiet(ctx, time.Until(t.election.Closes())); err != nil {
			return err
		}
	}
	if phase != electionv1.Phase_PHASE_FINAL {
		begun := time.Now()
		if err := t.election.Count(ctx); err != nil {
			return err
		}
		if phase == electionv1.Phase_PHASE_VOTING {
			g.ResultS = round(time.Since(begun).Seconds())
		}
		if err := t.election.Finish(ctx); err != nil {
			return err
		}
	}
	units, err := t.election.Units(ctx)
	if err != nil {
		return err
	}
	expected, votes := e.Expected(), uint64(0)
	for _, u := range units {
		for o, got := range u.Counts {
			var want uint64
			for _, group := range u.Groups {
				if counts := expected[group][u.Contest]; counts != nil {
					want += counts[o]
				}
			}
			if got != want {
				return fmt.Errorf("contest %d, groups %v, option %d: counted %d, chosen %d", u.Contest, u.Groups, o, got, want)
			}
			votes += got
		}
	}
	if want := uint64(2 * len(e.Voters)); votes != want {
		return fmt.Errorf("%d votes are counted, %d were cast", votes, want)
	}
	g.CountedExactly = true
	t.say("%d votes in %d counts, each as chosen", votes, len(units))
	return nil
}
