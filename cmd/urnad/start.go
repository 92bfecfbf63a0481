package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/node"
	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/home"
)

func newStartCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "start", Short: "Run a node until it is told to stop",
		Long: `Run a node until it is told to stop (SIGINT or SIGTERM), or until it cannot go
on; then the last line says why. Every setting of urnad.toml can be given as a
flag or as an environment variable: --api.listen, URNA_API_LISTEN.`,
		Example: `  urnad start --home /srv/urna
  urnad start --home /srv/urna --log.level debug --api.listen 0.0.0.0:26680`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flags := map[string]string{}
			for _, key := range config.Keys() {
				if f := cmd.Flags().Lookup(key[0]); f.Changed {
					flags[key[0]] = f.Value.String()
				}
			}
			// The engine joins relative paths to its own home a second time.
			absolute, err := filepath.Abs(dir)
			if err != nil {
				return fmt.Errorf("find %s: %w", dir, err)
			}
			return start(cmd.Context(), home.Dir(absolute), flags)
		},
	}
	cmd.Flags().StringVar(&dir, "home", defaultHome(), "directory of the node")
	for _, key := range config.Keys() {
		cmd.Flags().String(key[0], "", key[1])
	}
	return cmd
}

func start(ctx context.Context, dir home.Dir, flags map[string]string) error {
	if _, err := os.Stat(dir.Config()); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is no node's home: make one with urnad init --home %s", dir, dir)
	}
	cfg, err := config.Load(dir.Config(), os.Environ(), flags)
	if err != nil {
		return err
	}
	node.TuneMemory()
	log := node.NewLogger(cfg.Log, os.Stderr)
	n, err := node.New(ctx, dir, cfg, programVersion(), log)
	if err != nil {
		return err
	}
	if err := n.Start(); err != nil {
		return errors.Join(err, n.Close())
	}
	reason := n.Wait(ctx)
	if reason != nil {
		log.Error("node stops", "reason", reason)
	} else {
		log.Info("node stops", "reason", "asked to")
	}
	return errors.Join(reason, n.Close())
}
