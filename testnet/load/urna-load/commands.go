package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/testnet/load"
	"github.com/urna-vote/urna/testnet/manifest"
	"github.com/urna-vote/urna/testnet/stage"
)

// Where open keeps things in its folder, and the other commands look for them.
func networkDir(dir string) string { return filepath.Join(dir, "network") }
func secretsFile(dir string) string {
	return filepath.Join(dir, "election", "secrets.json")
}

func newOpenCommand() *cobra.Command {
	var bin, dir string
	var validators, voters, options, issuers int
	cmd := &cobra.Command{
		Use: "open", Short: "Run a network with an open election until it is told to stop", Args: cobra.NoArgs,
		Long: `Run a network of validators on this machine and bring an election with one
contest to the phase of voting. The close is moved on until the program stops.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := stage.Start(cmd.Context(), stage.Spec{Bin: bin, Dir: dir, Validators: validators, Out: cmd.OutOrStdout()})
			if err != nil {
				return err
			}
			_, err = n.Open(cmd.Context(), stage.Plan{Dir: filepath.Join(dir, "election"), Voters: voters, Options: options, Panel: issuers})
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "open at %v; stop with an interrupt\n", n.URLs())
				<-cmd.Context().Done()
			}
			return errors.Join(err, n.Stop())
		},
	}
	cmd.Flags().StringVar(&bin, "bin", "build", "folder of the built programs")
	folder(cmd, &dir)
	cmd.Flags().IntVar(&validators, "validators", 1, "number of validators")
	cmd.Flags().IntVar(&voters, "voters", 1000, "entries of the roll")
	cmd.Flags().IntVar(&options, "options", 10, "options of the contest, of which one is marked")
	cmd.Flags().IntVar(&issuers, "issuers", 1, "issuers that sign each token")
	return cmd
}

func folder(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "dir", "build/load", "folder of the trial, as open made it")
}

// trial is the network of a folder as a client finds it.
func trial(dir string) (*client.Client, []string, error) {
	network, err := manifest.Load(networkDir(dir))
	if err != nil {
		return nil, nil, err
	}
	text, err := os.ReadFile(filepath.Join(networkDir(dir), "genesis.json"))
	if err != nil {
		return nil, nil, err
	}
	trust, err := chain.ParseTrust(text)
	if err != nil {
		return nil, nil, err
	}
	var urls []string
	for _, n := range network.Nodes {
		urls = append(urls, n.APIURL())
	}
	c, err := client.New(client.Config{Nodes: urls[:1], Trust: trust, Rounds: 1, Poll: 50 * time.Millisecond})
	return c, urls, err
}

func newMakeCommand() *cobra.Command {
	var dir string
	var count int
	cmd := &cobra.Command{
		Use: "make FILE", Short: "Make ballots into a file, or continue one", Args: cobra.ExactArgs(1),
		Long: `Make issuances and ballots of an open election into a file, on all cores. The file
can be kept for the same chain; stopped and called again, the command goes on.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, _, err := trial(dir)
			if err != nil {
				return err
			}
			defer c.Close()
			secrets, err := load.LoadSecrets(secretsFile(dir))
			if err != nil {
				return err
			}
			maker, err := load.NewMaker(cmd.Context(), c, secrets, nil)
			if err != nil {
				return err
			}
			progress := terminal.NewProgress(cmd.ErrOrStderr(), "ballots made", int64(count))
			if _, err := maker.Make(cmd.Context(), args[0], count, progress); err != nil {
				return err
			}
			progress.Done()
			return nil
		},
	}
	folder(cmd, &dir)
	cmd.Flags().IntVar(&count, "count", 1000, "voters in the file")
	return cmd
}

// playing holds the flags of play.
type playing struct {
	dir               string
	issuances         bool
	rate, peak, trace float64
	length            time.Duration
	from, to          int
	outstanding       int
	sample            int
	source            string
}

func newPlayCommand() *cobra.Command {
	var p playing
	cmd := &cobra.Command{
		Use: "play FILE", Short: "Hand ballots in and measure what becomes of each", Args: cobra.ExactArgs(1),
		Long: `Hand in the issuances or ballots of a file: at a constant rate, along the curve of
March 2024 at a multiple, at that curve's peak, or as fast as the network takes
them. It prints the report as JSON, and fails if anything is lost or doubled.`,
		RunE: func(cmd *cobra.Command, args []string) error { return p.run(cmd, args[0]) },
	}
	folder(cmd, &p.dir)
	f := cmd.Flags()
	f.BoolVar(&p.issuances, "issuances", false, "play issuances instead of ballots")
	f.Float64Var(&p.rate, "rate", 0, "constant rate a second")
	f.Float64Var(&p.peak, "peak", 0, "multiple of the peak of March 2024, 160 a second")
	f.Float64Var(&p.trace, "trace", 0, "multiple of the whole curve of March 2024")
	f.DurationVar(&p.length, "for", time.Minute, "length of a play, but for a whole curve")
	f.IntVar(&p.from, "from", 0, "first voter")
	f.IntVar(&p.to, "to", 0, "voter to stop before; 0 for all")
	f.IntVar(&p.outstanding, "outstanding", 0, "most that may be in no block yet, as fast as possible; 0 for the default")
	f.IntVar(&p.sample, "sample", 200, "receipts fetched and verified whole")
	f.StringVar(&p.source, "source", "", "local address to dial from")
	cmd.MarkFlagsMutuallyExclusive("rate", "peak", "trace")
	return cmd
}

func (p *playing) schedule() (load.Schedule, error) {
	switch {
	case p.rate > 0:
		return load.Constant(p.rate, p.length), nil
	case p.peak > 0:
		return load.Peak(p.peak, p.length)
	case p.trace > 0:
		return load.Trace(p.trace)
	}
	return nil, nil
}

func (p *playing) run(cmd *cobra.Command, path string) error {
	ctx := cmd.Context()
	c, urls, err := trial(p.dir)
	if err != nil {
		return err
	}
	defer c.Close()
	file, err := load.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if chain := c.Trust().ChainID(); file.Header.ChainID != chain {
		return fmt.Errorf("%s: %w: it is for chain %s, the network is %s", path, load.ErrOtherElection, file.Header.ChainID, chain)
	}
	schedule, err := p.schedule()
	if err != nil {
		return err
	}
	play := load.Play{
		Meter: load.NewMeter(c, false), Nodes: urls, List: &file.Ballots, From: p.from, To: p.to, Schedule: schedule, Length: p.length,
		Outstanding: p.outstanding, Source: p.source, Sample: p.sample,
	}
	if p.issuances {
		play.List = &file.Issuances
	}
	if p.to == 0 {
		play.To = play.List.Len()
	}
	ended := make(chan error, 1)
	go func() { ended <- play.Meter.Follow(ctx) }()
	status, err := c.Status(ctx)
	if err == nil {
		err = play.Meter.WaitHeight(ctx, status.Height)
	}
	if err != nil {
		return err
	}
	progress := terminal.NewProgress(cmd.ErrOrStderr(), "in blocks", int64(play.To-play.From))
	play.Tell = func(_, in int) { progress.Set(int64(in), int64(play.To-play.From)) }
	report, err := play.Run(ctx)
	if err != nil {
		return errors.Join(err, first(ended))
	}
	progress.Done()
	return show(cmd.OutOrStdout(), report)
}

// first error if there is one by now.
func first(ended <-chan error) error {
	select {
	case err := <-ended:
		return err
	default:
		return nil
	}
}

func show(w io.Writer, r load.Report) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "%s\n", text); err != nil {
		return err
	}
	if r.Lost > 0 || r.Doubled > 0 {
		return fmt.Errorf("%d are lost, %d doubled", r.Lost, r.Doubled)
	}
	return nil
}
