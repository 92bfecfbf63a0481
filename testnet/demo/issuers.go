package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/offchain/commission"
	"github.com/urna-vote/urna/offchain/gateway/roster"
	"github.com/urna-vote/urna/offchain/slip"
)

// gateway is one issuer's: its home, and the processes that serve it. The
// second address is a replica's, over the same database.
type gateway struct {
	name, home string
	operator   [32]byte
	listen     []string
	urls       []string
	processes  []*process
}

// newGateway makes an issuer's home.
func newGateway(ctx context.Context, d *demo, i int) (*gateway, error) {
	name := fmt.Sprintf("issuer-%d", i+1)
	g := &gateway{name: name, home: d.path("issuers", name)}
	for range 2 {
		address, err := freeAddress()
		if err != nil {
			return nil, err
		}
		g.listen = append(g.listen, address)
	}
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

// startIssuers makes roll, slips and codes, each issuer's keys, and runs the
// gateways: one for each issuer, and a replica for the one that will be stopped.
func (d *demo) startIssuers(ctx context.Context) error {
	if err := d.enrol(ctx); err != nil {
		return err
	}
	progress := d.progress("issuers ready", len(d.gateways))
	defer progress.Done()
	group, each := errgroup.WithContext(ctx)
	// Making RSA keys takes all cores by itself.
	group.SetLimit(2)
	for _, g := range d.gateways {
		group.Go(func() error {
			for _, args := range [][]string{
				{"keys", "make", "--election", d.election()},
				{"keys", "publish", "--election", d.election()},
				{"codes", "import", d.path("roster", g.name)},
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
		if i == 1 {
			replicas = 2
		}
		for r := range replicas {
			if err := d.serve(ctx, g, r); err != nil {
				return err
			}
		}
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
	for deadline := time.Now().Add(30 * time.Second); ; {
		answer, err := http.Get(url + "/v1/health")
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-p.done:
			text, _ := os.ReadFile(p.log)
			return fmt.Errorf("%s ended: %w\n%s", name, errors.Join(err), tail(text, 1000))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not answer at %s", name, url)
		}
	}
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
