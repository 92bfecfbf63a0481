package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
)

// awaitClose waits for the close, then shows that a ballot comes too late.
func (d *demo) awaitClose(ctx context.Context) error {
	c, err := d.client(validators)
	if err != nil {
		return err
	}
	defer c.Close()
	e, err := c.Election(ctx, d.electionID)
	if err != nil {
		return err
	}
	left := time.Until(time.UnixMilli(e.Zones[0].ClosesMS))
	progress := d.progress("seconds until the close", max(int(left.Seconds()), 1))
	for total := int64(left.Seconds()); time.Until(time.UnixMilli(e.Zones[0].ClosesMS)) > 0; {
		progress.Set(total-int64(time.Until(time.UnixMilli(e.Zones[0].ClosesMS)).Seconds()), max(total, 1))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
	progress.Done()
	if d.fewBallots() {
		if err := d.awaitPhase(ctx, electionv1.Phase_PHASE_CLOSED); err != nil {
			return err
		}
		err := d.decide(ctx, "propose", "consent-small-count", "--election", d.election(), "--zone", "0", "--reason", "a demonstration with few voters")
		if err != nil {
			return err
		}
	}
	if err := d.awaitPhase(ctx, electionv1.Phase_PHASE_COUNTING); err != nil {
		return err
	}
	return d.tryAfterTheClose(ctx)
}

// fewBallots: some contest has fewer ballots than are decrypted without the
// quorum's consent.
func (d *demo) fewBallots() bool {
	ballots := make([]int, len(d.electorate.Contests))
	for _, v := range d.electorate.Voters {
		for _, c := range d.electorate.Styles[v.Style].Contests {
			ballots[c]++
		}
	}
	for _, n := range ballots {
		if n > 0 && n < int(election.MinJoined(d.definition)) {
			return true
		}
	}
	return false
}

// count: three trustees decrypt while two stay away, anyone computes the
// result, the commission approves the protocol that the ledger computed.
func (d *demo) count(ctx context.Context) error {
	progress := d.progress("trustees decrypted", threshold)
	group, each := errgroup.WithContext(ctx)
	for i := range threshold {
		group.Go(func() error {
			// The first and the fourth trustee stay away.
			home := d.trusteeHome[[]int{1, 2, 4}[i]]
			args := append([]string{"trustee", "decrypt", "--yes", "--home", home, "--election", d.election(), "--zone", "0"}, d.where(i)...)
			if _, err := d.run(each, "urna", args...); err != nil {
				return err
			}
			progress.Add(1)
			return nil
		})
	}
	err := group.Wait()
	progress.Done()
	if err != nil {
		return err
	}
	if _, err := d.run(ctx, "urna", append([]string{"tally", "result", "--election", d.election(), "--zone", "0"}, d.where(0)...)...); err != nil {
		return err
	}
	hash, err := d.awaitProtocol(ctx)
	if err != nil {
		return err
	}
	if err := d.decide(ctx, "propose", "approve-protocol", "--election", d.election(), "--zone", "0", "--protocol", hash); err != nil {
		return err
	}
	return d.awaitPhase(ctx, electionv1.Phase_PHASE_FINAL)
}

// awaitProtocol waits until the ledger has listed what is counted.
func (d *demo) awaitProtocol(ctx context.Context) (string, error) {
	c, err := d.client(validators)
	if err != nil {
		return "", err
	}
	defer c.Close()
	for {
		t, err := c.Tally(ctx, d.electionID, 0)
		if err != nil {
			return "", err
		}
		if len(t.ProtocolHash) > 0 {
			return t.ProtocolHash.String(), nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("wait for the protocol of results: %w", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// compare puts the counted votes beside what the voters chose.
func (d *demo) compare(ctx context.Context) error {
	c, err := d.client(validators)
	if err != nil {
		return err
	}
	defer c.Close()
	results, err := c.Results(ctx, d.electionID)
	if err != nil {
		return err
	}
	if len(results.Zones) != 1 || !results.Zones[0].Final {
		return fmt.Errorf("the observer shows no final result")
	}
	seen := map[[2]int]bool{}
	for _, unit := range results.Zones[0].Units {
		d.compareUnit(unit, seen)
	}
	for g, contests := range d.electorate.Expected() {
		for contest, counts := range contests {
			if counts != nil && !seen[[2]int{g, contest}] {
				d.summary.Differences += len(counts)
			}
		}
	}
	turnout, err := c.Turnout(ctx, d.electionID)
	if err != nil {
		return err
	}
	d.summary.Issued, d.summary.Accepted, d.summary.Recasts = int(turnout.Issued), int(turnout.Accepted), int(turnout.Recasts)
	return nil
}

func (d *demo) compareUnit(unit api.UnitResult, seen map[[2]int]bool) {
	contest := d.electorate.Contests[unit.Contest]
	s := ContestSummary{Contest: contest.Title, Expected: map[string]uint64{}, Counted: map[string]uint64{}}
	want := make([]uint64, len(contest.Options))
	expected := d.electorate.Expected()
	for _, g := range unit.Groups {
		seen[[2]int{int(g), int(unit.Contest)}] = true
		s.Groups = append(s.Groups, d.electorate.Groups[g])
		for o, n := range expected[g][unit.Contest] {
			want[o] += n
		}
	}
	for o, name := range contest.Options {
		got := uint64(0)
		if o < len(unit.Counts) {
			got = unit.Counts[o]
		}
		s.Expected[name], s.Counted[name] = want[o], got
		if got != want[o] {
			d.summary.Differences++
		}
	}
	d.summary.Contests = append(d.summary.Contests, s)
}
