package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/commission"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/election"
)

// createElection makes issuers' operator keys and trustees' keys, writes the
// election down, and lets the commission create it.
func (d *demo) createElection(ctx context.Context) error {
	var issuerKeys, trusteeKeys [][32]byte
	if !d.byPortal() {
		if err := d.makeIssuers(ctx); err != nil {
			return err
		}
	}
	for _, g := range d.gateways {
		issuerKeys = append(issuerKeys, g.operator)
	}
	for i := range trustees {
		home := d.path("trustees", fmt.Sprintf("trustee-%d", i+1))
		out, err := d.run(ctx, "urna", "trustee", "init", "--home", home, "--json")
		if err != nil {
			return err
		}
		var made struct {
			Public string `json:"public"`
		}
		if err := decodeJSON(out, &made); err != nil {
			return err
		}
		key, err := commission.Hex32("trustee's key", made.Public)
		if err != nil {
			return err
		}
		d.trusteeHome, trusteeKeys = append(d.trusteeHome, home), append(trusteeKeys, key)
	}
	file, err := electionFile(d.electorate, time.Now(), issuerKeys, trusteeKeys)
	if err != nil {
		return err
	}
	path, err := writeJSON(d.path("commission"), "election.json", file)
	if err != nil {
		return err
	}
	if d.definition, err = file.Definition(); err != nil {
		return err
	}
	d.electionID = election.DefinitionID(d.chainID, d.definition)
	if err := d.decide(ctx, "propose", "create-election", path); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "        election %x\n", d.electionID)
	return d.awaitProof(ctx)
}

// awaitProof waits until the observer can prove the election: a block later.
func (d *demo) awaitProof(ctx context.Context) error {
	c, err := d.client(0)
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		_, err := c.Proven(ctx, d.electionID, "definition")
		if err == nil || !errors.Is(err, client.ErrNotFound) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the election's proof: %w", errors.Join(ctx.Err(), err))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (d *demo) election() string { return hex.EncodeToString(d.electionID[:]) }

// runCeremony lets every trustee's own process go through the key ceremony,
// the drill included.
func (d *demo) runCeremony(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	progress := d.progress("trustees done", trustees)
	defer progress.Done()
	for i, home := range d.trusteeHome {
		group.Go(func() error {
			args := append([]string{"trustee", "ceremony", "--home", home, "--election", d.election(), "--zone", "0"}, d.where(i)...)
			p, err := d.start(fmt.Sprintf("trustee-%d", i+1), "urna", args...)
			if err != nil {
				return err
			}
			if err := p.wait(ctx); err != nil {
				return err
			}
			progress.Add(1)
			return nil
		})
	}
	return group.Wait()
}

// awaitPhase waits until every node can prove that the zone is in a phase.
func (d *demo) awaitPhase(ctx context.Context, phase electionv1.Phase) error {
	for i := range d.network.Len() {
		c, err := d.client(i)
		if err != nil {
			return err
		}
		defer c.Close()
		for {
			zone, err := provenZone(ctx, c, d.electionID)
			if err == nil && zone.Phase == phase {
				break
			}
			if err == nil && zone.Suspended {
				return errors.New("the zone is suspended: block time jumped over a deadline")
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("wait for phase %s: %w", election.PhaseName(phase), ctx.Err())
			case <-time.After(200 * time.Millisecond):
			}
		}
	}
	return nil
}

func provenZone(ctx context.Context, c *client.Client, id [32]byte) (*electionv1.ZoneState, error) {
	proven, err := c.Proven(ctx, id, "zone/0")
	if err != nil {
		return nil, err
	}
	b, _ := proven.Object("zone/0")
	zone := &electionv1.ZoneState{}
	return zone, zone.Unmarshal(b)
}
