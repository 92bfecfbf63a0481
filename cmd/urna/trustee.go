package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/commission"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/trustee/ceremony"
	"github.com/urna-vote/urna/offchain/trustee/keystore"
	"github.com/urna-vote/urna/proto/api"
)

func newTrusteeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trustee",
		Short: "Make the election key with the other trustees, and decrypt the sums",
		Long: `Make the election key with the other trustees, and decrypt the sums.

Everything a trustee has is in one directory, its medium: keep it offline but
for the ceremony and the counting, and never copy it. t media together open
every ballot.

  urna trustee init --home medium
  urna trustee ceremony --home medium --election 9ab1… --node http://127.0.0.1:26680 --genesis genesis.json
  urna trustee decrypt --home medium --election 9ab1… --node http://127.0.0.1:26680 --genesis genesis.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newTrusteeInitCommand(), newTrusteeCeremonyCommand(), newTrusteeDrillCommand(), newTrusteeDecryptCommand(), newTrusteeStatusCommand())
	return cmd
}

func newTrusteeInitCommand() *cobra.Command {
	var home string
	cmd := &cobra.Command{
		Use:     "init",
		Short:   "Make a medium with fresh keys and print the public key",
		Long:    "Make a directory (mode 0700, never over another) with a signing key and a seed for ceremonies, and print the public key, by which elections name the trustee.",
		Example: "  urna trustee init --home medium",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, err := keystore.Init(home, rand.Reader)
			if err != nil {
				return err
			}
			return printPublic(cmd, h.Public())
		},
	}
	homeFlag(cmd, &home)
	return cmd
}

func homeFlag(cmd *cobra.Command, home *string) {
	cmd.Flags().StringVar(home, "home", "", "directory of the trustee's medium")
	_ = cmd.MarkFlagRequired("home") // the flag exists
}

// station is what a trustee's commands with a network work with.
type station struct {
	connection
	home     string
	election string
	zone     uint32
	poll     time.Duration
}

func (s *station) register(cmd *cobra.Command) {
	s.connection.register(cmd)
	homeFlag(cmd, &s.home)
	s.registerZone(cmd)
	_ = cmd.MarkFlagRequired("election") // the flag exists
}

func (s *station) registerZone(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.election, "election", "", "id of the election")
	cmd.Flags().Uint32Var(&s.zone, "zone", 0, "number of the zone, from 0")
	cmd.Flags().DurationVar(&s.poll, "poll", 500*time.Millisecond, "how often to look at the ledger")
}

// open makes client and program; lines go to say.
func (s *station) open(cmd *cobra.Command, say io.Writer) (*client.Client, *ceremony.Program, error) {
	id, err := commission.Hex32("--election", s.election)
	if err != nil {
		return nil, nil, terminal.Usage("%w", err)
	}
	home, err := keystore.Open(s.home)
	if err != nil {
		return nil, nil, err
	}
	c, err := s.connection.open()
	if err != nil {
		return nil, nil, err
	}
	if err := c.CheckChain(cmd.Context()); err != nil {
		c.Close()
		return nil, nil, err
	}
	return c, ceremony.New(ceremony.Config{
		Home: home, Ledger: ceremony.Network{Client: c, Patience: 2 * time.Minute},
		ChainID: c.Trust().ChainID(), Election: id, Zone: s.zone, Random: rand.Reader,
		Say:   func(line string) { _, _ = fmt.Fprintln(say, line) },
		Pause: func(ctx context.Context) error { return pause(ctx, s.poll) },
	}), nil
}

// pause waits, or returns why the context ended.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// lines is where steps are told: beside the result if that is JSON.
func lines(cmd *cobra.Command) io.Writer {
	if asJSON(cmd) {
		return cmd.ErrOrStderr()
	}
	return cmd.OutOrStdout()
}

func newTrusteeCeremonyCommand() *cobra.Command {
	var s station
	var stay bool
	cmd := &cobra.Command{
		Use:   "ceremony",
		Short: "Take part in the key ceremony from beginning to end",
		Long: `Take part in the key ceremony: register, test keys, commit, deal, check the
others' deals, complain or answer where needed, confirm, drill. Start it and let
it run; after a crash or Ctrl-C start it again with the same medium. It believes
only what the validators signed, and confirms only a key that it computed itself.

It ends when the key stands (0), when the ceremony failed or the key stands
without this trustee (1), or when a node shows something that does not lead to
the proven state (3). At the end the share is on the medium.`,
		Example: "  urna trustee ceremony --home medium --election 9ab1… --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, p, err := s.open(cmd, lines(cmd))
			if err != nil {
				return err
			}
			defer c.Close()
			p.Stay = stay
			if err := p.Run(cmd.Context()); err != nil {
				return differs(err)
			}
			if !asJSON(cmd) {
				return nil
			}
			status, err := p.Status(cmd.Context())
			if err != nil {
				return err
			}
			return terminal.WriteJSON(cmd.OutOrStdout(), status)
		},
	}
	s.register(cmd)
	cmd.Flags().BoolVar(&stay, "stay", false, "when an attempt failed, wait for the commission to begin another")
	return cmd
}

// differs gives what a verification found its exit code.
func differs(err error) error {
	if errors.Is(err, ceremony.ErrDiffers) || errors.Is(err, client.ErrUntrusted) {
		return terminal.Difference(err)
	}
	return err
}

func newTrusteeDrillCommand() *cobra.Command {
	var s station
	cmd := &cobra.Command{
		Use:     "drill",
		Short:   "Send the drill share if it is missing",
		Example: "  urna trustee drill --home medium --election 9ab1… --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, p, err := s.open(cmd, lines(cmd))
			if err != nil {
				return err
			}
			defer c.Close()
			sent, err := p.Drill(cmd.Context())
			if err != nil {
				return differs(err)
			}
			if asJSON(cmd) {
				return terminal.WriteJSON(cmd.OutOrStdout(), map[string]bool{"sent": sent})
			}
			if !sent {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), "drill: already on the ledger")
			}
			return err
		},
	}
	s.register(cmd)
	return cmd
}

// mediumStatus is what a medium holds.
type mediumStatus struct {
	Public   api.Hex          `json:"public"`
	Shares   []shareStatus    `json:"shares"`
	Ceremony *ceremony.Status `json:"ceremony,omitempty"`
}

type shareStatus struct {
	ChainID  string  `json:"chain_id"`
	Election api.Hex `json:"election"`
	Zone     uint32  `json:"zone"`
	Attempt  uint32  `json:"attempt"`
	Index    uint32  `json:"index"`
	KeyHash  api.Hex `json:"key_hash"`
}

func newTrusteeStatusCommand() *cobra.Command {
	var s station
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show what the medium holds and, with --election, how the ceremony stands",
		Example: "  urna trustee status --home medium\n  urna trustee status --home medium --election 9ab1… --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runTrusteeStatus(cmd, &s) },
	}
	homeFlag(cmd, &s.home)
	s.registerZone(cmd)
	cmd.Flags().StringArrayVar(&s.nodes, "node", nil, "public address of a node; needed with --election")
	cmd.Flags().StringVar(&s.genesis, "genesis", "", "genesis file of the chain; needed with --election")
	return cmd
}

func runTrusteeStatus(cmd *cobra.Command, s *station) error {
	home, err := keystore.Open(s.home)
	if err != nil {
		return err
	}
	public := home.Public()
	out := mediumStatus{Public: public[:], Shares: []shareStatus{}}
	shares, err := home.Shares()
	if err != nil {
		return err
	}
	for _, x := range shares {
		out.Shares = append(out.Shares, shareStatus{ChainID: x.ChainID, Election: x.Election[:], Zone: x.Zone, Attempt: x.Attempt, Index: x.Index, KeyHash: x.KeyHash[:]})
	}
	if s.election != "" {
		if len(s.nodes) == 0 || s.genesis == "" {
			return terminal.Usage("--election needs --node and --genesis")
		}
		c, p, err := s.open(cmd, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer c.Close()
		if out.Ceremony, err = p.Status(cmd.Context()); err != nil {
			return differs(err)
		}
	}
	if asJSON(cmd) {
		return terminal.WriteJSON(cmd.OutOrStdout(), out)
	}
	return printMedium(cmd.OutOrStdout(), out)
}

func printMedium(w io.Writer, m mediumStatus) error {
	p := &printer{w: w}
	p.line("public key %s", m.Public)
	for _, x := range m.Shares {
		p.line("share of election %s, zone %d: trustee %d, attempt %d, key hash %s (chain %s)", x.Election, x.Zone, x.Index, x.Attempt, hex.EncodeToString(x.KeyHash[:8]), x.ChainID)
	}
	c := m.Ceremony
	if c == nil {
		return p.err
	}
	p.line("ceremony at height %d: attempt %d, %s", c.Height, c.Attempt, c.Window)
	for _, name := range c.Waiting {
		p.line("  waiting for %s", name)
	}
	if c.Out != "" {
		p.line("  this trustee is out: %s", c.Out)
	}
	if c.Failure != "" {
		p.line("  failed: %s", c.Failure)
	}
	if len(c.KeyHash) > 0 {
		p.line("  key hash %s", c.KeyHash)
	}
	return p.err
}
