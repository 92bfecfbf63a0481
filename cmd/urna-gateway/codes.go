package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/daemon"
)

func newCodesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "codes",
		Short: "Make roll, slips and access codes, and import access lists",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCodesMakeCommand(), newCodesIssueCommand(), newCodesImportCommand(), newCodesForgetCommand())
	return cmd
}

func newCodesMakeCommand() *cobra.Command {
	var o daemon.RosterOptions
	var election string
	var split bool
	cmd := &cobra.Command{
		Use:   "make --voters FILE --election ID --node URL --genesis FILE --out DIR",
		Short: "Make the roll, a slip for each voter, and each issuer's access codes",
		Long: `Make the roll, a slip for each voter, and each issuer's access codes.

The voters file is CSV "voter,style": the register's id of a person and the name
of a ballot style. In DIR there will be

  roll.csv               what the commission stages
  slips/VOTER.json       for the voter alone
  ISSUER/print.csv       codes to hand to the voters
  ISSUER/access.csv      hashes of the codes, for the issuer's gateway to import
  ISSUER/access.key      key of the hashes, for the gateway; a file that is there is used

With --split no codes are made: ISSUER/passes.csv goes to each issuer, which
makes its own with "codes issue", so that nobody holds the codes of all.`,
		Example: "  urna-gateway codes make --voters voters.csv --election 6f0c… --node http://127.0.0.1:26680 --genesis genesis.json --out roster",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.Election, err = electionID(election); err != nil {
				return err
			}
			o.Codes = !split
			made, err := daemon.MakeRoster(cmd.Context(), o, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if !split {
				fmt.Fprintln(cmd.ErrOrStderr(), "whoever holds this directory can ask for every ballot: hand its parts out and destroy it")
			}
			return show(cmd, made, "%d voters, %d issuers: %s", made.Voters, len(made.Issuers), made.Dir)
		},
	}
	cmd.Flags().StringVar(&o.Voters, "voters", "", "CSV file: voter,style")
	cmd.Flags().StringVar(&o.Dir, "out", "", "directory for what is made")
	cmd.Flags().StringArrayVar(&o.Nodes, "node", nil, "public address of a node; may be given several times")
	cmd.Flags().StringVar(&o.Genesis, "genesis", "", "genesis file of the chain")
	cmd.Flags().BoolVar(&split, "split", false, "leave the codes to each issuer")
	electionFlag(cmd, &election)
	for _, name := range []string{"voters", "out", "node", "genesis"} {
		_ = cmd.MarkFlagRequired(name) // the flag exists
	}
	return cmd
}

func newCodesIssueCommand() *cobra.Command {
	var dir, election string
	cmd := &cobra.Command{
		Use:     "issue --election ID DIR",
		Short:   "Make an issuer's own access codes from DIR/passes.csv",
		Example: "  urna-gateway codes issue --election 6f0c… issuer-1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := electionID(election)
			if err != nil {
				return err
			}
			dir = args[0]
			n, err := daemon.IssueCodes(dir, id)
			if err != nil {
				return err
			}
			return show(cmd, map[string]any{"codes": n, "dir": dir}, "%d access codes in %s", n, dir)
		},
	}
	electionFlag(cmd, &election)
	return cmd
}

func newCodesImportCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "import --config FILE DIR",
		Short: "Import DIR/access.csv and its key into a gateway",
		Long: `Import DIR/access.csv and its key DIR/access.key into a gateway.

Every bad line is named by its number, and nothing is imported if one is bad.
A gateway has one access key: a list under another key is refused.`,
		Example: "  urna-gateway codes import --config issuer/gateway.toml roster/issuer-1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(file, os.Environ())
			if err != nil {
				return err
			}
			added, all, err := daemon.ImportCodes(cmd.Context(), cfg, args[0])
			if err != nil {
				return err
			}
			return show(cmd, map[string]any{"added": added, "entries": all}, "%d entries imported, %d in all for this election", added, all)
		},
	}
	configFlag(cmd, &file)
	return cmd
}

func newCodesForgetCommand() *cobra.Command {
	var file, election string
	cmd := &cobra.Command{
		Use:     "forget --config FILE --election ID",
		Short:   "Erase the access data of an election whose term is over",
		Example: "  urna-gateway codes forget --config issuer/gateway.toml --election 6f0c…",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, id, err := settings(file, election)
			if err != nil {
				return err
			}
			if err := daemon.ForgetCodes(cmd.Context(), cfg, id); err != nil {
				return err
			}
			return show(cmd, map[string]bool{"forgotten": true}, "access data of the election erased; its records stay")
		},
	}
	configFlag(cmd, &file)
	electionFlag(cmd, &election)
	return cmd
}
