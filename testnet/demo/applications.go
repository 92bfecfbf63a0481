package main

import (
	"context"
	"errors"
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
	equip := func(c *citizen) (*voter, error) {
		browser, err := crowd.NewBrowser(transport, c.Login, c.Password)
		phone := &crowd.Phone{Number: c.Phone, Provider: d.services.phones, HTTP: phones}
		return &voter{citizen: c, person: &crowd.Person{Browser: browser, Phone: phone}}, err
	}
	for i := range d.electorate.Voters {
		v, err := equip(&d.citizens[i])
		if err != nil {
			return err
		}
		v.Voter = d.electorate.Voters[i]
		d.voters = append(d.voters, v)
	}
	for _, c := range outsiders() {
		v, err := equip(&c)
		if err != nil {
			return err
		}
		d.outsiders = append(d.outsiders, v)
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
	err = each(ctx, 0, len(d.voters), func() { progress.Add(1) }, func(ctx context.Context, i int) error {
		filed, err := d.apply(ctx, d.voters[i])
		if err == nil && filed.Status != "accepted" {
			err = fmt.Errorf("application %s: %s, %s", filed.Number, filed.Status, filed.Why)
		}
		return err
	})
	if err != nil {
		return err
	}
	return d.tryRegistrar(ctx)
}

// enter logs a voter in at the registrar and gives the session's mark.
func (d *demo) enter(ctx context.Context, v *voter) (mark string, err error) {
	visit, verifier, err := beginLogIn(ctx, d.cabinet, v, api.LoginRequest{Purpose: api.PurposeApplication, Election: make([]byte, 32)})
	if err != nil {
		return "", err
	}
	v.bearer, mark, err = finishLogIn(ctx, d.cabinet, v, visit, verifier)
	return mark, err
}

// confirmPhone shows by the code that a telephone got that it is the voter's.
func (d *demo) confirmPhone(ctx context.Context, v *voter, phone *crowd.Phone, mark string) error {
	if _, err := d.cabinet.SendPhoneCode(ctx, v.bearer, phone.Number); err != nil {
		return err
	}
	code, err := phone.Code(ctx, session.Question{Mark: mark})
	if err != nil {
		return err
	}
	return d.cabinet.ConfirmPhone(ctx, v.bearer, phone.Number, code)
}

// apply files one voter's application.
func (d *demo) apply(ctx context.Context, v *voter) (filed api.Application, err error) {
	mark, err := d.enter(ctx, v)
	if err != nil {
		return filed, err
	}
	if err := d.confirmPhone(ctx, v, v.person.Phone, mark); err != nil {
		return filed, err
	}
	return d.cabinet.Apply(ctx, v.bearer, api.ApplicationForm{Phone: v.citizen.Phone, Mail: v.citizen.Mail, Language: "ru"})
}

// tryRegistrar makes applications that must be refused.
func (d *demo) tryRegistrar(ctx context.Context) error {
	const stranger, phoneOfAnother, unchecked = "application of somebody who is not in the voter register", "application with another's telephone", "log-in with an unconfirmed account"
	filed, err := d.apply(ctx, d.outsiders[0])
	if err != nil || filed.Status != "rejected" || filed.Reason != "data" {
		return fmt.Errorf("%s: %s, %s: %w", stranger, filed.Status, filed.Reason, errOr(err, "not so refused"))
	}
	d.summary.refused(stranger)
	v := d.outsiders[1]
	mark, err := d.enter(ctx, v)
	if err != nil {
		return err
	}
	if err := d.refusedAs(phoneOfAnother, d.confirmPhone(ctx, v, d.voters[0].person.Phone, mark), "phone-bound"); err != nil {
		return err
	}
	var refused *session.LoginError
	if _, err := d.enter(ctx, d.outsiders[unconfirmed]); !errors.As(err, &refused) || refused.Name != "login-unconfirmed" {
		return fmt.Errorf("%s: %w", unchecked, errOr(err, "was not refused"))
	}
	d.summary.refused(unchecked)
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
