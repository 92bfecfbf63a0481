// Command urna-portal runs the state portal of a test network. It is not part of a
// release.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/testnet/portal"
)

type options struct {
	listen, public, accounts, clients string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "urna-portal:", err)
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	var o options
	c := &cobra.Command{
		Use: "urna-portal --accounts FILE --clients FILE", Short: "Run the state portal of a test network",
		SilenceErrors: true, SilenceUsage: true, Args: cobra.NoArgs,
		Long: `Run the state portal of a test network: an OpenID Connect provider whose accounts
and clients come from files. Everything else is in memory.

The first line of the output is the issuer: what gateways have under [login] issuer.
SIGHUP reads the files again.

accounts is CSV with a header, or a JSON array of the same names:

  sub,login,password,confirmed,surname,name,patronymic,birth_date,document,citizenship,address,phone,mail
  1001,ivan,correct horse,yes,Иванов,Иван,Иванович,1980-01-31,4510123456,RUS,Москва,+79000000001,ivan@mail.example

clients is a JSON array; person lets a client ask for more than the subject:

  [{"id": "registrar", "secret": "…", "person": true,
    "name": {"ru": "Избирательная комиссия", "en": "Election commission"},
    "redirects": ["http://127.0.0.1:8080/login/callback"]}]`,
		Example: "  urna-portal --listen 127.0.0.1:0 --accounts accounts.csv --clients clients.json",
		RunE:    func(c *cobra.Command, _ []string) error { return run(c, o) },
	}
	f := c.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:9000", "address to listen on; port 0 takes a free one")
	f.StringVar(&o.public, "issuer", "", "where browsers and gateways reach the portal (default http:// and the address listened on)")
	f.StringVar(&o.accounts, "accounts", "", "file of accounts, CSV or JSON")
	f.StringVar(&o.clients, "clients", "", "file of clients, JSON")
	_ = c.MarkFlagRequired("accounts")
	_ = c.MarkFlagRequired("clients")
	return c
}

func run(c *cobra.Command, o options) error {
	accounts, clients, err := o.read()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	issuer := strings.TrimSuffix(o.public, "/")
	if issuer == "" {
		issuer = "http://" + listener.Addr().String()
	}
	p, err := portal.New(portal.Config{Issuer: issuer, Accounts: accounts, Clients: clients})
	if err != nil {
		_ = listener.Close()
		return err
	}
	fmt.Fprintln(c.OutOrStdout(), issuer)
	return serve(c.Context(), listener, p, func() error {
		accounts, clients, err := o.read()
		if err != nil {
			return err
		}
		return p.Replace(accounts, clients)
	})
}

func (o options) read() ([]portal.Account, []portal.Client, error) {
	a, err := os.Open(o.accounts)
	if err != nil {
		return nil, nil, fmt.Errorf("read accounts: %w", err)
	}
	defer func() { _ = a.Close() }()
	accounts, err := portal.ReadAccounts(a)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", o.accounts, err)
	}
	f, err := os.Open(o.clients)
	if err != nil {
		return nil, nil, fmt.Errorf("read clients: %w", err)
	}
	defer func() { _ = f.Close() }()
	clients, err := portal.ReadClients(f)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", o.clients, err)
	}
	return accounts, clients, nil
}

func serve(ctx context.Context, listener net.Listener, p http.Handler, reload func() error) error {
	server := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case err := <-failed:
			return fmt.Errorf("serve: %w", err)
		case <-hangup:
			if err := reload(); err != nil {
				fmt.Fprintln(os.Stderr, "urna-portal: the lists stay as they were:", err)
			}
		case <-ctx.Done():
			wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if err := server.Shutdown(wait); err != nil && !errors.Is(err, context.DeadlineExceeded) {
				return fmt.Errorf("stop: %w", err)
			}
			return nil
		}
	}
}
