package main

import (
	"encoding/hex"
	"os"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/daemon"
)

func newPeopleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "people",
		Short: "Import the registrar's list of persons, erase it after the term",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPeopleRecipientCommand(), newPeopleImportCommand(), newPeopleForgetCommand())
	return cmd
}

func newPeopleRecipientCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     "recipient --config FILE",
		Short:   "Print what the registrar encrypts this gateway's list to",
		Example: "  urna-gateway people recipient --config issuer/gateway.toml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(file, os.Environ())
			if err != nil {
				return err
			}
			recipient, err := daemon.Recipient(cfg)
			if err != nil {
				return err
			}
			return show(cmd, map[string]string{"recipient": recipient}, "%s", recipient)
		},
	}
	configFlag(cmd, &file)
	return cmd
}

func newPeopleImportCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "import --config FILE LIST",
		Short: "Import the list of persons that the registrar made for this issuer",
		Long: `Import the list of persons that the registrar made for this issuer.

Every bad line is named by its number, and nothing is imported if one is bad.
Imported again, the same list changes nothing; a list that says otherwise of a
person is refused.`,
		Example: "  urna-gateway people import --config issuer/gateway.toml people.age",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(file, os.Environ())
			if err != nil {
				return err
			}
			election, added, all, err := daemon.ImportPeople(cmd.Context(), cfg, args[0])
			if err != nil {
				return err
			}
			result := map[string]any{"election": hex.EncodeToString(election[:]), "added": added, "persons": all}
			return show(cmd, result, "%d persons imported, %d in all for election %x", added, all, election)
		},
	}
	configFlag(cmd, &file)
	return cmd
}

func newPeopleForgetCommand() *cobra.Command {
	var file, election string
	cmd := &cobra.Command{
		Use:     "forget --config FILE --election ID",
		Short:   "Erase the persons of an election whose term is over",
		Example: "  urna-gateway people forget --config issuer/gateway.toml --election 6f0c…",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, id, err := settings(file, election)
			if err != nil {
				return err
			}
			erased, err := daemon.ForgetPeople(cmd.Context(), cfg, id)
			if err != nil {
				return err
			}
			return show(cmd, map[string]int64{"erased": erased}, "%d persons of the election erased; its records and disputes stay", erased)
		},
	}
	configFlag(cmd, &file)
	electionFlag(cmd, &election)
	return cmd
}
