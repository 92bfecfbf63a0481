package stage

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/proto/api"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/testnet/load"
)

// Reopen goes on with an election that an earlier program left open: on the same
// network, from the same folder. A close that fell into the time when the
// network was stopped was suspended by the ledger; the commission moves it. It
// returns the phase of the zone; while that is voting, the close is moved on.
func (n *Network) Reopen(ctx context.Context, dir string, closeEvery time.Duration) (*Election, electionv1.Phase, error) {
	e := &Election{network: n, dir: dir}
	var err error
	if e.Secrets, err = load.LoadSecrets(e.SecretsFile()); err != nil {
		return nil, 0, err
	}
	if e.Secrets.ChainID != n.ChainID {
		return nil, 0, fmt.Errorf("reopen election: its secrets are of chain %s, the network is %s", e.Secrets.ChainID, n.ChainID)
	}
	e.ID = e.Secrets.Election
	for i := range trustees {
		e.trustees = append(e.trustees, filepath.Join(dir, fmt.Sprintf("trustee-%d", i+1)))
	}
	zone := &electionv1.ZoneState{}
	err = e.await(ctx, func(c *client.Client) (bool, error) {
		proven, err := c.Proven(ctx, e.ID, "definition", "zone/0")
		if errors.Is(err, client.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		b, _ := proven.Object("definition")
		e.Definition = &electionv1.Definition{}
		if err := e.Definition.Unmarshal(b); err != nil {
			return false, err
		}
		b, _ = proven.Object("zone/0")
		return true, zone.Unmarshal(b)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("reopen election: %w", err)
	}
	if zone.Phase != electionv1.Phase_PHASE_VOTING {
		return e, zone.Phase, nil
	}
	closes := time.UnixMilli(zone.ClosesMs)
	if zone.Suspended || time.Now().After(closes) {
		closes = time.Now().Add(closeEvery).Truncate(time.Second)
		err := n.Decide(ctx, commissionv1.Action_ACTION_RESOLVE_SUSPENSION, &electionv1.ResolveSuspension{
			ElectionId: e.ID[:], MoveToMs: closes.UnixMilli(), Reason: "the network was stopped",
		})
		if err != nil {
			return nil, 0, fmt.Errorf("reopen election: %w", err)
		}
	}
	e.keep = e.keepOpen(ctx, closes, closeEvery)
	return e, zone.Phase, nil
}

// Postpone moves the close so far that the network can be stopped, and says
// until when.
func (e *Election) Postpone(ctx context.Context, by time.Duration) (time.Time, error) {
	closes := time.Now().Add(by).Truncate(time.Second)
	return closes, e.network.Decide(ctx, commissionv1.Action_ACTION_EXTEND_CLOSE, &electionv1.ExtendClose{
		ElectionId: e.ID[:], ClosesMs: closes.UnixMilli(), Reason: "the network is to be stopped",
	})
}

// Units are the counted votes as the ledger shows them.
func (e *Election) Units(ctx context.Context) ([]api.UnitResult, error) {
	c, err := e.network.Client(0)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	r, err := c.Results(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	var units []api.UnitResult
	for _, z := range r.Zones {
		units = append(units, z.Units...)
	}
	return units, nil
}
