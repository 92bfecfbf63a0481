// Command urna is the program of voters, trustees, the commission and
// auditors. It contains no engine and no server.
//
// Exit codes: 0 done, 1 failed, 2 wrong command line, 3 a verification found a
// difference, 4 the network refused.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/terminal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:]))
}

// run executes a command line and returns its exit code.
func run(ctx context.Context, args []string) int {
	root, out := newRoot(), terminal.NewOutput(os.Stdout)
	root.SetOut(out)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil && out.Err() != nil {
		err = fmt.Errorf("write output: %w", out.Err())
	}
	if err != nil && ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	// Reading the flags may have ended before it came to this one.
	return end(root.ErrOrStderr(), err, slices.Contains(args, "--json") || slices.Contains(args, "--json=true"))
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

// newRoot lists the command groups, one file each.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "urna",
		Short: "Vote, keep keys, run the commission, and audit elections on an Urna ledger",
		Long: `Vote, keep keys, run the commission, and audit elections on an Urna ledger.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 a verification found a
difference, 4 the network refused.`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().Bool("json", false, "print results and errors as JSON")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return terminal.Usage("%w", err) })
	root.AddCommand(
		newAuditCommand(),
		newCommissionCommand(),
		newKeyCommand(),
		newTrusteeCommand(),
		newReceiptCommand(),
		newTallyCommand(),
		newVoterCommand(),
	)
	usageErrors(root)
	return root
}

// usageErrors gives wrong arguments and missing flags of every command the exit
// code of usage.
func usageErrors(cmd *cobra.Command) {
	if cmd.RunE != nil && cmd.PreRunE == nil {
		cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
			if err := cmd.ValidateRequiredFlags(); err != nil {
				return terminal.Usage("%w; see %s --help", err, cmd.CommandPath())
			}
			return nil
		}
	}
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return terminal.Usage("%s: %w; see %s --help", cmd.CommandPath(), err, cmd.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		usageErrors(sub)
	}
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v = fmt.Sprintf("%s %s", v, s.Value)
		}
	}
	return v
}

// asJSON reports whether results are to be printed as JSON.
func asJSON(cmd *cobra.Command) bool {
	on, _ := cmd.Flags().GetBool("json")
	return on
}
