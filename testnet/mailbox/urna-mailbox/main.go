// Command urna-mailbox is a simulated mail provider for test networks: SMTP on
// one port, and another to read what mailboxes received and to make it misbehave.
//
// Exit codes: 0 done, 1 failed, 2 wrong command line.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/testnet/inbox"
	"github.com/urna-vote/urna/testnet/mailbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	err := root.ExecuteContext(ctx)
	terminal.PrintError(root.ErrOrStderr(), err, false)
	os.Exit(terminal.ExitCode(err))
}

func newRoot() *cobra.Command {
	var listen, control string
	cmd := &cobra.Command{
		Use:   "urna-mailbox",
		Short: "A simulated mail provider for test networks",
		Long: `A simulated mail provider for test networks. It speaks SMTP on --listen, without
log-in and TLS, and keeps what each mailbox received. On --control, which is a
loopback port, messages are read and misbehaviour is set.

Codes stand there in the open: never beside real people's addresses.`,
		Example: `  urna-mailbox --listen 127.0.0.1:2525 --control 127.0.0.1:2526
  curl 'http://127.0.0.1:2526/messages?to=ivanova@example.org&wait=5s'
  curl -X PUT -d '{"put_off":20,"delay_ms":500}' http://127.0.0.1:2526/behaviour
  curl -X POST http://127.0.0.1:2526/die`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd, listen, control)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:2525", "address of the SMTP port; port 0 takes a free one and prints it")
	cmd.Flags().StringVar(&control, "control", "127.0.0.1:2526", "loopback address to read messages at")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return terminal.Usage("%w", err) })
	return cmd
}

func run(cmd *cobra.Command, listen, control string) error {
	box := inbox.New()
	s, err := mailbox.Start(mailbox.Config{Address: listen, Inbox: box, Now: time.Now})
	if err != nil {
		return err
	}
	defer s.Close()
	return inbox.Run(cmd.Context(), cmd.OutOrStdout(), "smtp "+s.Addr(), s, control, box)
}
