package stage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/urna-vote/urna/app/genesis"
	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/keyfile"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/testnet/load"
	"github.com/urna-vote/urna/testnet/manifest"
	"github.com/urna-vote/urna/testnet/runner"
)

// Network is a running test network and its commission.
type Network struct {
	*runner.Network
	Trust *chain.Trust
	// Bin is the folder of the built programs.
	Bin string
	// Out is told of steps; nil for silence.
	Out     io.Writer
	members []sign.PrivateKey
}

// Spec of a network.
type Spec struct {
	Bin, Dir string
	// Program is the node's binary; urnad if empty.
	Program               string
	Validators, Observers int
	// Idle observers are written and not started.
	Idle int
	// Args are further arguments of every node.
	Args []string
	Out  io.Writer
}

// The commission of test networks.
const (
	members = 3
	quorum  = 2
)

// Start writes and runs a network with the settings that nodes have by
// themselves. One that is there already is run again.
func Start(ctx context.Context, spec Spec) (*Network, error) {
	n := &Network{Bin: spec.Bin, Out: spec.Out}
	if n.Out == nil {
		n.Out = io.Discard
	}
	commission, err := n.commission(filepath.Join(spec.Dir, "commission"))
	if err != nil {
		return nil, fmt.Errorf("start network: %w", err)
	}
	plan := manifest.Default(time.Now())
	plan.Prefix, plan.Validators, plan.Observers, plan.Commission = "urna-load", spec.Validators, spec.Observers+spec.Idle, commission
	plan.TimeoutCommit = config.DefaultConsensus().TimeoutCommit
	program := spec.Program
	if program == "" {
		program = "urnad"
	}
	binary, err := filepath.Abs(filepath.Join(spec.Bin, program))
	if err != nil {
		return nil, fmt.Errorf("start network: %w", err)
	}
	n.Network, err = runner.Start(ctx, runner.Spec{
		Binary: binary, Dir: filepath.Join(spec.Dir, "network"), Manifest: plan, Idle: spec.Idle, Args: spec.Args, Grace: 60 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(n.Genesis())
	if err == nil {
		n.Trust, err = chain.ParseTrust(text)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start network: %w", err), n.Stop())
	}
	return n, nil
}

// commission makes the members' keys, or reads them.
func (n *Network) commission(dir string) (*genesis.Commission, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	c := &genesis.Commission{Quorum: quorum}
	for i := range members {
		name := fmt.Sprintf("member-%d", i+1)
		path := filepath.Join(dir, name+".json")
		key, err := keyfile.Load(path)
		if errors.Is(err, os.ErrNotExist) {
			key, err = keyfile.Create(path, rand.Reader)
		}
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, key)
		c.Members = append(c.Members, genesis.Member{Name: name, Role: "member", Key: genesis.Key(key.Public())})
	}
	return c, nil
}

// Client talks to the running nodes, the given one preferred.
func (n *Network) Client(first int) (*client.Client, error) {
	return client.New(client.Config{Nodes: n.Running(first), Trust: n.Trust, Poll: 100 * time.Millisecond, Rounds: 6})
}

// Running are the addresses of nodes that run, from the given one on.
func (n *Network) Running(first int) (urls []string) {
	for i := range n.Len() {
		if node := n.Node((first + i) % n.Len()); node.PID() != 0 {
			urls = append(urls, node.APIURL)
		}
	}
	return urls
}

// Election is one on the network, with all that its voters, issuer and trustees
// hold.
type Election struct {
	network    *Network
	dir        string
	ID         [32]byte
	Definition *electionv1.Definition
	Secrets    *load.Secrets
	trustees   []string
	counting   []*counting
	keep       *keeper
}

// Plan of an election to open.
type Plan struct {
	// Dir for what its parties keep.
	Dir string
	// Voters of the roll.
	Voters int
	// Styles that voters take by turns, all with the same contests; 0 for as
	// many as make staging quick.
	Styles int
	// Options of the one contest, of which one is marked.
	Options int
	// CloseEvery is by how much the close is moved on, when half of it is left; a
	// minute and a half if 0. A decision must get through in that half, however
	// many ballots queue; the wait for the close at the end is at least as long.
	CloseEvery time.Duration
	// Panel is how many issuers sign each token; 1 if 0.
	Panel int
	// Define changes the definition before it is proposed; nil leaves it.
	Define func(*electionv1.Definition)
	// StyleOf a voter, if they do not take styles by turns.
	StyleOf func(voter int) uint32
}

// Open brings an election to the phase of voting. Its close is moved on until
// Close is called.
func (n *Network) Open(ctx context.Context, plan Plan) (*Election, error) {
	if plan.Panel == 0 {
		plan.Panel = 1
	}
	if plan.CloseEvery == 0 {
		plan.CloseEvery = 90 * time.Second
	}
	if plan.Styles == 0 {
		plan.Styles = min(max(plan.Voters/12_500, 1), 16)
	}
	if err := os.MkdirAll(plan.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("open election: %w", err)
	}
	e := &Election{network: n, dir: plan.Dir}
	steps := []struct {
		what string
		do   func(context.Context, Plan) error
	}{
		{"create the election", e.create},
		{"issuers' keys", e.register},
		{"key ceremony and roll", e.prepare},
		{"await the opening", func(ctx context.Context, _ Plan) error { return e.AwaitPhase(ctx, electionv1.Phase_PHASE_VOTING) }},
	}
	for _, s := range steps {
		begun := time.Now()
		if err := s.do(ctx, plan); err != nil {
			return nil, fmt.Errorf("open election: %s: %w", s.what, err)
		}
		fmt.Fprintf(n.Out, "        %s: %.1f s\n", s.what, time.Since(begun).Seconds())
	}
	e.Secrets.ChainID, e.Secrets.Election = n.ChainID, e.ID
	return e, e.Secrets.Save(e.SecretsFile())
}

// SecretsFile is where the secrets are kept.
func (e *Election) SecretsFile() string { return filepath.Join(e.dir, "secrets.json") }

func (e *Election) name() string { return hex.EncodeToString(e.ID[:]) }

// makeTokenKeys draws every member's key for every class.
func makeTokenKeys(panel, classes int) ([]load.IssuerKeys, error) {
	out := make([]load.IssuerKeys, panel)
	for i := range out {
		for range classes {
			key, err := blindtoken.GenerateKey(blindtoken.DefaultBits)
			if err != nil {
				return nil, err
			}
			out[i] = append(out[i], key)
		}
	}
	return out, nil
}
