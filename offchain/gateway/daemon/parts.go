package daemon

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/gateway/chainview"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/keyfile"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// Connect makes a client of the nodes that believes only what the genesis'
// validators signed.
func Connect(cfg config.Config) (*client.Client, *chain.Trust, error) {
	text, err := os.ReadFile(cfg.Genesis)
	if err != nil {
		return nil, nil, fmt.Errorf("read genesis: %w", err)
	}
	trust, err := chain.ParseTrust(text)
	if err != nil {
		return nil, nil, fmt.Errorf("genesis %s: %w", cfg.Genesis, err)
	}
	c, err := client.New(client.Config{Nodes: cfg.Nodes, Trust: trust})
	if err != nil {
		return nil, nil, err
	}
	return c, trust, nil
}

// several lets the view ask each node by itself, after the client of all.
func several(cfg config.Config, trust *chain.Trust, all *client.Client) (chainview.Several, error) {
	s := chainview.Several{Node: all}
	if len(cfg.Nodes) < 2 {
		return s, nil
	}
	for _, address := range cfg.Nodes[1:] {
		c, err := client.New(client.Config{Nodes: []string{address}, Trust: trust, Rounds: 1, Timeout: furtherTime})
		if err != nil {
			return s, err
		}
		s.Further = append(s.Further, c)
	}
	return s, nil
}

// furtherTime limits a request to a node that is asked besides.
const furtherTime = 3 * time.Second

// Operator loads the operator's key.
func Operator(cfg config.Config) (sign.PrivateKey, error) { return keyfile.Load(cfg.OperatorKey) }

// elections for which a ring holds keys.
func elections(ring *keyring.Ring) [][32]byte {
	var ids [][32]byte
	for _, slot := range ring.Slots() {
		ids = append(ids, slot.Election)
	}
	return slices.Compact(ids)
}

// issuerIndex finds the operator among the issuers of a definition.
func issuerIndex(def *electionv1.Definition, operator [32]byte) (uint32, error) {
	for i, issuer := range def.Issuers {
		if bytes.Equal(issuer.OperatorKey, operator[:]) {
			return uint32(i), nil
		}
	}
	return 0, fmt.Errorf("operator key %x is not of an issuer of this election", operator)
}

// slotsOf lists what an issuer needs keys for: every class, in each panel in
// which it sits.
func slotsOf(def *electionv1.Definition, election [32]byte, issuer uint32) []keyring.Slot {
	var slots []keyring.Slot
	for class := range uint32(len(def.Classes)) {
		for panel, p := range def.Panels {
			if slices.Contains(p.Issuers, issuer) {
				slots = append(slots, keyring.Slot{Election: election, Class: class, Panel: uint32(panel)})
			}
		}
	}
	return slots
}

// definition of an election, proven.
func definition(ctx context.Context, view definer, election [32]byte) (*electionv1.Definition, error) {
	def, err := view.Definition(ctx, election)
	if err != nil {
		return nil, fmt.Errorf("fetch election: %w", err)
	}
	return def, nil
}

type definer interface {
	Definition(ctx context.Context, election [32]byte) (*electionv1.Definition, error)
}
