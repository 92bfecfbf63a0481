package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
)

// mute is a gateway that endorses and then signs nothing over HTTP.
type mute struct{ session.Issuer }

func (mute) Sign(context.Context, api.SignRequest) ([]byte, error) {
	return nil, errors.New("does not answer")
}

// claims has a voter's silent issuers asked on the ledger.
func (c *everybody) claims(node int) session.Claims {
	return session.Claims{Ledger: c.ledgers[node], After: 20 * time.Second, Wait: 2 * time.Minute}
}

// askOnTheLedger gets a voter's token although a member does not answer it: the
// claim is public, and the member answers where all can see it.
func (d *demo) askOnTheLedger(ctx context.Context, c *everybody, i int) error {
	node := i % len(c.clients)
	silent := d.gateways[0]
	cfg := c.config(d.voters[i], node)
	right := cfg.Access
	cfg.Access = func(operator [32]byte) (session.Access, bool) {
		a, ok := right(operator)
		if operator == silent.operator {
			a.Issuer = mute{a.Issuer}
		}
		return a, ok
	}
	var told []session.Claimed
	cfg.Claims.After = 0
	cfg.Claims.Tell = func(m session.Claimed) { told = append(told, m) }
	s, err := session.New(ctx, cfg)
	if err != nil {
		return err
	}
	if err := s.Token(ctx); err != nil {
		return fmt.Errorf("get a token that a member does not sign: %w", err)
	}
	if len(told) != 2 || !told[1].Answered {
		return fmt.Errorf("%s was not asked on the ledger, or did not answer there", silent.name)
	}
	fmt.Fprintf(d.out, "        %s does not answer one voter; asked on the ledger in block %d it answers there\n", silent.name, told[0].Height)
	return nil
}

// destroyKeys ends the issuers' part: nobody needs their keys any more.
func (d *demo) destroyKeys(ctx context.Context) error {
	progress := d.progress("issuers without keys", len(d.gateways))
	defer progress.Done()
	for _, g := range d.gateways {
		g.stop()
		out, err := d.run(ctx, "urna-gateway", "keys", "destroy", "--json", "--config", g.config(), "--election", d.election(), "--present", "demo")
		if err != nil {
			return err
		}
		var made struct {
			File   string `json:"file"`
			Record string `json:"record"`
		}
		if err := json.Unmarshal(out, &made); err != nil {
			return fmt.Errorf("read what destroying printed: %w", err)
		}
		if _, err := os.Stat(made.File); !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s is still there", filepath.Base(made.File))
		}
		if _, err := d.run(ctx, "urna-gateway", "keys", "record", made.Record); err != nil {
			return err
		}
		progress.Add(1)
	}
	return d.verifyJournals(ctx)
}
