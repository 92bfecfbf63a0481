package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/urna-vote/urna/app/genesis"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/keyfile"
	"github.com/urna-vote/urna/testnet/manifest"
	"github.com/urna-vote/urna/testnet/runner"
)

// startNetwork makes the commission's keys, writes the network whose genesis
// names them, and runs it.
func (d *demo) startNetwork(ctx context.Context) error {
	commission := &genesis.Commission{Quorum: quorum}
	if err := os.MkdirAll(d.path("commission"), 0o700); err != nil {
		return err
	}
	for i := range members {
		path := d.path("commission", fmt.Sprintf("member-%d.json", i+1))
		key, err := keyfile.Create(path, rand.Reader)
		if err != nil {
			return err
		}
		d.memberKeys = append(d.memberKeys, path)
		commission.Members = append(commission.Members, genesis.Member{Name: fmt.Sprintf("member-%d", i+1), Role: "member", Key: genesis.Key(key.Public())})
	}
	plan := manifest.Default(time.Now())
	plan.Prefix, plan.Validators, plan.Observers, plan.Commission = "urna-demo", validators, observers, commission
	binary, err := filepath.Abs(filepath.Join(d.options.bin, "urnad"))
	if err != nil {
		return err
	}
	d.network, err = runner.Start(ctx, runner.Spec{Binary: binary, Dir: d.path("network"), Manifest: plan, Detach: d.options.keep})
	if err != nil {
		return err
	}
	text, err := os.ReadFile(d.network.Genesis())
	if err != nil {
		return err
	}
	if d.trust, err = chain.ParseTrust(text); err != nil {
		return err
	}
	d.chainID = d.trust.ChainID()
	for i, url := range d.network.URLs() {
		fmt.Fprintf(d.out, "        %s %s\n", d.network.Node(i).Name, url)
	}
	return nil
}

// decide carries an act through the commission: the first member proposes,
// others approve until the quorum is reached.
func (d *demo) decide(ctx context.Context, act ...string) error {
	args := append([]string{"commission"}, act...)
	args = append(args, "--key", d.memberKeys[0], "--json")
	out, err := d.run(ctx, "urna", append(args, d.where(0)...)...)
	if err != nil {
		return err
	}
	id, err := proposalID(out)
	if err != nil {
		return err
	}
	for i := 1; i < quorum; i++ {
		args := append([]string{"commission", "approve", id, "--yes", "--key", d.memberKeys[i], "--json"}, d.where(i)...)
		if _, err := d.run(ctx, "urna", args...); err != nil {
			return err
		}
	}
	return nil
}

func proposalID(out []byte) (string, error) {
	var p struct {
		ID string `json:"id"`
	}
	if err := decodeJSON(out, &p); err != nil {
		return "", fmt.Errorf("read proposal: %w", err)
	}
	if raw, err := hex.DecodeString(p.ID); err != nil || len(raw) != 32 {
		return "", fmt.Errorf("urna printed no proposal: %s", tail(out, 300))
	}
	return p.ID, nil
}
