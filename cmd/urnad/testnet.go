package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/app/genesis"
	"github.com/urna-vote/urna/testnet/manifest"
)

func newTestnetCommand() *cobra.Command {
	m := manifest.Default(time.Time{})
	var out, commissionFile string
	var election bool
	cmd := &cobra.Command{
		Use: "testnet", Short: "Write the files of a test network on loopback",
		Long: `Write the files of a test network on loopback: the genesis, and for each node
keys and settings. The directory appears complete or not at all. Start each
node with "urnad start --home DIR/NAME".`,
		Example: `  urnad testnet --out net
  urnad testnet --out net --validators 7 --observers 2 --commission commission.json --base-port 27000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usage("--out is needed; see urnad testnet --help")
			}
			m.GenesisTime, m.Rehearsal = time.Now(), !election
			if commissionFile != "" {
				c, err := readCommission(commissionFile)
				if err != nil {
					return err
				}
				m.Commission = &c
			}
			if err := m.Validate(); err != nil {
				return usage("%w", err)
			}
			network, err := manifest.Write(cmd.Context(), out, m, rand.Reader)
			if err != nil {
				return err
			}
			text, err := json.MarshalIndent(network, "", "  ")
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", text)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "directory to make")
	f.StringVar(&m.Prefix, "prefix", m.Prefix, "begin of the chain id")
	f.IntVar(&m.Validators, "validators", m.Validators, "number of validators")
	f.IntVar(&m.Observers, "observers", m.Observers, "number of observers")
	f.StringVar(&commissionFile, "commission", "", "file of the commission; without it keys are drawn")
	f.IntVar(&m.Members, "members", m.Members, "members of the commission to draw keys for")
	f.IntVar(&m.Quorum, "quorum", m.Quorum, "members that an act needs")
	f.IntVar(&m.BasePort, "base-port", 0, "first of three ports per node; 0 takes free ones")
	f.DurationVar(&m.TimeoutCommit, "timeout-commit", m.TimeoutCommit, "pause after each block")
	f.BoolVar(&m.Metrics, "metrics", false, "serve metrics")
	f.StringVar(&m.LogLevel, "log-level", m.LogLevel, "debug, info, warn or error")
	f.BoolVar(&election, "no-rehearsal", false, "the chain is none of a rehearsal")
	return cmd
}

func readCommission(file string) (genesis.Commission, error) {
	var c genesis.Commission
	return c, readJSON(file, &c)
}

// readJSON reads a file strictly: nothing unknown, nothing after it.
func readJSON(file string, v any) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	if d.More() {
		return fmt.Errorf("read %s: something follows the first value", file)
	}
	return nil
}
