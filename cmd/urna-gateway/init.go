package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/gateway/vault"
	"github.com/urna-vote/urna/offchain/keyfile"
	"github.com/urna-vote/urna/offchain/terminal"
)

func newInitCommand() *cobra.Command {
	var home string
	cfg := config.Default()
	cmd := &cobra.Command{
		Use:   "init --home DIR --name NAME --node URL --genesis FILE",
		Short: "Make a gateway's home: settings, operator's key, lock of its token keys, key of personal data",
		Long: `Make a gateway's home: settings, operator's key, the lock of its token keys, and
the key under which personal data are kept.

It prints the public operator key, which stands in the election's definition.
Nothing that exists is overwritten.`,
		Example: "  urna-gateway init --home issuer --name issuer-1 --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return initHome(cmd, home, cfg)
		},
	}
	cmd.Flags().StringVar(&home, "home", "", "directory of the gateway; it is made if it does not exist")
	cmd.Flags().StringVar(&cfg.Name, "name", "", "the issuer's name in the election's definition")
	cmd.Flags().StringVar(&cfg.Listen, "listen", cfg.Listen, "address and port of the gateway")
	cmd.Flags().StringArrayVar(&cfg.Nodes, "node", nil, "public address of the issuer's own node; more to fall back on")
	cmd.Flags().StringVar(&cfg.Genesis, "genesis", "", "genesis file of the chain")
	for _, name := range []string{"home", "name", "node", "genesis"} {
		_ = cmd.MarkFlagRequired(name) // the flag exists
	}
	return cmd
}

func initHome(cmd *cobra.Command, home string, cfg config.Config) error {
	genesis, err := filepath.Abs(cfg.Genesis)
	if err != nil {
		return fmt.Errorf("resolve --genesis: %w", err)
	}
	cfg.Genesis = genesis
	if err := cfg.Validate(); err != nil {
		return terminal.Usage("settings of the gateway: %w", err)
	}
	text, err := os.ReadFile(genesis)
	if err != nil {
		return terminal.Usage("--genesis: %w; give the chain's genesis file", err)
	}
	if _, err := chain.ParseTrust(text); err != nil {
		return terminal.Usage("--genesis %s: %w; give the chain's genesis file", genesis, err)
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return fmt.Errorf("make home: %w", err)
	}
	settings := filepath.Join(home, config.FileName)
	if err := writeNew(settings, cfg.Marshal()); err != nil {
		return err
	}
	identity, err := keyring.NewIdentityFile()
	if err != nil {
		return err
	}
	if err := writeNew(filepath.Join(home, cfg.Identity), identity); err != nil {
		return err
	}
	if _, err := vault.CreateKey(filepath.Join(home, cfg.VaultKey), rand.Reader); err != nil {
		return err
	}
	key, err := keyfile.Create(filepath.Join(home, cfg.OperatorKey), rand.Reader)
	if err != nil {
		return err
	}
	public := key.Public()
	result := struct {
		Name   string `json:"name"`
		Public string `json:"public"`
		Config string `json:"config"`
	}{cfg.Name, hex.EncodeToString(public[:]), settings}
	return show(cmd, result, "operator key %s\nsettings     %s", result.Public, settings)
}

// writeNew writes a file, mode 0600, that must not exist yet.
func writeNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
