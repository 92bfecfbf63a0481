// Command urna-profiled runs a node as urnad does and shows its profiles on a
// loopback address, for make profile. It is not part of a release: urnad itself
// has no such port.
//
//	PPROF_LISTEN=127.0.0.1:6060 urna-profiled start --home DIR
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/urna-vote/urna/node"
	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/home"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "urna-profiled:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("start", flag.ContinueOnError)
	dir := flags.String("home", "", "directory of the node")
	if len(args) < 1 || args[0] != "start" {
		return errors.New("usage: urna-profiled start --home DIR")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	stop, err := serve(os.Getenv("PPROF_LISTEN"))
	if err != nil {
		return err
	}
	defer stop()
	absolute, err := filepath.Abs(*dir)
	if err != nil {
		return err
	}
	at := home.Dir(absolute)
	cfg, err := config.Load(at.Config(), os.Environ(), nil)
	if err != nil {
		return err
	}
	node.TuneMemory()
	n, err := node.New(ctx, at, cfg, "profiled", node.NewLogger(cfg.Log, os.Stderr))
	if err != nil {
		return err
	}
	if err := n.Start(); err != nil {
		return errors.Join(err, n.Close())
	}
	return errors.Join(n.Wait(ctx), n.Close())
}

// serve shows the profiles, on loopback only.
func serve(address string) (stop func(), err error) {
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("PPROF_LISTEN is %q: give a loopback address and a port", address)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("show profiles: %w", err)
	}
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(l) }() // it ends with the process
	return func() { _ = server.Close() }, nil
}
