// Command urnad runs a node of the ledger: a validator or an observer. It also
// makes a node's files, a chain's genesis and whole test networks.
//
// Exit codes: 0 done, 1 failed, 2 wrong command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set when a release is built.
var version string

const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the program at once; a node's data survive that.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:]))
}

// errUsage marks a wrong command line.
var errUsage = errors.New("wrong command line")

func usage(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errUsage, fmt.Errorf(format, args...))
}

// run executes a command line and returns its exit code.
func run(ctx context.Context, args []string) int {
	root, out := newRoot(), &output{to: os.Stdout}
	root.SetOut(out)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil && out.err != nil {
		err = fmt.Errorf("write output: %w", out.err)
	}
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errUsage):
		fmt.Fprintln(root.ErrOrStderr(), "urnad:", err)
		return exitUsage
	default:
		fmt.Fprintln(root.ErrOrStderr(), "urnad:", err)
		return exitFailure
	}
}

// output remembers that something could not be written: help texts are printed
// by a library that does not say so.
type output struct {
	to  io.Writer
	err error
}

// Write passes bytes on.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "urnad",
		Short: "Run a node of an Urna ledger",
		Long: `Run a node of an Urna ledger: a validator or an observer.

Exit codes: 0 done, 1 failed, 2 wrong command line.`,
		Version: programVersion(), SilenceErrors: true, SilenceUsage: true,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%w", err) })
	root.AddCommand(newInitCommand(), newGenesisCommand(), newStartCommand(), newStatusCommand(), newTestnetCommand(), newReplayCommand(), newVersionCommand())
	usageErrors(root)
	return root
}

// usageErrors gives wrong arguments of every command the exit code of usage.
func usageErrors(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usage("%s: %w; see %s --help", cmd.CommandPath(), err, cmd.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		usageErrors(sub)
	}
}

func programVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return info.Main.Version
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the program's version", Example: "  urnad version", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), programVersion())
			return err
		},
	}
}

// defaultHome is $URNA_HOME, or .urnad in the user's home directory.
func defaultHome() string {
	if dir := os.Getenv("URNA_HOME"); dir != "" {
		return dir
	}
	dir, err := os.UserHomeDir()
	if err != nil {
		return ".urnad"
	}
	return dir + "/.urnad"
}
