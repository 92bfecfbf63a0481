package main

import (
	"encoding/hex"
	"os"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/daemon"
	"github.com/urna-vote/urna/offchain/terminal"
)

func newKeysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make and publish the token keys of an election",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newKeysMakeCommand(), newKeysPublishCommand())
	return cmd
}

func newKeysMakeCommand() *cobra.Command {
	var file, election string
	cmd := &cobra.Command{
		Use:   "make --config FILE --election ID",
		Short: "Make a token key for each class and panel, encrypted at rest",
		Long: `Make a token key for each class and panel in which the issuer sits.

The keys are written to one file, encrypted to the gateway's identity or
passphrase (age). Replicas share the file. A running gateway reads it when it
starts again.`,
		Example: "  urna-gateway keys make --config issuer/gateway.toml --election 6f0c…",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, id, err := settings(file, election)
			if err != nil {
				return err
			}
			path, made, err := daemon.MakeKeys(cmd.Context(), cfg, id, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			result := struct {
				File string `json:"file"`
				Keys int    `json:"keys"`
			}{path, made}
			return show(cmd, result, "%d token keys in %s", made, path)
		},
	}
	configFlag(cmd, &file)
	electionFlag(cmd, &election)
	return cmd
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
