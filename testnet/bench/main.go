package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type options struct {
	bin, dir, out, docs string
	only, skip          []string
	sizes               []int
	// ballots of the network of four validators.
	four     int
	length   time.Duration
	floorFor time.Duration
	flood    float64
	sample   int
	tables   bool
	// scale and validators of the whole election of Moscow.
	scale            float64
	moscowValidators int
}

func main() {
	var o options
	var only, skip, sizes string
	flag.StringVar(&o.bin, "bin", "build", "folder of the built programs")
	flag.StringVar(&o.dir, "dir", "build/bench", "folder of the trial networks; each is removed when it was measured")
	flag.StringVar(&o.out, "out", "build/bench.json", "file of the figures; those of stages that do not run stay")
	flag.StringVar(&o.docs, "docs", "", "file whose tables are written from the figures at the end")
	flag.StringVar(&only, "only", "", "stages to run, with commas: "+strings.Join(stageNames(), ","))
	flag.StringVar(&skip, "skip", "", "stages not to run")
	flag.StringVar(&sizes, "sizes", "1000,10000,100000", "ballots of the networks of one validator")
	flag.IntVar(&o.four, "four", 100_000, "ballots of the network of four validators")
	flag.DurationVar(&o.length, "for", 60*time.Second, "length of a run as fast as possible and of one along the peak")
	flag.DurationVar(&o.floorFor, "floor-for", 10*time.Second, "length of each run of the floor")
	flag.Float64Var(&o.flood, "flood", 2000, "invalid ballots a second in the flood")
	flag.IntVar(&o.sample, "sample", 200, "receipts fetched and verified whole in each run")
	flag.BoolVar(&o.tables, "tables", false, "write the tables of --docs from the figures and measure nothing")
	flag.Float64Var(&o.scale, "scale", 1, "part of Moscow 2021 that votes in the stage moscow")
	flag.IntVar(&o.moscowValidators, "moscow-validators", 1, "validators of the stage moscow")
	flag.Parse()
	if err := o.read(only, skip, sizes); err != nil {
		fmt.Fprintln(os.Stderr, "urna-bench:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "urna-bench:", err)
		if errors.Is(err, context.Canceled) {
			os.Exit(130)
		}
		os.Exit(1)
	}
}

func (o *options) read(only, skip, sizes string) error {
	list := func(text string) []string {
		return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	}
	o.only, o.skip = list(only), list(skip)
	for _, name := range slices.Concat(o.only, o.skip) {
		if !slices.Contains(stageNames(), name) {
			return fmt.Errorf("no stage is called %q; there are %s", name, strings.Join(stageNames(), ", "))
		}
	}
	for _, text := range list(sizes) {
		n, err := strconv.Atoi(text)
		if err != nil || n < 10 {
			return fmt.Errorf("--sizes: %q is not a number from 10 on", text)
		}
		o.sizes = append(o.sizes, n)
	}
	slices.Sort(o.sizes)
	if len(o.sizes) == 0 || o.four < 1000 {
		return errors.New("--sizes needs a size, --four at least 1000 ballots")
	}
	return nil
}

// part of the bench.
type part struct {
	name, title string
	run         func(*bench, context.Context) error
	// asked: it runs only when --only names it.
	asked bool
}

func stages() []part {
	return []part{
		{"verify", "verify ballots in batches", (*bench).verify, false},
		{"voter", "what a voter's device does", (*bench).voter, false},
		{"one", "networks of one validator, by size", (*bench).one, false},
		{"four", "a network of four validators", (*bench).four, false},
		{"snapshot", "restore a snapshot", (*bench).snapshot, false},
		{"profile", "profiles of a validator and of verification", (*bench).profiles, true},
		{"moscow", "the election of Moscow 2021, all ballots", (*bench).moscow, true},
	}
}

func stageNames() (names []string) {
	for _, s := range stages() {
		names = append(names, s.name)
	}
	return names
}

func run(ctx context.Context, o options) error {
	results, err := openResults(o.out, published(o.docs))
	if err != nil {
		return err
	}
	if o.tables {
		return results.tables(o.docs)
	}
	b := &bench{options: o, results: results, out: os.Stdout}
	if err := b.begin(); err != nil {
		return err
	}
	var failed []string
	for _, s := range stages() {
		if slices.Contains(o.skip, s.name) || (len(o.only) > 0 || s.asked) && !slices.Contains(o.only, s.name) {
			continue
		}
		b.stage(ctx, s.name, s.title, func(ctx context.Context) error { return s.run(b, ctx) })
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), results.save())
		}
	}
	if failed = b.failed; len(failed) > 0 {
		err = fmt.Errorf("these stages failed: %s", strings.Join(failed, ", "))
	}
	results.set("failed_stages", append([]string{}, failed...))
	if o.docs != "" {
		err = errors.Join(err, results.tables(o.docs))
	}
	return errors.Join(err, results.save())
}
