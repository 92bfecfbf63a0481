package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/audit/record"
	"github.com/urna-vote/urna/offchain/audit/verify"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/commission"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/trustee/decrypt"
	"github.com/urna-vote/urna/offchain/trustee/keystore"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/tally"
)

// decryption holds the flags of trustee decrypt.
type decryption struct {
	connection
	home, election, record string
	work                   string
	zone                   uint32
	poll                   time.Duration
	wait, yes              bool
}

func newTrusteeDecryptCommand() *cobra.Command {
	var d decryption
	cmd := &cobra.Command{
		Use:   "decrypt",
		Short: "Verify the whole record and decrypt the sums it leads to",
		Long: `Fetch all blocks, verify them from the genesis on, and decrypt the sums that
follow from the ballots: those and no others, once. What is decrypted is noted on
the medium first. Called again it sends the same share.

With --wait it can be started while voting goes on: it verifies what comes, and
decrypts soon after the close, however many ballots there are. Ctrl-C is harmless:
started again with the same work directory it goes on where it was. The directory
holds nothing secret; remove it when the zone is final.

It ends with code 3, and decrypts nothing, if the record does not verify.`,
		Example: "  urna trustee decrypt --home medium --election 9ab1… --node http://127.0.0.1:26680 --genesis genesis.json\n  urna trustee decrypt --wait --yes --home medium --election 9ab1… --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return d.run(cmd) },
	}
	d.register(cmd)
	homeFlag(cmd, &d.home)
	f := cmd.Flags()
	f.StringVar(&d.election, "election", "", "id of the election")
	f.Uint32Var(&d.zone, "zone", 0, "number of the zone, from 0")
	f.StringVar(&d.record, "record", "", "directory of a fetched record (default: fetch the blocks)")
	f.BoolVar(&d.wait, "wait", false, "verify while voting goes on, and wait for the close")
	f.StringVar(&d.work, "work", "", "directory for the work, kept to go on from (default: verified in the medium)")
	f.DurationVar(&d.poll, "poll", 500*time.Millisecond, "how often to look at the ledger")
	f.BoolVar(&d.yes, "yes", false, "decrypt without asking")
	_ = cmd.MarkFlagRequired("election") // the flag exists
	return cmd
}

func (d *decryption) run(cmd *cobra.Command) error {
	boundMemory()
	id, err := commission.Hex32("--election", d.election)
	if err != nil {
		return terminal.Usage("%w", err)
	}
	home, err := keystore.Open(d.home)
	if err != nil {
		return err
	}
	c, err := d.open()
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.CheckChain(cmd.Context()); err != nil {
		return err
	}
	report, err := d.verify(cmd, c, id)
	if err != nil {
		return err
	}
	plan, err := decrypt.Examine(decrypt.Request{
		Home: home, ChainID: c.Trust().ChainID(), Genesis: c.Trust().Genesis().SHA256,
		Election: id, Zone: d.zone, Report: report, Random: rand.Reader,
	})
	if errors.Is(err, decrypt.ErrRecord) || errors.Is(err, decrypt.ErrForeign) {
		return terminal.Difference(err)
	}
	if err != nil {
		return err
	}
	if err := d.compare(cmd.Context(), c, plan); err != nil {
		return err
	}
	if err := d.show(cmd, plan); err != nil {
		return err
	}
	if !d.yes && !confirmed(cmd, "Decrypt these sums? Type yes: ") {
		return errors.New("not decrypted")
	}
	return d.send(cmd, c, plan)
}

// verify runs the verifier over the given record, or over what nodes have.
func (d *decryption) verify(cmd *cobra.Command, c *client.Client, id [32]byte) (*verify.Report, error) {
	if d.record != "" {
		return d.verifyRecord(cmd)
	}
	if d.work == "" {
		d.work = filepath.Join(d.home, "verified")
	}
	progress := newProgress(cmd, "blocks verified")
	opt := verification{work: d.work, resume: true}.options(cmd, progress)
	opt.Progress = func(p verify.Progress) {
		if p.Height < p.Last { // in step with the chain there is nothing to show
			progress.Set(p.Height, p.Last)
		}
	}
	report, err := decrypt.Follow(cmd.Context(), decrypt.Watch{
		Source: c, Trust: c.Trust(), Election: id, Zone: d.zone, Wait: d.wait, Options: opt,
		Pause: func(ctx context.Context) error { return pause(ctx, d.poll) },
		Say:   func(line string) { _, _ = fmt.Fprintln(cmd.ErrOrStderr(), line) },
	})
	if err != nil {
		return nil, err
	}
	progress.Done()
	return report, nil
}

func (d *decryption) verifyRecord(cmd *cobra.Command) (*verify.Report, error) {
	if d.wait {
		return nil, terminal.Usage("--wait follows nodes: it does not go with --record")
	}
	rec, err := record.Open(d.record)
	if errors.Is(err, record.ErrDamaged) {
		return nil, terminal.Difference(err)
	}
	if err != nil {
		return nil, err
	}
	progress := newProgress(cmd, "KiB of blocks verified")
	report, err := verify.Run(cmd.Context(), rec, verify.Options{Progress: verified(progress), Work: d.work})
	if err != nil {
		return nil, err
	}
	progress.Done()
	return report, nil
}

// compare looks at the ledger's own sums and phase under the newest signed head.
func (d *decryption) compare(ctx context.Context, c *client.Client, plan *decrypt.Plan) error {
	for tries := 0; ; tries++ {
		err := d.compareOnce(ctx, c, plan)
		// The block that was verified last is provable only with its successor.
		if !errors.Is(err, client.ErrNotFound) && !errors.Is(err, decrypt.ErrEarly) || tries == provableTries {
			return err
		}
		if err := pause(ctx, d.poll); err != nil {
			return err
		}
	}
}

// provableTries until the close must be provable, a look apart.
const provableTries = 20

func (d *decryption) compareOnce(ctx context.Context, c *client.Client, plan *decrypt.Plan) error {
	zone, units := fmt.Sprintf("zone/%d", plan.Zone), fmt.Sprintf("units/%d", plan.Zone)
	proven, err := c.Proven(ctx, plan.Election, zone, units)
	if err != nil {
		return differs(err)
	}
	state, err := provenObject[electionv1.ZoneState](proven, zone)
	if err != nil {
		return err
	}
	if state.Phase != electionv1.Phase_PHASE_COUNTING {
		return fmt.Errorf("%w: at height %d it is in another phase", decrypt.ErrEarly, proven.Head.Height)
	}
	b, _ := proven.Object(units)
	if err := plan.Compare(b); err != nil {
		return terminal.Difference(err)
	}
	return nil
}

// show tells a person what will be decrypted.
func (d *decryption) show(cmd *cobra.Command, plan *decrypt.Plan) error {
	p := &printer{w: cmd.ErrOrStderr()}
	_, units := plan.Ballots()
	p.line("election %x, zone %d: the record verifies up to block %d", plan.Election, plan.Zone, plan.Report.Last)
	p.line("%d sums to decrypt as trustee %d:", units, plan.Trustee)
	var rows [][]string
	for _, u := range plan.Units.Units {
		contest := plan.Definition.Contests[u.Contest]
		what := "decrypt"
		if !tally.Decrypted(u) {
			what = "no ballots"
		}
		rows = append(rows, []string{fmt.Sprint(u.Contest), titleOf(contest.Title), join(u.Groups), fmt.Sprint(u.Ballots), what})
	}
	p.table([]string{"contest", "title", "groups", "ballots", ""}, rows)
	if plan.Given {
		p.line("this trustee's share is on the ledger already")
	}
	return p.err
}

func titleOf(texts []*electionv1.Text) string {
	titles := map[string]string{}
	for _, t := range texts {
		titles[t.Lang] = t.Text
	}
	return strings.TrimSpace(anyTitle(titles))
}

func (d *decryption) send(cmd *cobra.Command, c *client.Client, plan *decrypt.Plan) error {
	var progress *terminal.Progress
	raw, err := plan.Transaction(func(done, total int64) {
		if progress == nil {
			progress = newProgress(cmd, "sums decrypted")
		}
		progress.Set(done, total)
	})
	if err != nil {
		return err
	}
	if progress != nil {
		progress.Done()
	}
	height, err := c.SubmitAndWait(cmd.Context(), raw)
	if err != nil && (!plan.Given || !errors.Is(err, client.ErrRefused)) {
		return err
	}
	if asJSON(cmd) {
		return terminal.WriteJSON(cmd.OutOrStdout(), map[string]any{
			"trustee": plan.Trustee, "zone": plan.Zone, "height": height, "given_before": plan.Given,
		})
	}
	if height == 0 {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "share: on the ledger since before")
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "share: on the ledger in block %d\n", height)
	return err
}

// provenObject decodes an object that was asked for.
func provenObject[T any, M interface {
	*T
	Unmarshal([]byte) error
}](p *chain.Proven, name string) (M, error) {
	b, ok := p.Object(name)
	if !ok {
		return nil, fmt.Errorf("%s is not proven", name)
	}
	m := M(new(T))
	if err := m.Unmarshal(b); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return m, nil
}
