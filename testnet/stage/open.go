package stage

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/commission"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/testnet/load"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// The trustees of staged elections.
const (
	trustees  = 3
	threshold = 2
)

// firstClose is when the close stands at first; a keeper moves it on.
const firstClose = 90 * time.Second

// define writes the election down.
func (e *Election) define(plan Plan, keys [][]byte) (*electionv1.Definition, error) {
	nonce := make([]byte, election.NonceBytes)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	now := time.Now().Add(5 * time.Second)
	text := func(s string) []*electionv1.Text { return []*electionv1.Text{{Lang: "en", Text: s}} }
	def := &electionv1.Definition{
		Title: text(fmt.Sprintf("Load of %d voters", plan.Voters)), Nonce: nonce,
		Contests: []*electionv1.Contest{{Title: text("One of them"), Kind: electionv1.ContestKind_CONTEST_KIND_CHOICE, Min: 1, Max: 1, FirstSlot: 1}},
		Groups:   []*electionv1.CountingGroup{{Title: text("All")}},
		Classes:  []*electionv1.TokenClass{{Name: "all"}},
		Zones: []*electionv1.Zone{{
			Title: text("All"), TimeZone: "Europe/Moscow", CeremonyOpensMs: now.UnixMilli(), IssuingOpensMs: now.UnixMilli() + 1,
			VotingOpensMs: now.UnixMilli() + 2, ClosesMs: now.Add(firstClose).UnixMilli(),
		}},
		Revote: &electionv1.RevotePolicy{}, Panels: []*electionv1.Panel{{}}, Threshold: threshold, SmallClasses: true, TokenBits: 2048,
		Ceremony: &electionv1.CeremonyWindows{WindowMs: 20_000, WindowBlocks: 5},
	}
	for o := range plan.Options {
		def.Contests[0].Options = append(def.Contests[0].Options, &electionv1.Option{Title: text(fmt.Sprintf("Option %d", o+1))})
	}
	for s := range plan.Styles {
		name := fmt.Sprintf("style-%d", s)
		def.Styles = append(def.Styles, &electionv1.Style{Name: name, Title: text(name), Contests: []uint32{0}})
	}
	for i := range plan.Panel {
		operator := e.Secrets.Operator(i).Public()
		def.Issuers = append(def.Issuers, &electionv1.Issuer{Name: fmt.Sprintf("issuer-%d", i+1), OperatorKey: operator[:]})
		def.Panels[0].Issuers = append(def.Panels[0].Issuers, uint32(i))
	}
	for i, key := range keys {
		def.Trustees = append(def.Trustees, &electionv1.Trustee{Name: fmt.Sprintf("trustee-%d", i+1), Key: key})
	}
	if plan.Define != nil {
		plan.Define(def)
	}
	return def, election.Validate(def)
}

// create makes the trustees' media and has the commission create the election.
func (e *Election) create(ctx context.Context, plan Plan) (err error) {
	if e.Secrets, err = load.NewSecrets(rand.Reader); err != nil {
		return err
	}
	var keys [][]byte
	for i := range trustees {
		home := filepath.Join(e.dir, fmt.Sprintf("trustee-%d", i+1))
		out, err := e.network.Run(ctx, "urna", "trustee", "init", "--home", home, "--json")
		if err != nil {
			return err
		}
		var made struct {
			Public string `json:"public"`
		}
		if err := json.Unmarshal(out, &made); err != nil {
			return fmt.Errorf("read trustee's key: %w", err)
		}
		key, err := commission.Hex32("trustee's key", made.Public)
		if err != nil {
			return err
		}
		e.trustees, keys = append(e.trustees, home), append(keys, key[:])
	}
	if e.Definition, err = e.define(plan, keys); err != nil {
		return err
	}
	e.ID = election.DefinitionID(e.network.ChainID, e.Definition)
	if err := e.network.Decide(ctx, commissionv1.Action_ACTION_CREATE_ELECTION, &electionv1.CreateElection{Definition: e.Definition}); err != nil {
		return err
	}
	e.keep = e.keepOpen(ctx, time.UnixMilli(e.Definition.Zones[0].ClosesMs), plan.CloseEvery)
	return e.await(ctx, func(c *client.Client) (bool, error) {
		_, err := c.Proven(ctx, e.ID, "definition")
		if errors.Is(err, client.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	})
}

// register makes the issuers' token keys and publishes them with their proofs.
func (e *Election) register(ctx context.Context, plan Plan) (err error) {
	if e.Secrets.Issuers, err = makeTokenKeys(plan.Panel, len(e.Definition.Classes)); err != nil {
		return err
	}
	c, err := e.network.Client(0)
	if err != nil {
		return err
	}
	defer c.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for i, keys := range e.Secrets.Issuers {
		operator := e.Secrets.Operator(i)
		for class, key := range keys {
			group.Go(func() error {
				where := issuance.KeyContext(e.network.ChainID, e.ID, uint32(class), 0, operator.Public())
				message, err := issuance.NewRegisterIssuerKey(key, where, uint32(i))
				if err != nil {
					return err
				}
				raw, err := envelope.Encode(e.network.ChainID, uint32(txv1.Kind_KIND_REGISTER_ISSUER_KEY), ledger.MustEncode(message), operator)
				if err != nil {
					return err
				}
				_, err = c.SubmitAndWait(ctx, raw)
				return err
			})
		}
	}
	return group.Wait()
}

// prepare holds the key ceremony and stages the roll side by side.
func (e *Election) prepare(ctx context.Context, plan Plan) error {
	group, ctx := errgroup.WithContext(ctx)
	for i, home := range e.trustees {
		group.Go(func() error {
			_, err := e.network.Run(ctx, "urna", append([]string{"trustee", "ceremony", "--home", home, "--election", e.name(), "--zone", "0"}, e.network.where(i)...)...)
			return err
		})
	}
	group.Go(func() error { return e.enrol(ctx, plan) })
	return group.Wait()
}

// enrol has the first member stage every voter's entry and the commission
// approve the roll.
func (e *Election) enrol(ctx context.Context, plan Plan) error {
	styleOf := plan.StyleOf
	if styleOf == nil {
		styles := uint32(len(e.Definition.Styles))
		styleOf = func(voter int) uint32 { return uint32(voter) % styles }
	}
	list := commission.RollList{}
	for i := range plan.Voters {
		style := styleOf(i)
		list[style] = append(list[style], e.Secrets.Entry(i))
	}
	office, c, err := e.network.office(0)
	if err != nil {
		return err
	}
	defer c.Close()
	act, err := office.StageRoll(ctx, e.ID, len(e.Definition.Styles), list, func(int) {})
	if err != nil {
		return err
	}
	return e.network.Decide(ctx, commissionv1.Action_ACTION_APPROVE_ROLL, act)
}

// office of a member.
func (n *Network) office(member int) (*commission.Office, *client.Client, error) {
	c, err := n.Client(member)
	if err != nil {
		return nil, nil, err
	}
	return &commission.Office{Client: c, ChainID: n.ChainID, Key: n.members[member], Now: time.Now, Random: rand.Reader}, c, nil
}

// Decide carries an act through the commission.
func (n *Network) Decide(ctx context.Context, action commissionv1.Action, act ledger.Wire) error {
	var id [32]byte
	for i := range quorum {
		office, c, err := n.office(i)
		if err != nil {
			return err
		}
		if i == 0 {
			id, err = office.Propose(ctx, action, act, time.Hour)
		} else {
			err = office.Approve(ctx, id)
		}
		c.Close()
		if err != nil {
			return fmt.Errorf("decide %s: %w", action, err)
		}
	}
	return nil
}

// Run executes one of the built programs to its end.
func (n *Network) Run(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(n.Bin, program), args...)
	out, err := cmd.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%w: %s", err, failed.Stderr[max(0, len(failed.Stderr)-2000):])
		}
		return out, fmt.Errorf("%s %v: %w", program, args[:min(2, len(args))], err)
	}
	return out, nil
}

// where are the flags by which urna finds the chain.
func (n *Network) where(first int) []string {
	args := []string{"--genesis", n.Genesis()}
	for _, url := range n.Running(first) {
		args = append(args, "--node", url)
	}
	return args
}

// Record is where an election's record is fetched to.
func (e *Election) Record() string { return filepath.Join(e.dir, "record") }
