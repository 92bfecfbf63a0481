package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/offchain/voter/receipt"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/x/election"
)

// casting is a voter's command that sends a ballot.
type casting struct {
	device
	choose  []string
	delay   time.Duration
	receipt string
}

func (v *casting) register(cmd *cobra.Command) {
	v.device.register(cmd)
	cmd.Flags().DurationVar(&v.delay, "delay", 0, "wait a random time, at most so long, before the sealed ballot is sent")
	cmd.Flags().StringVar(&v.receipt, "receipt", "", "write the receipt to this file once it is provable")
}

const chooseHelp = `A choice is written CONTEST=OPTION[,OPTION...], each by its number on the
ballot (urna voter ballot) or its title; with points OPTION:POINTS. Every
contest must be named; "2=" leaves contest 2 blank.`

func newVoterVoteCommand() *cobra.Command {
	var v casting
	cmd := &cobra.Command{
		Use:   "vote --choose CONTEST=OPTION...",
		Short: "Seal a ballot and cast it",
		Long: `Seal a ballot and cast it.

` + chooseHelp + `

Mistakes, such as too many marks, are named before anything is sealed or sent.
The finished ballot is kept until it is in a block: after a failure give
"urna voter resume".`,
		Example: `  urna voter vote --state me.json --choose "1=2" --choose "2=1,3" --receipt receipt.txt --node http://127.0.0.1:26680 --genesis genesis.json
  urna voter vote --choose "Mayor=Ann Smith" --choose "2=1:3,2:1" --delay 15m --node … --genesis …`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return v.cast(cmd, false) },
	}
	v.register(cmd)
	chooseFlag(cmd, &v)
	return cmd
}

func newVoterRecastCommand() *cobra.Command {
	var v casting
	cmd := &cobra.Command{
		Use:   "recast --choose CONTEST=OPTION...",
		Short: "Cast another ballot in place of the last, where the election allows it",
		Long: `Cast another ballot in place of the last, where the election allows it.

` + chooseHelp + `

The last accepted ballot counts. That a key cast again, and when, is public;
whose key it is, is not.`,
		Example: `  urna voter recast --state me.json --choose "1=3" --choose "2=" --node http://127.0.0.1:26680 --genesis genesis.json`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return v.cast(cmd, true) },
	}
	v.register(cmd)
	chooseFlag(cmd, &v)
	return cmd
}

func chooseFlag(cmd *cobra.Command, v *casting) {
	cmd.Flags().StringArrayVar(&v.choose, "choose", nil, "CONTEST=OPTION[,OPTION...], once for each contest")
	_ = cmd.MarkFlagRequired("choose") // the flag exists
}

func newVoterResumeCommand() *cobra.Command {
	var v casting
	cmd := &cobra.Command{
		Use:     "resume",
		Short:   "Send a finished ballot again that is not known to be in a block",
		Example: "  urna voter resume --state me.json --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, s, err := v.begin(cmd.Context())
			if err != nil {
				return err
			}
			defer c.Close()
			return v.send(cmd, c, s)
		},
	}
	v.register(cmd)
	return cmd
}

func (v *casting) begin(ctx context.Context) (*client.Client, *session.Session, error) {
	c, err := v.connection.open()
	if err != nil {
		return nil, nil, err
	}
	s, err := v.resume(ctx, c, noAccess)
	if err != nil {
		c.Close()
		return nil, nil, err
	}
	return c, s, nil
}

func (v *casting) cast(cmd *cobra.Command, again bool) error {
	c, s, err := v.begin(cmd.Context())
	if err != nil {
		return err
	}
	defer c.Close()
	switch casts := len(s.State().Casts()); {
	case s.State().Pending() != nil:
		return fmt.Errorf("%w: urna voter resume", session.ErrPending)
	case !again && casts > 0:
		return errors.New("a ballot was cast already; to replace it: urna voter recast")
	case again && casts == 0:
		return errors.New("no ballot was cast yet: urna voter vote")
	}
	choices, err := booth.ParseChoices(s.Parameters(), v.choose)
	if err != nil {
		return terminal.Usage("%w", err)
	}
	if err := booth.CheckChoices(s.Parameters(), choices); err != nil {
		return terminal.Usage("%w", err)
	}
	if err := s.Seal(cmd.Context(), choices); err != nil {
		return err
	}
	if err := v.linger(cmd.Context()); err != nil {
		return fmt.Errorf("the ballot is sealed and waits; urna voter resume sends it: %w", err)
	}
	return v.send(cmd, c, s)
}

// linger waits a random time, so that asking and casting are not joined by it.
func (v *casting) linger(ctx context.Context) error {
	if v.delay <= 0 {
		return nil
	}
	n, err := rand.Int(rand.Reader, big.NewInt(int64(v.delay)))
	if err != nil {
		return fmt.Errorf("draw delay: %w", err)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(n.Int64())):
		return nil
	}
}

func (v *casting) send(cmd *cobra.Command, c *client.Client, s *session.Session) error {
	cast, err := s.Resume(cmd.Context())
	if err != nil {
		return err
	}
	if v.receipt != "" {
		if err := fetchReceipt(cmd.Context(), c, sha256.Sum256(cast.Raw), v.receipt); err != nil {
			return fmt.Errorf("the ballot is in block %d; its receipt is missing: %w", cast.Height, err)
		}
	}
	return v.report(cmd, s, fmt.Sprintf("ballot %d is in block %d", cast.Sequence, cast.Height))
}

// voterReport is what a voter's command says in the end. No choice is in it.
type voterReport struct {
	Election  api.Hex    `json:"election"`
	Style     string     `json:"style"`
	Token     bool       `json:"token"`
	Panel     uint32     `json:"panel"`
	BallotKey api.Hex    `json:"ballot_key"`
	Casts     []castLine `json:"casts"`
	// Ledger is what a node says of the ballot key; nil where it was not asked.
	Ledger *api.BallotKey `json:"ledger,omitempty"`
	Phase  string         `json:"phase"`
}

type castLine struct {
	Sequence    uint32  `json:"sequence"`
	Transaction api.Hex `json:"transaction"`
	Height      int64   `json:"height"`
	Pending     bool    `json:"pending"`
}

func reportOf(s *session.Session) voterReport {
	st, p := s.State(), s.Parameters()
	id, key := st.Election(), s.BallotKey()
	r := voterReport{
		Election: id[:], Style: p.Definition.Styles[p.Style].Name, Token: st.HasToken(), Panel: st.Panel(),
		BallotKey: key[:], Casts: []castLine{}, Phase: election.PhaseName(p.Zone.Phase),
	}
	for _, c := range st.Casts() {
		hash := sha256.Sum256(c.Raw)
		r.Casts = append(r.Casts, castLine{Sequence: c.Sequence, Transaction: hash[:], Height: c.Height, Pending: c.Height == 0})
	}
	return r
}

func (d *device) report(cmd *cobra.Command, s *session.Session, done string) error {
	r := reportOf(s)
	if asJSON(cmd) {
		return terminal.WriteJSON(cmd.OutOrStdout(), r)
	}
	out := cmd.OutOrStdout()
	if done != "" {
		fmt.Fprintln(out, done)
	}
	fmt.Fprintf(out, "election   %s (%s)\nstyle      %s\ntoken      %v\nballot key %s\n", r.Election, r.Phase, r.Style, r.Token, r.BallotKey)
	for _, c := range r.Casts {
		where := fmt.Sprintf("block %d", c.Height)
		if c.Pending {
			where = "waits to be sent: urna voter resume"
		}
		fmt.Fprintf(out, "ballot %d   %s (%s)\n", c.Sequence, c.Transaction, where)
	}
	return nil
}

func newVoterStatusCommand() *cobra.Command {
	var d device
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show token and ballots, and what the ledger has of them",
		Example: "  urna voter status --state me.json --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := d.connection.open()
			if err != nil {
				return err
			}
			defer c.Close()
			s, err := d.resume(cmd.Context(), c, noAccess)
			if err != nil {
				return err
			}
			key, err := c.BallotKey(cmd.Context(), s.State().Election(), s.BallotKey())
			if err != nil {
				return err
			}
			if asJSON(cmd) {
				r := reportOf(s)
				r.Ledger = key
				return terminal.WriteJSON(cmd.OutOrStdout(), r)
			}
			if err := d.report(cmd, s, ""); err != nil {
				return err
			}
			if !key.Spent {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), "ledger     no ballot of this key")
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "ledger     ballot %d counts, place %d in the ballot log (a receipt proves it)\n", key.Sequence, key.LogIndex)
			return err
		},
	}
	d.register(cmd)
	return cmd
}

// fetchReceipt waits until a transaction is provable and writes its receipt.
func fetchReceipt(ctx context.Context, c *client.Client, hash [32]byte, path string) error {
	got, err := c.WaitReceipt(ctx, hash)
	if err != nil {
		return err
	}
	file, err := receipt.Encode(got)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		return fmt.Errorf("write receipt: %w", err)
	}
	return nil
}
