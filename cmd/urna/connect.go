package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/terminal"
)

// connection holds the flags of every command that talks to nodes.
type connection struct {
	nodes   []string
	genesis string
}

func (c *connection) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&c.nodes, "node", nil, "public address of a node, like http://127.0.0.1:26680; may be given several times")
	_ = cmd.MarkFlagRequired("node") // the flag exists
	genesisFlag(cmd, &c.genesis)
}

func genesisFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "genesis", "", "genesis file of the chain: what it says is all that is trusted")
	_ = cmd.MarkFlagRequired("genesis") // the flag exists
}

// readTrust reads the file of --genesis.
func readTrust(file string) (*chain.Trust, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read --genesis: %w", err)
	}
	trust, err := chain.ParseTrust(text)
	if err != nil {
		return nil, fmt.Errorf("--genesis %s: %w", file, err)
	}
	return trust, nil
}

// open makes a client that believes only what the genesis' validators signed.
func (c *connection) open() (*client.Client, error) {
	trust, err := readTrust(c.genesis)
	if err != nil {
		return nil, err
	}
	if len(c.nodes) == 0 {
		return nil, terminal.Usage("--node: give at least one node")
	}
	out, err := client.New(client.Config{Nodes: c.nodes, Trust: trust})
	if err != nil {
		return nil, terminal.Usage("--node: %w", err)
	}
	return out, nil
}
