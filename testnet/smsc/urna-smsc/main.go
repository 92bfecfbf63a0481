// Command urna-smsc is a simulated SMS provider for test networks: SMPP 3.4 on
// one port, and another to read what phones received and to make it misbehave.
//
// Exit codes: 0 done, 1 failed, 2 wrong command line.
package main

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/testnet/inbox"
	"github.com/urna-vote/urna/testnet/smsc"
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
	var accounts []string
	cmd := &cobra.Command{
		Use:   "urna-smsc",
		Short: "A simulated SMS provider for test networks",
		Long: `A simulated SMS provider for test networks. It speaks SMPP 3.4 on --listen and
keeps what each phone received. On --control, which is a loopback port, messages
are read and misbehaviour is set.

Codes stand there in the open: never beside real people's numbers.`,
		Example: `  urna-smsc --listen 127.0.0.1:2775 --control 127.0.0.1:2776 --account issuer1:secret
  curl 'http://127.0.0.1:2776/messages?to=%2B79000000001&wait=5s'
  curl -X PUT -d '{"throttle":20,"delay_ms":500}' http://127.0.0.1:2776/behaviour
  curl -X POST http://127.0.0.1:2776/die`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			passwords, err := parseAccounts(accounts)
			if err != nil {
				return err
			}
			return run(cmd, listen, control, passwords)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:2775", "address of the SMPP port; port 0 takes a free one and prints it")
	cmd.Flags().StringVar(&control, "control", "127.0.0.1:2776", "loopback address to read messages at")
	cmd.Flags().StringArrayVar(&accounts, "account", nil, "system_id:password of a client; may be repeated")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return terminal.Usage("%w", err) })
	return cmd
}

func parseAccounts(accounts []string) (map[string]string, error) {
	if len(accounts) == 0 {
		return nil, terminal.Usage("name at least one client: --account issuer1:secret")
	}
	passwords := map[string]string{}
	for i, a := range accounts {
		id, password, ok := strings.Cut(a, ":")
		if !ok || id == "" || len(id) > 15 || len(password) > 8 {
			return nil, terminal.Usage("account %d is not system_id:password with at most 15 and 8 characters, as SMPP has them", i+1)
		}
		passwords[id] = password
	}
	return passwords, nil
}

func run(cmd *cobra.Command, listen, control string, passwords map[string]string) error {
	box := inbox.New()
	s, err := smsc.Start(smsc.Config{Address: listen, Accounts: passwords, Inbox: box, Now: time.Now})
	if err != nil {
		return err
	}
	defer s.Close()
	return inbox.Run(cmd.Context(), cmd.OutOrStdout(), "smpp "+s.Addr(), s, control, box)
}
