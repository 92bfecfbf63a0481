package main

import (
	"encoding/hex"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/daemon"
	"github.com/urna-vote/urna/offchain/gateway/keyrecord"
	"github.com/urna-vote/urna/offchain/terminal"
)

func newKeysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make, publish, record and destroy the token keys of an election",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newKeysMakeCommand(), newKeysPublishCommand(), newKeysRecordCommand(), newKeysDestroyCommand())
	return cmd
}

// ceremonyFlags are of acts that are recorded.
func ceremonyFlags(cmd *cobra.Command, c *daemon.Ceremony) {
	cmd.Flags().StringArrayVar(&c.Present, "present", nil, "name and office of a person who watches, for the record; may be given several times")
}

func begin(c daemon.Ceremony) daemon.Ceremony {
	c.Now, c.Sudo = time.Now(), os.Getenv("SUDO_USER")
	return c
}

func newKeysMakeCommand() *cobra.Command {
	var file, election string
	var c daemon.Ceremony
	cmd := &cobra.Command{
		Use:   "make --config FILE --election ID [--present NAME]",
		Short: "Make a token key for each class and panel, and record it",
		Long: `Make a token key for each class and panel in which the issuer sits.

The keys are written to one file, encrypted to the gateway's identity or
passphrase (age), or drawn in the hardware module of the settings, which they
never leave. Replicas share the file or the module. A running gateway reads new
keys when it starts again.

A record (JSON signed by the operator's key, and text to be signed by hand) is
put beside the keys. Where a record says that keys were made or destroyed, none
are drawn.`,
		Example: `  urna-gateway keys make --config issuer/gateway.toml --election 6f0c…
  urna-gateway keys make --config issuer/gateway.toml --election 6f0c… --present "A. Ivanova, secretary"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, id, err := settings(file, election)
			if err != nil {
				return err
			}
			made, err := daemon.MakeKeys(cmd.Context(), cfg, id, begin(c), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return showKeys(cmd, made, "made")
		},
	}
	configFlag(cmd, &file)
	electionFlag(cmd, &election)
	ceremonyFlags(cmd, &c)
	return cmd
}

func showKeys(cmd *cobra.Command, made daemon.Made, act string) error {
	result := struct {
		File   string `json:"file"`
		Keys   int    `json:"keys"`
		Record string `json:"record"`
	}{made.Place.Where, made.Keys, made.Record}
	return show(cmd, result, "%d token keys %s: %s\nrecord: %s", made.Keys, act, made.Place.Where, made.Record)
}

func newKeysDestroyCommand() *cobra.Command {
	var file, election string
	var c daemon.Ceremony
	cmd := &cobra.Command{
		Use:   "destroy --config FILE --election ID [--present NAME]",
		Short: "Destroy the token keys of an election that is over, and record it",
		Long: `Destroy the token keys of an election that is over.

The ledger must show every zone final or cancelled. A file is overwritten and
removed, keys in a hardware module are deleted there; nothing brings them back.
Stop the gateway and its replicas first: what runs keeps its keys in memory.
Copies are yours to destroy: the record has a line for them. Given again after
a crash the command ends what was begun.`,
		Example: `  urna-gateway keys destroy --config issuer/gateway.toml --election 6f0c… --present "A. Ivanova, secretary"`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, id, err := settings(file, election)
			if err != nil {
				return err
			}
			made, err := daemon.DestroyKeys(cmd.Context(), cfg, id, begin(c))
			if err != nil {
				return err
			}
			return showKeys(cmd, made, "destroyed")
		},
	}
	configFlag(cmd, &file)
	electionFlag(cmd, &election)
	ceremonyFlags(cmd, &c)
	return cmd
}

func newKeysRecordCommand() *cobra.Command {
	var file, election string
	var c daemon.Ceremony
	cmd := &cobra.Command{
		Use:   "record --config FILE --election ID | record FILE",
		Short: "Show the record of the making of token keys, or check a record's file",
		Long: `Show the record of the making of token keys, in Russian and English.

A record that is missing, after a crash or for keys of an earlier version, is
made. With FILE a record (JSON) is checked instead: form and signature.`,
		Example: `  urna-gateway keys record --config issuer/gateway.toml --election 6f0c…
  urna-gateway keys record issuer/keys/6f0c….destroyed.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				r, err := keyrecord.ReadFile(args[0])
				if err != nil {
					return err
				}
				return showRecord(cmd, r)
			}
			if file == "" || election == "" {
				return terminal.Usage("give --config and --election, or the file of a record")
			}
			cfg, id, err := settings(file, election)
			if err != nil {
				return err
			}
			r, err := daemon.KeyRecord(cmd.Context(), cfg, id, begin(c))
			if err != nil {
				return err
			}
			return showRecord(cmd, r)
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "settings of the gateway")
	cmd.Flags().StringVar(&election, "election", "", "id of the election, 64 hex digits")
	ceremonyFlags(cmd, &c)
	return cmd
}

func showRecord(cmd *cobra.Command, r *keyrecord.Record) error {
	text, err := r.Text()
	if err != nil {
		return err
	}
	return show(cmd, r, "%s", strings.TrimRight(text, "\n"))
}

func newKeysPublishCommand() *cobra.Command {
	var file, election string
	cmd := &cobra.Command{
		Use:   "publish --config FILE --election ID",
		Short: "Register the token keys on the ledger, each with its proof",
		Long: `Register the token keys on the ledger, each with its proof.

Keys that are there already are passed over: the command may be repeated.`,
		Example: "  urna-gateway keys publish --config issuer/gateway.toml --election 6f0c…",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, id, err := settings(file, election)
			if err != nil {
				return err
			}
			published, already, err := daemon.PublishKeys(cmd.Context(), cfg, id, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			result := struct {
				Published int `json:"published"`
				Already   int `json:"already"`
			}{published, already}
			return show(cmd, result, "%d token keys published, %d were there already", published, already)
		},
	}
	configFlag(cmd, &file)
	electionFlag(cmd, &election)
	return cmd
}

func electionFlag(cmd *cobra.Command, election *string) {
	cmd.Flags().StringVar(election, "election", "", "id of the election, 64 hex digits")
	_ = cmd.MarkFlagRequired("election") // the flag exists
}

func settings(file, election string) (config.Config, [32]byte, error) {
	id, err := electionID(election)
	if err != nil {
		return config.Config{}, id, err
	}
	cfg, err := config.Load(file, os.Environ())
	return cfg, id, err
}

func electionID(text string) ([32]byte, error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 32 {
		return [32]byte{}, terminal.Usage("--election: %q is not 64 hex digits", text)
	}
	return [32]byte(b), nil
}
