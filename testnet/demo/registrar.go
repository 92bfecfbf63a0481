package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/config"
)

// startPortal makes the organisations' homes, gives them their accounts at the
// portal and the providers, and starts those and the registrar, which has the
// voter register.
func (d *demo) startPortal(ctx context.Context) error {
	for _, dir := range []string{"portal", "registrar"} {
		if err := os.MkdirAll(d.path(dir), 0o700); err != nil {
			return err
		}
	}
	if err := d.services.addresses(); err != nil {
		return err
	}
	if err := d.makeIssuers(ctx); err != nil {
		return err
	}
	if err := d.balanceReplicas(ctx, d.gateways[replicated]); err != nil {
		return err
	}
	var err error
	if d.registrar, err = newGateway(ctx, d, "registrar", d.path("registrar", "home"), 0); err != nil {
		return err
	}
	if err := d.registerClient(d.registrar, "Избирательная комиссия", true); err != nil {
		return err
	}
	for i, g := range d.gateways {
		if err := d.registerClient(g, fmt.Sprintf("Организация %d, выдающая бюллетени", i+1), false); err != nil {
			return err
		}
	}
	if err := d.startServices(ctx); err != nil {
		return err
	}
	err = d.registrar.configure(func(c *config.Config) {
		now := time.Now()
		c.Applications = config.Applications{
			Enabled: true, Campaign: "demo", Title: d.electorate.Title, TitleEN: d.electorate.Title,
			Organisation: "Избирательная комиссия", OrganisationEN: "Election commission",
			Opens: now.Add(-time.Minute).Format(time.RFC3339), Closes: now.Add(24 * time.Hour).Format(time.RFC3339),
			Erase: now.Add(48 * time.Hour).Format(time.RFC3339), VotingDay: now.Format(time.DateOnly),
			TimeZone: "Europe/Moscow", Citizenship: "RUS",
		}
	})
	if err != nil {
		return err
	}
	args := []string{"electors", "import", "--config", d.registrar.config(), "--territories", d.path("registrar", "territories.csv"), d.path("registrar", "register.csv")}
	if _, err := d.run(ctx, "urna-gateway", args...); err != nil {
		return err
	}
	return d.serve(ctx, d.registrar, 0)
}

// balanceReplicas puts an address before a gateway's replicas.
func (d *demo) balanceReplicas(ctx context.Context, g *gateway) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	g.public = "http://" + listener.Addr().String()
	go balance(ctx, listener, g.listen)
	return nil
}
