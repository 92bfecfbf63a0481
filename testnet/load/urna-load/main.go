// Command urna-load puts a trial election under load: it opens one, makes its
// ballots into a file, and plays them. It is not part of a release.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := &cobra.Command{
		Use: "urna-load", Short: "Put a trial election under load", SilenceErrors: true, SilenceUsage: true,
		Long: `Put a trial election under load, and measure what becomes of every ballot.

  urna-load open --dir trial --validators 4 --voters 10000   (in a terminal of its own)
  urna-load make --dir trial --count 10000 trial/ballots.load
  urna-load play --dir trial --issuances trial/ballots.load
  urna-load play --dir trial --peak 5 --for 60s trial/ballots.load
  urna-load play --dir trial --from 5000 trial/ballots.load   (as fast as possible)`,
	}
	root.AddCommand(newOpenCommand(), newMakeCommand(), newPlayCommand())
	if err := root.ExecuteContext(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "urna-load:", err)
		os.Exit(1)
	}
}
