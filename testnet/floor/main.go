package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	urnanode "github.com/urna-vote/urna/node"
	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/home"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "urna-floor:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, log io.Writer) error {
	root := &cobra.Command{
		Use: "urna-floor", Short: "Run a node whose application accepts everything", SilenceErrors: true, SilenceUsage: true,
	}
	var dir string
	var feed int
	start := &cobra.Command{
		Use: "start", Short: "Run a node until it is told to stop", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flags := map[string]string{}
			for _, key := range config.Keys() {
				if f := cmd.Flags().Lookup(key[0]); f.Changed {
					flags[key[0]] = f.Value.String()
				}
			}
			absolute, err := filepath.Abs(dir)
			if err != nil {
				return fmt.Errorf("find %s: %w", dir, err)
			}
			return serve(cmd.Context(), home.Dir(absolute), flags, feed, log)
		},
	}
	start.Flags().StringVar(&dir, "home", "", "directory of the node")
	start.Flags().IntVar(&feed, "feed", 0, "make transactions of so many bytes and keep the pool filled; 0 makes none")
	for _, key := range config.Keys() {
		start.Flags().String(key[0], "", key[1])
	}
	root.AddCommand(start)
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

func serve(ctx context.Context, dir home.Dir, flags map[string]string, feed int, log io.Writer) error {
	cfg, err := config.Load(dir.Config(), os.Environ(), flags)
	if err != nil {
		return err
	}
	if feed != 0 && feed < 32 || feed > config.MaxTxBytes {
		return fmt.Errorf("--feed %d: want 32 to %d bytes", feed, config.MaxTxBytes)
	}
	urnanode.TuneMemory()
	n, err := open(ctx, dir, cfg, urnanode.NewLogger(cfg.Log, log))
	if err != nil {
		return err
	}
	if feed != 0 {
		go n.feed(ctx, feed)
	}
	return errors.Join(n.wait(ctx), n.close())
}

// waitingBytes that feed keeps: two full blocks.
const waitingBytes = 2 * config.MaxBlockBytes

// feed keeps the pool filled with random transactions.
func (n *node) feed(ctx context.Context, size int) {
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(rand.Uint32())
	}
	source := rand.NewChaCha8(seed)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		for n.pool.size()*size < waitingBytes {
			raw := make([]byte, size)
			_, _ = source.Read(raw) // never fails
			n.pool.add(sha256.Sum256(raw), raw, true)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
