package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/testnet/crowd"
)

// checkNotices looks whether a voter was told by mail of each endorsement, and
// lets the voter say that it was somebody else: the issuer counts it, once.
func (d *demo) checkNotices(ctx context.Context, c *everybody) error {
	v := d.voters[0]
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	box := &crowd.Phone{Number: v.citizen.Mail, Provider: d.services.mails, HTTP: v.person.Phone.HTTP}
	var told int
	var after uint64
	for told < panelSize {
		mails, err := box.Messages(ctx, after)
		if err != nil {
			return fmt.Errorf("a voter is told of %d endorsements of %d: %w", told, panelSize, err)
		}
		for _, m := range mails {
			after = max(after, m.Seq)
			if m.Subject == "Бюллетень выдан" {
				told++
			}
		}
	}
	member := d.gateways[int(v.state.Panel())*panelSize]
	gateway := c.issuers[member.operator]
	want := api.DisputeAnswer{Endorsed: true, Counted: true}
	for range 2 {
		visit, verifier, err := beginLogIn(ctx, gateway, v, api.LoginRequest{Purpose: api.PurposeDispute, Election: d.electionID[:]})
		if err != nil {
			return err
		}
		var bearer issuer.Bearer
		if bearer, _, err = finishLogIn(ctx, gateway, v, visit, verifier); err != nil {
			return err
		}
		if got, err := gateway.Dispute(ctx, bearer); err != nil || got != want {
			return fmt.Errorf("dispute: %+v, not %+v: %w", got, want, errOr(err, "another answer"))
		}
	}
	info, err := gateway.Info(ctx)
	if err != nil {
		return err
	}
	if len(info.Disputes) != 1 || info.Disputes[0].Count != 1 {
		return fmt.Errorf("%s shows disputes %+v, not one", member.name, info.Disputes)
	}
	fmt.Fprintf(d.out, "        a voter is told by mail of %d endorsements; a dispute is counted once\n", told)
	return nil
}

// verifyJournals checks that no organisation's record of its staff was changed.
func (d *demo) verifyJournals(ctx context.Context) error {
	all := d.gateways
	if d.registrar != nil {
		all = append([]*gateway{d.registrar}, all...)
	}
	for _, g := range all {
		if _, err := d.run(ctx, "urna-gateway", "journal", "verify", "--config", g.config()); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	return nil
}
