package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/slip"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/testnet/crowd"
)

// makeVoters gives everybody a browser and a telephone.
func (d *demo) makeVoters() error {
	transport := &http.Transport{MaxIdleConnsPerHost: atOnce, MaxConnsPerHost: atOnce}
	phones := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * atOnce}}
	for i, v := range d.electorate.Voters {
		c := d.citizens[i]
		browser, err := crowd.NewBrowser(transport, c.Login, c.Password)
		if err != nil {
			return err
		}
		phone := &crowd.Phone{Number: c.Phone, Provider: d.services.phones, HTTP: phones}
		d.voters = append(d.voters, &voter{Voter: v, citizen: &d.citizens[i], person: &crowd.Person{Browser: browser, Phone: phone}})
	}
	return nil
}

// takeApplications has everybody apply: log in at the registrar, show by a code
// that the telephone is the own one, file.
func (d *demo) takeApplications(ctx context.Context) error {
	if err := d.makeVoters(); err != nil {
		return err
	}
	registrar, err := issuer.New(&http.Transport{MaxIdleConnsPerHost: atOnce, MaxConnsPerHost: atOnce}, d.registrar.urls...)
	if err != nil {
		return err
	}
	d.cabinet = registrar
	progress := d.progress("applications", len(d.voters))
	defer progress.Done()
	return each(ctx, 0, len(d.voters), func() { progress.Add(1) }, func(ctx context.Context, i int) error {
		return d.apply(ctx, d.voters[i])
	})
}

// apply files one voter's application, which must be accepted.
func (d *demo) apply(ctx context.Context, v *voter) error {
	visit, verifier, err := beginLogIn(ctx, d.cabinet, v, api.LoginRequest{Purpose: api.PurposeApplication, Election: make([]byte, 32)})
	if err != nil {
		return err
	}
	bearer, mark, err := finishLogIn(ctx, d.cabinet, v, visit, verifier)
	if err != nil {
		return err
	}
	v.bearer = bearer
	if _, err := d.cabinet.SendPhoneCode(ctx, bearer, v.citizen.Phone); err != nil {
		return err
	}
	reply, err := v.person.Code(ctx, session.Question{Mark: mark})
	if err != nil {
		return err
	}
	if err := d.cabinet.ConfirmPhone(ctx, bearer, v.citizen.Phone, reply.Code); err != nil {
		return err
	}
	filed, err := d.cabinet.Apply(ctx, bearer, api.ApplicationForm{Phone: v.citizen.Phone, Mail: v.citizen.Mail, Language: "ru"})
	if err != nil {
		return err
	}
	if filed.Status != "accepted" {
		return fmt.Errorf("application %s: %s, %s", filed.Number, filed.Status, filed.Why)
	}
	return nil
}

// closeList ends the time to apply and forms the list: the roll for the
// commission, and a list of persons for each issuer, sealed to it.
func (d *demo) closeList(ctx context.Context) error {
	args := []string{"applications", "close", "--config", d.registrar.config(), "--election", d.election(), "--out", d.path("roster")}
	for _, g := range d.gateways {
		recipient, err := d.recipient(ctx, g)
		if err != nil {
			return err
		}
		args = append(args, "--issuer", g.name+"="+recipient)
	}
	over := "URNA_GATEWAY_APPLICATIONS_CLOSES=" + time.Now().Format(time.RFC3339)
	_, err := d.runWith(ctx, []string{over}, "urna-gateway", args...)
	return err
}

// peopleFile is the sealed list of persons for an issuer.
func (d *demo) peopleFile(g *gateway) string {
	return d.path("roster", g.name, applications.PeopleFile)
}

// fetchSlips lets every voter take the slip from the own cabinet.
func (d *demo) fetchSlips(ctx context.Context) error {
	progress := d.progress("slips", len(d.voters))
	defer progress.Done()
	return each(ctx, 0, len(d.voters), func() { progress.Add(1) }, func(ctx context.Context, i int) error {
		v := d.voters[i]
		text, err := d.cabinet.Slip(ctx, v.bearer, d.electionID)
		if err != nil {
			return err
		}
		v.slip, err = slip.Parse(text)
		return err
	})
}

// recipient is what the registrar seals the gateway's list to.
func (d *demo) recipient(ctx context.Context, g *gateway) (string, error) {
	out, err := d.run(ctx, "urna-gateway", "people", "recipient", "--config", g.config(), "--json")
	if err != nil {
		return "", err
	}
	var made struct {
		Recipient string `json:"recipient"`
	}
	return made.Recipient, decodeJSON(out, &made)
}
