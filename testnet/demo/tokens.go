package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"syscall"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"

	"github.com/urna-vote/urna/offchain/voter/session"
)

// issueTokens gets every voter a token: the first part from panel 0, in the
// middle of which one member stops and its replica goes on; one voter by a claim
// on the ledger; the rest from panel 1, which the commission opens for all.
func (d *demo) issueTokens(ctx context.Context) error {
	// Issuing may still be opening: it waits for roll, keys and time.
	if err := d.awaitPhase(ctx, electionv1.Phase_PHASE_VOTING); err != nil {
		return err
	}
	c, err := d.gather(ctx)
	if err != nil {
		return err
	}
	d.everybody = c
	d.keepOpen(ctx, c)
	for i, v := range d.voters {
		state, err := session.NewState(rand.Reader, d.chainID, d.electionID, v.slip.Entry(), uint32(v.Style))
		if err != nil {
			return fmt.Errorf("voter %d: %w", i, err)
		}
		v.state = state
	}
	progress := d.progress("tokens", len(d.voters))
	defer progress.Done()
	stopAt, switchAt := len(d.voters)*2/5, len(d.voters)*3/4
	parts := []struct {
		to   int
		then func() error
	}{
		{stopAt, func() error {
			g := d.gateways[1]
			fmt.Fprintf(d.out, "        %s is killed; its replica answers\n", g.name)
			g.processes[0].stop(syscall.SIGKILL)
			return nil
		}},
		{switchAt, func() error {
			// Somebody must be left for panel 1.
			if switchAt < len(d.voters)-1 {
				if err := d.askOnTheLedger(ctx, c, switchAt); err != nil {
					return err
				}
			}
			fmt.Fprintln(d.out, "        the commission opens panel 1")
			return d.decide(ctx, "propose", "open-panel", "--election", d.election(), "--panel", "1", "--reason", "issuer-2 has no spare left")
		}},
		{len(d.voters), func() error { return nil }},
	}
	from := 0
	for _, part := range parts {
		err := each(ctx, from, part.to, func() { progress.Add(1); c.steps.Add(1) }, func(ctx context.Context, i int) error {
			if d.byPortal() && i == stopAt {
				return d.tokenByProgram(ctx, d.voters[i])
			}
			s, err := c.session(ctx, i)
			if err != nil {
				return err
			}
			return s.Token(ctx)
		})
		if err != nil {
			return err
		}
		if err := part.then(); err != nil {
			return err
		}
		from = part.to
	}
	return d.tryGateways(ctx, c)
}
