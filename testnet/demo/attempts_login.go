package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/testnet/crowd"
)

// tryGateways makes attempts at the issuers that must be refused.
func (d *demo) tryGateways(ctx context.Context, c *everybody) error {
	if !d.byPortal() {
		return d.tryCodes(ctx, c)
	}
	if err := d.awaitPanel(ctx, c, 1); err != nil {
		return err
	}
	// Voters who got their token from panel 0: no member of panel 1 has sent them
	// a code, so that none of these has to wait a minute for one.
	for i, try := range []func(context.Context, *everybody, *voter) error{d.tryThreeCodes, d.trySecondToken, d.tryOtherRequest, d.tryOtherBrowser, d.tryStranger} {
		if i >= len(d.voters)*3/4 {
			break // so few voters that the others are of panel 1
		}
		if err := try(ctx, c, d.voters[i]); err != nil {
			return err
		}
	}
	return d.checkNotices(ctx, c)
}

// tryCodes: another device of a voter who has a token, with a wrong code and
// with the right one.
func (d *demo) tryCodes(ctx context.Context, c *everybody) error {
	v := d.voters[len(d.voters)-1]
	for _, try := range []struct {
		attempt, name string
		wrongCode     bool
	}{
		{"wrong access code", "credential", true},
		{"second token for an entry", "other-record", false},
	} {
		state, err := session.NewState(rand.Reader, d.chainID, d.electionID, v.slip.Entry(), uint32(v.Style))
		if err != nil {
			return err
		}
		again := *v
		again.state = state
		cfg := c.config(&again, 0)
		if try.wrongCode {
			right := cfg.Access
			cfg.Access = func(operator [32]byte) (session.Access, bool) {
				a, ok := right(operator)
				a.Code = "0000-0000-0000-0000"
				return a, ok
			}
		}
		s, err := session.New(ctx, cfg)
		if err != nil {
			return err
		}
		if err := s.Token(ctx); !issuer.Refused(err, try.name) {
			return fmt.Errorf("%s: %w", try.attempt, errOr(err, "a token was issued"))
		}
		d.summary.refused(try.attempt)
	}
	return nil
}

// awaitPanel waits until voters can prove that a panel is open.
func (d *demo) awaitPanel(ctx context.Context, c *everybody, panel uint32) error {
	for {
		params, err := c.watch.Parameters(ctx, d.electionID, uint32(d.attacker().Style), 0)
		if err != nil || params.OpenPanel == panel {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// device is another device of a voter: fresh secrets, an open panel, a request.
type device struct {
	state  *session.State
	params *booth.Parameters
	app    *booth.Application
}

// member is the first member of the open panel.
func (c *everybody) member(p *device) ([32]byte, *issuer.Gateway) {
	operator := [32]byte(p.params.Members(p.params.OpenPanel)[0].OperatorKey)
	return operator, c.issuers[operator]
}

func (d *demo) another(ctx context.Context, c *everybody, v *voter) (*device, error) {
	state, err := session.NewState(rand.Reader, d.chainID, d.electionID, v.slip.Entry(), uint32(v.Style))
	if err != nil {
		return nil, err
	}
	cfg := c.config(v, 0)
	cfg.State = state
	s, err := session.New(ctx, cfg)
	if err != nil {
		return nil, err
	}
	secret, claim, err := secrets(state)
	if err != nil {
		return nil, err
	}
	params := s.Parameters()
	app, err := booth.Apply(params, params.OpenPanel, secret, v.slip.Entry(), claim)
	return &device{state, params, app}, err
}

// logIn goes through the portal for a request at one member.
func (d *demo) logIn(ctx context.Context, gateway *issuer.Gateway, v *voter, request [32]byte) (issuer.Bearer, string, error) {
	r := api.LoginRequest{Purpose: api.PurposeToken, Election: d.electionID[:], Request: request[:]}
	visit, verifier, err := beginLogIn(ctx, gateway, v, r)
	if err != nil {
		return issuer.Bearer{}, "", err
	}
	return finishLogIn(ctx, gateway, v, visit, verifier)
}

func finishLogIn(ctx context.Context, gateway *issuer.Gateway, v *voter, visit session.Visit, verifier [32]byte) (issuer.Bearer, string, error) {
	grant, err := v.person.Browser.LogIn(ctx, visit)
	if err != nil {
		return issuer.Bearer{}, "", err
	}
	bearer, answer, err := gateway.Session(ctx, api.SessionRequest{ID: grant, Verifier: verifier[:]})
	return bearer, answer.Mark, err
}

func beginLogIn(ctx context.Context, gateway *issuer.Gateway, v *voter, r api.LoginRequest) (visit session.Visit, verifier [32]byte, err error) {
	if _, err := rand.Read(verifier[:]); err != nil {
		return visit, verifier, err
	}
	returns, err := v.person.Returns(1)
	if err != nil {
		return visit, verifier, err
	}
	challenge := sha256.Sum256(verifier[:])
	r.Challenge, r.Return = challenge[:], returns[0]
	answer, err := gateway.Login(ctx, r)
	return session.Visit{URL: answer.URL, Return: returns[0]}, verifier, err
}

func (d *demo) refusedAs(attempt string, err error, names ...string) error {
	for _, name := range names {
		if issuer.Refused(err, name) {
			d.summary.refused(attempt)
			return nil
		}
	}
	return fmt.Errorf("%s: %w", attempt, errOr(err, "was not refused"))
}

// guesser types wrong codes and notes why each is refused.
type guesser struct {
	*crowd.Person
	refusals []error
}

var errGivesUp = errors.New("the guesser gives up")

// Code implements session.Person.
func (g *guesser) Code(ctx context.Context, q session.Question) (session.Reply, error) {
	if q.Refusal != nil {
		g.refusals = append(g.refusals, q.Refusal)
	}
	if issuer.Refused(q.Refusal, "code-exhausted") {
		return session.Reply{}, errGivesUp
	}
	q.Refusal = nil
	right, err := g.Person.Code(ctx, q)
	if err != nil {
		return right, err
	}
	return session.Reply{Code: other(right.Code)}, nil
}

// other is another code of as many digits.
func other(code string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, code)
}

// tryThreeCodes types three wrong codes; after them even the right one is none.
func (d *demo) tryThreeCodes(ctx context.Context, c *everybody, v *voter) error {
	dev, err := d.another(ctx, c, v)
	if err != nil {
		return err
	}
	cfg := c.config(v, 0)
	guesser := &guesser{Person: v.person}
	cfg.State, cfg.Person = dev.state, guesser
	s, err := session.New(ctx, cfg)
	if err != nil {
		return err
	}
	if err := s.Token(ctx); !errors.Is(err, errGivesUp) {
		return fmt.Errorf("wrong one-time code: %w", errOr(err, "a token was issued"))
	}
	// Three at each member.
	if len(guesser.refusals) != 3*panelSize {
		return fmt.Errorf("wrong one-time code: %d refusals: %w", len(guesser.refusals), errors.Join(guesser.refusals...))
	}
	if err := d.refusedAs("wrong one-time code", guesser.refusals[0], "code-wrong"); err != nil {
		return err
	}
	return d.refusedAs("third wrong one-time code", guesser.refusals[2], "code-exhausted")
}

// trySecondToken logs in and types the right codes, on another device.
func (d *demo) trySecondToken(ctx context.Context, c *everybody, v *voter) error {
	dev, err := d.another(ctx, c, v)
	if err != nil {
		return err
	}
	cfg := c.config(v, 0)
	cfg.State = dev.state
	s, err := session.New(ctx, cfg)
	if err != nil {
		return err
	}
	return d.refusedAs("second token for an entry", s.Token(ctx), "entry", "other-record")
}

// tryOtherRequest asks for a second code at once, and hands in another request
// than the one that the person logged in for.
func (d *demo) tryOtherRequest(ctx context.Context, c *everybody, v *voter) error {
	dev, err := d.another(ctx, c, v)
	if err != nil {
		return err
	}
	_, gateway := c.member(dev)
	bearer, mark, err := d.logIn(ctx, gateway, v, sha256.Sum256([]byte("another request")))
	if err != nil {
		return err
	}
	if _, err := gateway.SendCode(ctx, bearer, api.ChannelSMS); err != nil {
		return err
	}
	_, err = gateway.SendCode(ctx, bearer, api.ChannelSMS)
	if err := d.refusedAs("another code at once", err, "code-wait"); err != nil {
		return err
	}
	reply, err := v.person.Code(ctx, session.Question{Mark: mark})
	if err != nil {
		return err
	}
	_, err = gateway.EndorseAs(ctx, bearer, dev.request(reply.Code))
	return d.refusedAs("log-in for another request", err, "other-request")
}

// request is the token request to the first member of the open panel.
func (p *device) request(code string) api.TokenRequest {
	entry, election := p.state.Entry(), p.state.Election()
	_, claim, _ := secrets(p.state) // another made them before
	r := api.TokenRequest{
		Election: election[:], Entry: entry[:], Style: p.state.Style(), Panel: p.params.OpenPanel, Code: code,
		Blinded: p.app.Blinded(0), ClaimKeyHash: claim[:],
	}
	for _, h := range p.app.BlindedHashes() {
		r.BlindedHashes = append(r.BlindedHashes, h)
	}
	return r
}

// tryOtherBrowser opens the portal's answer in another browser than the one
// that went there.
func (d *demo) tryOtherBrowser(ctx context.Context, c *everybody, v *voter) error {
	dev, err := d.another(ctx, c, v)
	if err != nil {
		return err
	}
	operator, gateway := c.member(dev)
	request := dev.app.Request()
	visit, _, err := beginLogIn(ctx, gateway, v, api.LoginRequest{Purpose: api.PurposeToken, Election: d.electionID[:], Request: request[:]})
	if err != nil {
		return err
	}
	callback, err := v.person.Browser.Go(ctx, visit.URL, d.publicOf(operator)+"/login/callback")
	if err != nil {
		return err
	}
	another, err := crowd.NewBrowser(nil, "", "")
	if err != nil {
		return err
	}
	const attempt = "portal's answer in another browser"
	if _, err := another.Go(ctx, callback.String(), visit.Return); !errors.Is(err, crowd.ErrPage) {
		return fmt.Errorf("%s: %w", attempt, errOr(err, "was not refused"))
	}
	d.summary.refused(attempt)
	return nil
}

func (d *demo) publicOf(operator [32]byte) string {
	for _, g := range d.gateways {
		if g.operator == operator {
			return g.public
		}
	}
	return ""
}

// tryStranger logs in as one voter for the entry of another.
func (d *demo) tryStranger(ctx context.Context, c *everybody, v *voter) error {
	victim := *d.voters[len(d.voters)-1]
	victim.person = v.person
	dev, err := d.another(ctx, c, &victim)
	if err != nil {
		return err
	}
	_, gateway := c.member(dev)
	bearer, _, err := d.logIn(ctx, gateway, v, dev.app.Request())
	if err != nil {
		return err
	}
	_, err = gateway.EndorseAs(ctx, bearer, dev.request("000000"))
	return d.refusedAs("log-in of another person", err, "other-request")
}

// secrets takes a device's state apart.
func secrets(state *session.State) (*blindtoken.Secret, [32]byte, error) {
	text, err := state.Reveal()
	if err != nil {
		return nil, [32]byte{}, err
	}
	var device struct {
		Secret api.Hex `json:"token_secret"`
		Claim  api.Hex `json:"claim_seed"`
	}
	if err := decodeJSON(text, &device); err != nil {
		return nil, [32]byte{}, err
	}
	secret, err := blindtoken.SecretFromBytes(device.Secret)
	if err != nil {
		return nil, [32]byte{}, err
	}
	public := sign.NewPrivateKey([32]byte(device.Claim)).Public()
	return secret, sha256.Sum256(public[:]), nil
}
