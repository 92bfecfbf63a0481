package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/offchain/commission"
	"github.com/urna-vote/urna/offchain/gateway/roster"
	"github.com/urna-vote/urna/offchain/slip"
)

// gateway is one organisation's: its home, and the processes that serve it. The
// second address is a replica's, over the same database.
type gateway struct {
	name, home string
	operator   [32]byte
	listen     []string
	// public is where browsers find it: the load balancer's address where there
	// are replicas.
	public    string
	urls      []string
	processes []*process
}

// The issuer with two replicas.
const replicated = 1

// makeIssuers makes the issuers' homes.
func (d *demo) makeIssuers(ctx context.Context) error {
	for i := range issuers {
		name := fmt.Sprintf("issuer-%d", i+1)
		g, err := newGateway(ctx, d, name, d.path("issuers", name), i)
		if err != nil {
			return err
		}
		d.gateways = append(d.gateways, g)
	}
	return nil
}

// newGateway makes a gateway's home; its own node is the given one.
func newGateway(ctx context.Context, d *demo, name, home string, i int) (*gateway, error) {
	g := &gateway{name: name, home: home}
	for range 2 {
		address, err := freeAddress()
		if err != nil {
			return nil, err
		}
		g.listen = append(g.listen, address)
	}
	g.public = "http://" + g.listen[0]
	args := []string{"init", "--json", "--home", g.home, "--name", name, "--listen", g.listen[0], "--genesis", d.network.Genesis()}
	for j := range d.network.Len() {
		args = append(args, "--node", d.network.Node((i+j)%d.network.Len()).APIURL)
	}
	out, err := d.run(ctx, "urna-gateway", args...)
	if err != nil {
		return nil, err
	}
	var made struct {
		Public string `json:"public"`
	}
	if err := decodeJSON(out, &made); err != nil {
		return nil, err
	}
	g.operator, err = commission.Hex32("operator key", made.Public)
	return g, err
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (g *gateway) config() string { return g.home + "/gateway.toml" }

// startIssuers makes each issuer's keys, brings in who may ask it, and runs the
// gateways: one for each issuer, and a replica for the one that will be stopped.
func (d *demo) startIssuers(ctx context.Context) error {
	bringIn := d.enrol
	if d.byPortal() {
		bringIn = d.closeList
	}
	if err := bringIn(ctx); err != nil {
		return err
	}
	progress := d.progress("issuers ready", len(d.gateways))
	defer progress.Done()
	group, each := errgroup.WithContext(ctx)
	// Making RSA keys takes all cores by itself.
	group.SetLimit(2)
	for _, g := range d.gateways {
		group.Go(func() error {
			who := []string{"codes", "import", d.path("roster", g.name)}
			if d.byPortal() {
				who = []string{"people", "import", d.peopleFile(g)}
			}
			for _, args := range [][]string{
				{"keys", "make", "--election", d.election()},
				{"keys", "publish", "--election", d.election()},
				who,
			} {
				if _, err := d.run(each, "urna-gateway", append(args, "--config", g.config())...); err != nil {
					return fmt.Errorf("%s: %w", g.name, err)
				}
			}
			progress.Add(1)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, g := range d.gateways {
		replicas := 1
		if i == replicated {
			replicas = 2
		}
		for r := range replicas {
			if err := d.serve(ctx, g, r); err != nil {
				return err
			}
		}
	}
	if d.byPortal() {
		return d.fetchSlips(ctx)
	}
	return nil
}

// enrol hands every voter a slip and every issuer its list of codes.
func (d *demo) enrol(ctx context.Context) error {
	var lines strings.Builder
	lines.WriteString("voter,style\n")
	for i, v := range d.electorate.Voters {
		fmt.Fprintf(&lines, "voter-%06d,%s\n", i, d.electorate.Styles[v.Style].Name)
	}
	list := d.path("commission", "voters.csv")
	if err := os.WriteFile(list, []byte(lines.String()), 0o600); err != nil {
		return err
	}
	out := d.path("roster")
	args := []string{"codes", "make", "--voters", list, "--election", d.election(), "--out", out}
	if _, err := d.run(ctx, "urna-gateway", append(args, d.where(0)...)...); err != nil {
		return err
	}
	for i, v := range d.electorate.Voters {
		text, err := os.ReadFile(d.path("roster", roster.SlipDir, roster.SlipFile(fmt.Sprintf("voter-%06d", i))))
		if err != nil {
			return err
		}
		s, err := slip.Parse(text)
		if err != nil {
			return err
		}
		d.voters = append(d.voters, &voter{Voter: v, slip: s})
	}
	return nil
}

// serve starts a gateway's process and waits until it answers.
func (d *demo) serve(ctx context.Context, g *gateway, replica int) error {
	name := g.name
	if replica > 0 {
		name += "-replica"
	}
	p, err := d.startWith([]string{"URNA_GATEWAY_LISTEN=" + g.listen[replica]}, name, "urna-gateway", "serve", "--config", g.config())
	if err != nil {
		return err
	}
	g.processes = append(g.processes, p)
	url := "http://" + g.listen[replica]
	g.urls = append(g.urls, url)
	return p.awaitAlive(ctx, name, url+"/v1/health")
}

func (g *gateway) stop() {
	for _, p := range g.processes {
		p.stop(syscall.SIGTERM)
	}
}

// publishRoll has one member stage the roll, which the others approve.
func (d *demo) publishRoll(ctx context.Context) error {
	return d.decide(ctx, "stage-roll", d.path("roster", roster.RollFile), "--election", d.election())
}
