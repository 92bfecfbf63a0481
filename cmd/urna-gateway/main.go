// Command urna-gateway is an issuer's gateway: it checks who may have a ballot
// and signs tokens blindly. It never sees a ballot.
//
// Exit codes: 0 done, 1 failed, 2 wrong command line, 4 the network refused.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/daemon"
	"github.com/urna-vote/urna/offchain/terminal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	asJSON, _ := root.PersistentFlags().GetBool("json")
	return end(root.ErrOrStderr(), err, asJSON)
}

// end tells an error and gives the code with which the program ends: the same
// as it tells.
func end(w io.Writer, err error, asJSON bool) int {
	if errors.Is(err, client.ErrRefused) {
		err = terminal.Refused(err)
	}
	terminal.PrintError(w, err, asJSON)
	return terminal.ExitCode(err)
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "urna-gateway",
		Short: "An issuer's gateway: check who may vote, sign tokens blindly",
		Long: `An issuer's gateway: check who may vote, sign tokens blindly.

A gateway in five steps:

  urna-gateway init --home issuer --name issuer-1 --node http://127.0.0.1:26680 --genesis genesis.json
  urna-gateway keys make --config issuer/gateway.toml --election ID
  urna-gateway keys publish --config issuer/gateway.toml --election ID
  urna-gateway codes import --config issuer/gateway.toml roster/issuer-1
  urna-gateway serve --config issuer/gateway.toml

Where voters log in at a portal nobody is handed codes: set public, [login] and
[sms] or [mail] in the settings, and in place of codes import the persons that the
registrar's list names:

  urna-gateway people import --config issuer/gateway.toml people.age

Exit codes: 0 done, 1 failed, 2 wrong command line, 4 the network refused.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().Bool("json", false, "print results and errors as JSON")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return terminal.Usage("%w", err) })
	root.AddCommand(newInitCommand(), newKeysCommand(), newCodesCommand(), newPeopleCommand(), newElectorsCommand(), newApplicationsCommand(), newDatabaseCommand(), newJournalCommand(), newServeCommand())
	usageErrors(root)
	return root
}

// usageErrors gives missing flags and wrong arguments of every command the exit
// code of usage.
func usageErrors(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.Args = wrapUsage(cmd.Args)
		cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
			if err := cmd.ValidateRequiredFlags(); err != nil {
				return terminal.Usage("%w; see %s --help", err, cmd.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		usageErrors(sub)
	}
}

func wrapUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return terminal.Usage("%s: %w; see %s --help", cmd.CommandPath(), err, cmd.CommandPath())
		}
		return nil
	}
}

func newServeCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     "serve --config FILE",
		Short:   "Run the gateway",
		Example: "  urna-gateway serve --config issuer/gateway.toml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(file, os.Environ())
			if err != nil {
				return err
			}
			var level slog.Level
			if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
				return fmt.Errorf("log_level: %w", err)
			}
			log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
			err = daemon.Serve(cmd.Context(), cfg, log, func(at net.Addr) {
				log.Info("gateway listens", "issuer", cfg.Name, "address", at.String())
			})
			if err == nil {
				log.Info("gateway stopped")
			}
			return err
		},
	}
	configFlag(cmd, &file)
	return cmd
}

func configFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", config.FileName, "settings of the gateway")
}

// show writes a result as text or JSON.
func show(cmd *cobra.Command, v any, format string, args ...any) error {
	if on, _ := cmd.Flags().GetBool("json"); on {
		return terminal.WriteJSON(cmd.OutOrStdout(), v)
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), format+"\n", args...)
	return err
}
