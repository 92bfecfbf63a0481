package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/testnet/electorate"
	"github.com/urna-vote/urna/testnet/runner"
)

// demo is one run: what is set up stage by stage.
type demo struct {
	options options
	out     io.Writer
	summary *Summary
	begun   time.Time

	electorate *electorate.Electorate
	network    *runner.Network
	trust      *chain.Trust
	chainID    string

	// Where voters log in: everybody's person, who they log in at, and the
	// organisation that takes applications.
	citizens  []citizen
	services  services
	registrar *gateway
	cabinet   *issuer.Gateway

	memberKeys  []string // key files
	trusteeHome []string
	gateways    []*gateway

	electionID [32]byte
	definition *electionv1.Definition

	voters    []*voter
	outsiders []*voter
	everybody *everybody
	// sample is what attempts that must be refused are made of.
	sample sample
}

func runDemo(ctx context.Context, o options) (err error) {
	d := &demo{options: o, out: os.Stdout, summary: newSummary(), begun: time.Now()}
	if err := d.prepare(); err != nil {
		return err
	}
	defer func() {
		if !o.keep || err != nil {
			err = errors.Join(err, d.stop())
		}
	}()
	stages := d.stages()
	for i, s := range stages {
		fmt.Fprintf(d.out, "[%2d/%d] %s\n", i+1, len(stages), s.title)
		if err := d.stage(ctx, s.name, s.title, s.run); err != nil {
			return errors.Join(err, d.summary.write(o.dir))
		}
	}
	if err := d.everybody.stop(); err != nil {
		return err
	}
	return d.report()
}

// stage is a part of the election.
type stage struct {
	name, title string
	run         func(context.Context) error
}

func (d *demo) stages() []stage {
	stages := []stage{{"network", "start validators and observer", d.startNetwork}}
	if d.byPortal() {
		stages = append(stages,
			stage{"portal", "start portal, SMS centre, mail and registrar", d.startPortal},
			stage{"applications", "take everybody's application", d.takeApplications})
	}
	return append(stages, []stage{
		{"election", "create the election", d.createElection},
		{"issuers", "make issuers' keys and start gateways", d.startIssuers},
		{"ceremony", "make and drill the election key", d.runCeremony},
		{"roll", "stage and approve the roll", d.publishRoll},
		{"tokens", "issue tokens", d.issueTokens},
		{"ballots", "cast ballots", d.castBallots},
		{"close", "wait for the close", d.awaitClose},
		{"count", "decrypt and approve the result", d.count},
		{"audit", "audit the observer's record", d.audit},
		{"receipts", "check every receipt offline", d.checkReceipts},
		{"keys", "destroy the issuers' keys", d.destroyKeys},
	}...)
}

// prepare makes the voters and an empty folder.
func (d *demo) prepare() error {
	e, err := electorate.Load(d.options.data, d.options.scale, d.options.seed)
	if err != nil {
		return err
	}
	d.electorate, d.summary.Voters = e, len(e.Voters)
	programs := []string{"urnad", "urna", "urna-gateway"}
	if d.byPortal() {
		d.citizens = people(e, d.options.seed)
		programs = append(programs, "urna-portal", "urna-smsc", "urna-mailbox")
	}
	for _, program := range programs {
		if _, err := os.Stat(filepath.Join(d.options.bin, program)); err != nil {
			return fmt.Errorf("%w: build the programs first (make demo does)", err)
		}
	}
	if err := d.clearDir(); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "%s: %d voters, %d ballot styles, %d contests\n", e.Title, len(e.Voters), len(e.Styles), len(e.Contests))
	return nil
}

// clearDir empties the folder of an earlier run and nothing else: a folder that
// holds anything but a run is refused.
func (d *demo) clearDir() error {
	marker := filepath.Join(d.options.dir, ".urna-demo")
	entries, err := os.ReadDir(d.options.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(marker); err != nil && len(entries) > 0 {
		return fmt.Errorf("%s holds something that is not a run of this program: name another folder with --dir", d.options.dir)
	}
	if n := stillRunning(d.path("pids")); n > 0 {
		return fmt.Errorf("%d processes of the run in %s are still at work: kill $(cat %s)", n, d.options.dir, d.path("pids"))
	}
	if err := os.RemoveAll(d.options.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(d.options.dir, "logs"), 0o755); err != nil {
		return err
	}
	return os.WriteFile(marker, []byte("a run of urna-demo; replaced by the next\n"), 0o644)
}

// stillRunning counts the processes of a network that was kept. A number may
// belong to another program by now: the kernel's name for it tells.
func stillRunning(list string) (n int) {
	text, err := os.ReadFile(list)
	if err != nil {
		return 0
	}
	for _, pid := range strings.Fields(string(text)) {
		if name, err := os.ReadFile(filepath.Join("/proc", pid, "comm")); err == nil && strings.HasPrefix(string(name), "urna") {
			n++
		}
	}
	return n
}

func (d *demo) path(parts ...string) string {
	return filepath.Join(append([]string{d.options.dir}, parts...)...)
}

// client talks to nodes in the given order of preference.
func (d *demo) client(first int) (*client.Client, error) {
	urls := d.network.URLs()
	n := len(urls)
	var nodes []string
	for i := range n {
		nodes = append(nodes, urls[(first+i)%n])
	}
	return client.New(client.Config{Nodes: nodes, Trust: d.trust})
}

// where are the flags by which urna finds the chain, the node first preferred.
func (d *demo) where(first int) []string {
	urls := d.network.URLs()
	args := []string{"--genesis", d.network.Genesis()}
	for i := range urls {
		args = append(args, "--node", urls[(first+i)%len(urls)])
	}
	return args
}

func (d *demo) progress(what string, total int) *terminal.Progress {
	return terminal.NewProgress(d.out, "        "+what, int64(total))
}

func (d *demo) stop() error {
	if d.everybody != nil {
		_ = d.everybody.stop() // its nodes are about to stop
	}
	for _, g := range d.gateways {
		g.stop()
	}
	if d.registrar != nil {
		d.registrar.stop()
	}
	d.services.stop()
	if d.network == nil {
		return nil
	}
	return d.network.Stop()
}
