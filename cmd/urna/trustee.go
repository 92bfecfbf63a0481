package main

import (
	"context"
	"crypto/rand"
	"fmt"
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
		Short: "Make the election key with the other trustees, and decrypt sums",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newTrusteeInitCommand(), newTrusteeCeremonyCommand())
	return cmd
}

func newTrusteeInitCommand() *cobra.Command {
	var home string
	cmd := &cobra.Command{
		Use:     "init",
		Short:   "Make a trustee's medium: signing key and ceremony seed",
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
	cmd.Flags().StringVar(&home, "home", "", "directory of the medium; it must not exist yet")
	_ = cmd.MarkFlagRequired("home") // the flag exists
	return cmd
}

// zone names a zone of an election on the command line.
type zone struct {
	election string
	number   uint32
}

func (z *zone) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&z.election, "election", "", "id of the election")
	cmd.Flags().Uint32Var(&z.number, "zone", 0, "number of the zone, from 0")
	_ = cmd.MarkFlagRequired("election") // the flag exists
}

func (z *zone) id() ([32]byte, error) {
	id, err := commission.Hex32("--election", z.election)
	if err != nil {
		return id, terminal.Usage("%w", err)
	}
	return id, nil
}

func newTrusteeCeremonyCommand() *cobra.Command {
	var c connection
	var z zone
	var home string
	cmd := &cobra.Command{
		Use:     "ceremony",
		Short:   "Go through the key ceremony of a zone, drill included",
		Long:    "Go through the key ceremony of a zone, drill included. After any interruption the same command goes on.",
		Example: "  urna trustee ceremony --home medium --election 9ab1… --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			id, err := z.id()
			if err != nil {
				return err
			}
			medium, err := keystore.Open(home)
			if err != nil {
				return err
			}
			nodes, err := c.open()
			if err != nil {
				return err
			}
			defer nodes.Close()
			return ceremony.New(ceremony.Config{
				Home: medium, Ledger: ceremonyLedger{nodes}, ChainID: nodes.Trust().ChainID(), Election: id, Zone: z.number,
				Random: rand.Reader, Pause: pauseFor(300 * time.Millisecond), Stay: true,
				Say: func(line string) { fmt.Fprintln(cmd.OutOrStdout(), line) },
			}).Run(cmd.Context())
		},
	}
	c.register(cmd)
	z.register(cmd)
	cmd.Flags().StringVar(&home, "home", "", "directory of the medium")
	_ = cmd.MarkFlagRequired("home") // the flag exists
	return cmd
}

func pauseFor(d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(d):
			return nil
		}
	}
}

// ceremonyLedger is the ledger as the public API shows it.
type ceremonyLedger struct{ *client.Client }

// Proven implements ceremony.Ledger.
func (l ceremonyLedger) Proven(ctx context.Context, election [32]byte, names ...string) (*ceremony.Proven, error) {
	// All objects: one that does not exist yet is no reason to fail.
	proven, err := l.Client.Proven(ctx, election)
	if err != nil {
		return nil, err
	}
	out := &ceremony.Proven{Height: proven.Head.Height, Objects: map[string][]byte{}}
	for _, name := range names {
		if b, ok := proven.Object(name); ok {
			out.Objects[name] = b
		}
	}
	return out, nil
}

// Ceremony implements ceremony.Ledger.
func (l ceremonyLedger) Ceremony(ctx context.Context, election [32]byte, zone uint32) (*api.Ceremony, error) {
	return l.Client.Ceremony(ctx, election, zone)
}
