package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type options struct {
	bin, dir, data string
	login          string
	scale          float64
	seed           uint64
	keep           bool
}

// Ways in which voters show who they are.
const (
	byPortal = "portal"
	byCodes  = "codes"
)

func (d *demo) byPortal() bool { return d.options.login == byPortal }

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "build", "folder of the built programs")
	flag.StringVar(&o.dir, "dir", "build/demo", "folder of the trial network; replaced")
	flag.StringVar(&o.data, "data", "moscow", "moscow, minneapolis, or a .csv or .csv.gz of ballots")
	flag.Float64Var(&o.scale, "scale", 0, "part of the real voters, up to 1; 0: a size for a demonstration")
	flag.Uint64Var(&o.seed, "seed", 1, "seed of everything drawn")
	flag.StringVar(&o.login, "login", byPortal, "portal: voters apply, log in and get codes by SMS; codes: slips and access codes")
	flag.BoolVar(&o.keep, "keep", false, "leave the network running")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), "A whole election on a network of real processes.\n\n  urna-demo --data minneapolis --scale 0.05\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if o.login != byPortal && o.login != byCodes {
		fmt.Fprintf(os.Stderr, "urna-demo: --login %q: write portal or codes\n", o.login)
		os.Exit(2)
	}
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "urna-demo: %q is not expected; see --help\n", flag.Arg(0))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := runDemo(ctx, o); err != nil {
		if errors.Is(err, context.Canceled) {
			fmt.Fprintln(os.Stderr, "urna-demo: stopped")
			os.Exit(130)
		}
		fmt.Fprintln(os.Stderr, "urna-demo:", err)
		os.Exit(1)
	}
}

// stage runs one part of the election and notes how long it took.
func (d *demo) stage(ctx context.Context, name, title string, run func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	began := time.Now()
	if err := run(ctx); err != nil {
		return fmt.Errorf("%s: %w", title, err)
	}
	took := time.Since(began)
	d.summary.took(name, took)
	fmt.Fprintf(d.out, "        %.1f s\n", took.Seconds())
	return nil
}
