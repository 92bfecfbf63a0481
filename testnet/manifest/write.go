package manifest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urna-vote/urna/app/genesis"
	"github.com/urna-vote/urna/internal/wholefile"
	"github.com/urna-vote/urna/node/config"
	nodegenesis "github.com/urna-vote/urna/node/genesis"
	"github.com/urna-vote/urna/node/home"
	"github.com/urna-vote/urna/offchain/keyfile"
)

// Write makes the files of a network in a new directory. If ctx ends
// meanwhile, nothing remains.
func Write(ctx context.Context, dir string, m Manifest, rand io.Reader) (*Network, error) {
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("write network: %w", err)
	}
	var network *Network
	err := home.Build(ctx, dir, func(partial string) (err error) {
		network, err = fill(ctx, partial, m, rand)
		return err
	})
	return network, err
}

// portsPerNode: peers, API, metrics.
const portsPerNode = 3

func fill(ctx context.Context, dir string, m Manifest, rand io.Reader) (*Network, error) {
	network := &Network{}
	commission, err := m.commission(dir, network, rand)
	if err != nil {
		return nil, err
	}
	total := m.Validators + m.Observers
	addrs, err := addresses(m.BasePort, portsPerNode*total)
	if err != nil {
		return nil, err
	}
	keys := make([]*home.Keys, total)
	spec := nodegenesis.Spec{
		Prefix: m.Prefix, Time: m.GenesisTime, Rehearsal: m.Rehearsal, Rules: 1, Commission: commission, MaxBlockBytes: config.MaxBlockBytes,
	}
	for i := range total {
		n := Node{Name: fmt.Sprintf("validator%d", i), Mode: config.Validator, P2P: addrs[3*i], API: addrs[3*i+1]}
		if i >= m.Validators {
			n.Name, n.Mode = fmt.Sprintf("observer%d", i-m.Validators), config.Observer
		}
		if m.Metrics {
			n.Metrics = addrs[3*i+2]
		}
		n.Home = n.Name
		if keys[i], err = home.NewKeys(n.Mode, rand); err != nil {
			return nil, err
		}
		if key, ok := keys[i].ValidatorKey(); ok {
			spec.Validators = append(spec.Validators, nodegenesis.Validator{Name: n.Name, Key: key, Power: 10})
		}
		network.Nodes = append(network.Nodes, n)
	}
	raw, err := nodegenesis.Make(spec)
	if err != nil {
		return nil, err
	}
	g, err := nodegenesis.Parse(raw)
	if err != nil {
		return nil, err
	}
	network.ChainID = g.Doc.ChainID
	for i := range network.Nodes {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("write network: %w", err)
		}
		if err := home.Write(home.Dir(filepath.Join(dir, network.Nodes[i].Home)), m.config(network, keys, i), keys[i], raw); err != nil {
			return nil, err
		}
	}
	if err := wholefile.Replace(filepath.Join(dir, "genesis.json"), raw, 0o644); err != nil {
		return nil, err
	}
	list, err := json.MarshalIndent(network, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write network: %w", err)
	}
	return network, wholefile.Replace(filepath.Join(dir, "network.json"), append(list, '\n'), 0o644)
}

// config of a node: everybody dials every validator.
func (m Manifest) config(network *Network, keys []*home.Keys, i int) config.Config {
	n := network.Nodes[i]
	c := config.Default(n.Mode)
	c.Name, c.Log.Level = n.Name, m.LogLevel
	c.P2P.Listen, c.API.Listen, c.Metrics.Listen = n.P2P, n.API, n.Metrics
	c.P2P.Local = true
	// Tests and demonstrations wait for blocks step by step, also for empty ones.
	c.Consensus.TimeoutCommit, c.Consensus.IdlePause = m.TimeoutCommit, m.TimeoutCommit
	for j, other := range network.Nodes {
		if j != i && other.Mode == config.Validator {
			c.P2P.Peers = append(c.P2P.Peers, keys[j].PeerID()+"@"+other.P2P)
		}
	}
	return c
}

func (m Manifest) commission(dir string, network *Network, rand io.Reader) (genesis.Commission, error) {
	if m.Commission != nil {
		return *m.Commission, nil
	}
	if err := os.Mkdir(filepath.Join(dir, "commission"), 0o700); err != nil {
		return genesis.Commission{}, fmt.Errorf("write commission: %w", err)
	}
	c := genesis.Commission{Quorum: uint32(m.Quorum)}
	for i := range m.Members {
		name := fmt.Sprintf("member%d", i)
		file := filepath.Join("commission", name+".json")
		key, err := keyfile.Create(filepath.Join(dir, file), rand)
		if err != nil {
			return genesis.Commission{}, fmt.Errorf("write commission: %w", err)
		}
		role := "member"
		if i == 0 {
			role = "chair"
		}
		c.Members = append(c.Members, genesis.Member{Name: name, Role: role, Key: key.Public()})
		network.Commission = append(network.Commission, file)
	}
	return c, nil
}
